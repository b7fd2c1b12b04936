import { maskRtmpUrl, parseRtmpUrl } from "../../protocols/rtmp/url.ts";
import { formatDuration } from "../units.ts";
import type { Draft } from "./draft.ts";
import type { Report } from "./report.ts";
import { argument, blocks, inForce, type Scope } from "./scope.ts";
import type { Node } from "./validate.ts";
import { parseNginxTime } from "./values.ts";

/** nginx-rtmp's own. */
const RECONNECT_MS = 3000;
/** naru's shortest. */
const LEAST_RECONNECT_MS = 100;
const RELAY_BUFFER_MS = 5000;

/** What the keys of push and pull are called here. nginx's `name` is the stream's name on this side. */
const TEXTS: Readonly<Record<string, string>> = {
  app: "app",
  name: "stream",
  playPath: "name",
  tcUrl: "tcUrl",
  pageUrl: "pageUrl",
  swfUrl: "swfUrl",
  flashVer: "flashVer",
};
const NUMBERS: readonly string[] = ["start", "stop"];

/** Translates the push and pull lines of an application. */
export function translateRelays(
  application: Node,
  scope: Scope,
  base: readonly string[],
  draft: Draft,
  report: Report,
): void {
  for (const direction of ["push", "pull"] as const) {
    const targets = blocks(application, direction).flatMap((node) => {
      const target = targetOf(node, direction, scope, report);
      return target ? [{ node, target }] : [];
    });
    const [first] = targets;
    if (!first) continue;
    const path = [...base, direction];
    draft.set(
      path,
      targets.map(({ target }) => target),
      first.node.directive,
      true,
    );
    for (const [index, { node, target }] of targets.entries()) {
      draft.mark([...path, index], node.directive);
      draft.note(node.directive, `${path.join(".")}: ${maskRtmpUrl(String(target.url))}`);
      for (const name of [`${direction}_reconnect`, direction === "push" ? "session_relay" : "relay_buffer"]) {
        const setting = inForce(scope, name);
        if (setting) draft.note(setting.directive, `${path.join(".")}: ${setting.directive.args[0]}`);
      }
    }
  }
}

function targetOf(
  { directive }: Node,
  direction: "push" | "pull",
  scope: Scope,
  report: Report,
): Record<string, unknown> | undefined {
  const [url = "", ...words] = directive.args;
  const wrong = (what: string, hint: string) => {
    report.mistake("nginx-wrong-arguments", directive, what, hint);
    return undefined;
  };
  if (!parseRtmpUrl(url)) return wrong(`no address of an RTMP server: "${maskRtmpUrl(url)}"`, "rtmp://host/app/name");
  const target: Record<string, unknown> = { url };
  for (const word of words) {
    const equals = word.indexOf("=");
    const key = equals < 0 ? word : word.slice(0, equals);
    // A key without a value is a flag.
    const value = equals < 0 ? "1" : word.slice(equals + 1);
    const text = TEXTS[key];
    if (text !== undefined) target[text] = value;
    else if (NUMBERS.includes(key)) {
      if (direction === "pull") target[key] = Number(value) || 0;
    } else if (key === "live") {
      if (direction === "pull") target.live = Number(value) !== 0;
    } else if (key === "static" && direction === "pull") target.always = Number(value) !== 0;
    else
      return wrong(
        `"${key}" is no key of ${direction}`,
        `one of ${[...Object.keys(TEXTS), ...NUMBERS, "live", "static"].join(", ")}`,
      );
  }
  if (target.always === true && target.stream === undefined)
    return wrong("a static pull needs the name of its stream", "add name=...");
  const reconnect = parseNginxTime(argument(scope, `${direction}_reconnect`) ?? "") ?? RECONNECT_MS;
  target.reconnect = formatDuration(Math.max(reconnect, LEAST_RECONNECT_MS));
  if (direction === "push" && argument(scope, "session_relay") === "on") target.untilUnpublish = true;
  if (direction === "pull") {
    const buffer = parseNginxTime(argument(scope, "relay_buffer") ?? "") ?? RELAY_BUFFER_MS;
    target.buffer = formatDuration(buffer);
  }
  return target;
}
