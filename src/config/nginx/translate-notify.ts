import { formatDuration } from "../units.ts";
import type { Draft } from "./draft.ts";
import type { Report } from "./report.ts";
import { argument, blocks, inForce, type Scope } from "./scope.ts";
import type { Node } from "./validate.ts";
import { parseNginxTime } from "./values.ts";

/** Callbacks of an application, by the setting that they become. */
const STREAM_CALLBACKS: readonly (readonly [string, string])[] = [
  ["on_publish", "onPublish"],
  ["on_play", "onPlay"],
  ["on_publish_done", "onPublishDone"],
  ["on_play_done", "onPlayDone"],
  ["on_done", "onDone"],
  ["on_update", "onUpdate"],
];
const FILE_CALLBACKS: readonly (readonly [string, string])[] = [
  ["on_record_done", "onRecordDone"],
  ["on_record_started", "onRecordStarted"],
];
const CLIENT_CALLBACKS: readonly (readonly [string, string])[] = [
  ["on_connect", "onConnect"],
  ["on_disconnect", "onDisconnect"],
];
/** Limits of an answer's time. */
const LEAST_MS = 100;
const MOST_MS = 600_000;

/** What a webhook is made of, beside its address. */
type Manner = Readonly<Record<string, unknown>>;

/** Translates the callbacks of one application. @param scope of the application, and around it its server */
export function translateNotify(scope: Scope, base: readonly string[], draft: Draft, report: Report): void {
  const manner = mannerOf(scope, argument(scope, "notify_method"));
  const put = (name: string, key: string, node: Node | undefined, filter: Manner = {}): void => {
    const url = node && callbackUrl(node, report);
    if (!node || url === undefined) return;
    draft.append([...base, "hooks", key], { url, ...manner, ...filter }, node.directive);
    for (const option of ["notify_method", "notify_relay_redirect", "netcall_timeout"]) {
      const found = inForce(scope, option);
      if (found) draft.note(found.directive, `${[...base, "hooks", key].join(".")}: ${name}`);
    }
  };
  for (const [name, key] of STREAM_CALLBACKS) put(name, key, inForce(scope, name));
  const [application] = scope;
  const recorders = application ? blocks(application, "recorder") : [];
  for (const [name, key] of FILE_CALLBACKS) {
    const own = recorders.filter((recorder) => blocks(recorder, name).length > 0);
    if (own.length === 0) {
      put(name, key, inForce(scope, name));
      continue;
    }
    put(name, key, inForce(scope, name), { recorder: "" });
    for (const recorder of recorders) {
      put(name, key, inForce([recorder, ...scope], name), { recorder: recorder.directive.args[0] ?? "" });
    }
  }
}

/**
 * Translates what is called when clients connect and leave: for the whole server, or, where several servers do not call the
 * same, for the applications of each.
 * @param applications where the applications of a server are in the configuration
 */
export function translateConnectNotify(
  servers: readonly Scope[],
  applications: (server: Node) => readonly (readonly string[])[],
  draft: Draft,
  report: Report,
): void {
  for (const [name, key] of CLIENT_CALLBACKS) {
    const targets = servers.map((scope) => connectTarget(scope, name, report));
    const [first] = targets;
    if (targets.every((target) => JSON.stringify(target?.value) === JSON.stringify(first?.value))) {
      if (first) draft.append(["hooks", key], first.value, first.node.directive);
      continue;
    }
    for (const [index, target] of targets.entries()) {
      const [server] = servers[index] ?? [];
      if (!target || !server) continue;
      for (const base of applications(server))
        draft.append([...base, "hooks", key], target.value, target.node.directive);
    }
  }
}

function connectTarget(scope: Scope, name: string, report: Report) {
  const node = inForce(scope, name);
  const url = node && callbackUrl(node, report);
  if (!node || url === undefined) return undefined;
  return { node, value: { url, ...mannerOf(scope, methodOfServer(scope)) } };
}

/** In nginx-rtmp the method that an application sets is that of its server's calls, too. */
function methodOfServer(scope: Scope): string | undefined {
  const [server] = scope;
  const applications = server ? blocks(server, "application") : [];
  const written = applications.flatMap((application) => blocks(application, "notify_method")).at(-1);
  return written?.directive.args[0] ?? argument(scope, "notify_method");
}

function mannerOf(scope: Scope, method: string | undefined): Manner {
  const timeout = parseNginxTime(argument(scope, "netcall_timeout") ?? "");
  return {
    format: "form",
    ...(method === "get" ? { method } : {}),
    retries: 0,
    ...(timeout === undefined ? {} : { timeout: formatDuration(Math.min(Math.max(timeout, LEAST_MS), MOST_MS)) }),
    ...(argument(scope, "notify_relay_redirect")?.toLowerCase() === "on" ? { hashRedirects: true } : {}),
  };
}

/** An address without a scheme is one of HTTP. */
function callbackUrl({ directive }: Node, report: Report): string | undefined {
  const [text = ""] = directive.args;
  const url = /^https?:\/\//i.test(text) ? text : `http://${text}`;
  if (URL.canParse(url)) return url;
  report.mistake("nginx-wrong-arguments", directive, `no address: "${text}"`, "write: http://host:port/path");
  return undefined;
}
