import { basename, dirname, extname } from "node:path";
import type { HookEvent } from "./event.ts";

/** What a command's arguments may name: the variables of nginx-rtmp's exec directives. */
export function hookVariables(event: HookEvent): Readonly<Record<string, string>> {
  const { client } = event;
  const isOfStream = "name" in event;
  return {
    // As encoders call it, which is not its key where several servers have one of the name.
    app: client?.app ?? (isOfStream ? event.app : ""),
    addr: client?.address ?? "",
    flashver: client?.flashVer ?? "",
    swfurl: client?.swfUrl ?? "",
    tcurl: client?.tcUrl ?? "",
    pageurl: client?.pageUrl ?? "",
    ...(isOfStream ? { name: event.name, args: event.args } : { args: client?.query ?? "" }),
    ...("file" in event ? fileVariables(event.recorder, event.file) : {}),
  };
}

function fileVariables(recorder: string, file: string): Readonly<Record<string, string>> {
  const filename = basename(file);
  return { recorder, path: file, filename, basename: basename(filename, extname(filename)), dirname: dirname(file) };
}
