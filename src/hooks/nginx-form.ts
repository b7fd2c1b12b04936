import type { Client } from "../streams/client.ts";
import type { HookEvent } from "./event.ts";

/** So much of it nginx-rtmp keeps; callbacks compare it. */
const MAX_FLASH_VER = 31;

/** An event as nginx-rtmp's callbacks tell it: the same fields in the same order, escaped alike. */
export function formatNginxForm(event: HookEvent): string {
  return [...clientFields(event), ...eventFields(event)].filter((field) => field !== "").join("&");
}

function clientFields({ type, client }: HookEvent): string[] {
  const text = (key: keyof Client): string => escapeArgument(String(client?.[key] ?? ""));
  const fields = [
    `app=${text("app")}`,
    `flashver=${escapeArgument((client?.flashVer ?? "").slice(0, MAX_FLASH_VER))}`,
    `swfurl=${text("swfUrl")}`,
    `tcurl=${text("tcUrl")}`,
    `pageurl=${text("pageUrl")}`,
    `addr=${text("address")}`,
  ];
  return type === "connect" ? fields : [...fields, `clientid=${client?.id ?? 0}`];
}

function eventFields(event: HookEvent): string[] {
  switch (event.type) {
    case "connect":
      return [`epoch=${unsigned(event.client.connectedAt)}`, "call=connect", event.client.query ?? ""];
    case "disconnect":
      return ["call=disconnect", `app=${escapeArgument(event.client.app)}`, event.client.query ?? ""];
    case "publish":
      return ["call=publish", named(event), `type=${escapeArgument(event.publishType)}`, event.args];
    case "play": {
      const { start, duration, reset } = event;
      const range = `start=${unsigned(start)}&duration=${unsigned(duration)}&reset=${reset ? 1 : 0}`;
      return ["call=play", named(event), range, event.args];
    }
    case "publish_done":
    case "play_done":
    case "done":
      return [`call=${event.type}`, named(event), event.args];
    case "update_publish":
    case "update_play": {
      const times = `time=${Math.floor(event.seconds)}&timestamp=${unsigned(event.timestamp)}`;
      return [`call=${event.type}`, times, named(event), event.args];
    }
    case "record_started":
    case "record_done": {
      const recorder = `recorder=${escapeArgument(event.recorder)}`;
      return [`call=${event.type}`, recorder, named(event), `path=${escapeArgument(event.file)}`, event.args];
    }
  }
}

/** It goes on to call a stream what the client asked for. */
const named = ({ askedName }: { readonly askedName: string }): string => `name=${escapeArgument(askedName)}`;

const unsigned = (value: number): number => Math.trunc(value) >>> 0;

/** As nginx escapes arguments (NGX_ESCAPE_ARGS): fewer characters than a form would. */
function escapeArgument(text: string): string {
  return text.toWellFormed().replace(/[\x00-\x20"#%&+;<>?\\^`{|}\x7f-\u{10ffff}]+/gu, encodeURIComponent);
}
