import { formatDuration, formatListen, type ListenAddress } from "../units.ts";
import { DIRECTIVES } from "./directives.ts";
import type { Draft } from "./draft.ts";
import type { Report } from "./report.ts";
import { argument, blocks, inForce, type Scope } from "./scope.ts";
import { placeApplications, translateServers } from "./servers.ts";
import { translateAccess } from "./translate-access.ts";
import { translateDash } from "./translate-dash.ts";
import { type ExecSettings, translateExec, translateExecGlobals } from "./translate-exec.ts";
import { translateKeys } from "./translate-keys.ts";
import { translateLog } from "./translate-log.ts";
import { translateConnectNotify, translateNotify } from "./translate-notify.ts";
import { translateRecorders } from "./translate-record.ts";
import { translateRelays } from "./translate-relay.ts";
import { translateVod } from "./translate-vod.ts";
import type { Node } from "./validate.ts";
import { parseNginxListen, parseNginxTime } from "./values.ts";

/** nginx-rtmp's own defaults where they differ from naru's, in milliseconds. */
const FRAGMENT_MS = 5000;
const PLAYLIST_LENGTH_MS = 30_000;
/** A segment is cut by force at this many times its target. */
const MAX_FRAGMENTS = 10;
const LONGEST_FRAGMENT_MS = 3_600_000;
const PING_MS = 60_000;
const PING_TIMEOUT_MS = 30_000;

/** Directories that HLS and DASH are written to. */
export type HlsPaths = readonly string[];

/** Translates `rtmp { }`. */
export function translateRtmp(root: readonly Node[], draft: Draft, report: Report): HlsPaths {
  const rtmp = root.find((node) => node.directive.name === "rtmp");
  if (!rtmp) return [];
  draft.set(["applications"], {}, rtmp.directive, true);
  draft.set(["rtmp", "listen"], [], rtmp.directive, true);
  const servers = blocks(rtmp, "server");
  translateListens(servers, draft, report);
  const [first, ...others] = servers;
  if (first) translateServer([first, rtmp], draft);
  for (const other of others) noticeOtherSettings(other, [first ?? rtmp, rtmp], report);
  const places = placeApplications(servers);
  const exec = translateExecGlobals(root, rtmp, draft, report);
  const baseOf = ({ directive }: Node) => ["applications", places.get(directive) ?? ""];
  const hlsPaths: string[] = [];
  for (const server of servers) {
    for (const application of blocks(server, "application")) {
      hlsPaths.push(
        ...translateApplication(application, [application, server, rtmp], baseOf(application), exec, draft, report),
      );
    }
  }
  const scopes = servers.map((server) => [server, rtmp]);
  const basesOf = (server: Node) => blocks(server, "application").map(baseOf);
  translateServers(servers, places, draft);
  translateConnectNotify(scopes, basesOf, draft, report);
  return hlsPaths;
}

function translateListens(servers: readonly Node[], draft: Draft, report: Report): void {
  const taken = new Map<string, { readonly address: ListenAddress; readonly node: Node }>();
  for (const node of servers.flatMap((server) => blocks(server, "listen"))) {
    const [text = "", option = ""] = node.directive.args;
    const address = parseNginxListen(text, 1935);
    if (text.startsWith("unix:")) {
      report.unsupported(node.directive, "naru listens on addresses and ports only");
    } else if (!address) {
      report.mistake("nginx-wrong-arguments", node.directive, `no address: "${text}"`, "write: listen 1935;");
    } else if (!/^(|bind|ipv6only=(on|off)|so_keepalive=\S+|proxy_protocol)$/.test(option)) {
      const options = "bind, ipv6only=on|off, so_keepalive=..., proxy_protocol";
      report.mistake("nginx-wrong-arguments", node.directive, `unknown option "${option}"`, `one of ${options}`);
    } else if (option === "proxy_protocol") {
      report.unsupported(node.directive, "naru does not read the PROXY protocol: this address is left out");
    } else {
      const key = formatListen(address);
      const first = taken.get(key)?.node.directive;
      if (first) {
        const hint = `first at ${first.file}:${first.line}`;
        report.mistake("nginx-duplicate", node.directive, `${key} is listened on twice`, hint);
      } else {
        taken.set(key, { address, node });
      }
    }
  }
  putListens(["rtmp", "listen"], [...taken.values()], draft);
}

/** Sets a list of addresses; `1935` and `[::]:1935` become one socket that takes both, as two would be in each other's way. */
export function putListens(
  path: readonly ["rtmp" | "http" | "https", "listen"],
  listens: readonly { readonly address: ListenAddress; readonly node: Node }[],
  draft: Draft,
): void {
  const dual = (port: number): boolean => listens.some(({ address }) => address.host === "::" && address.port === port);
  const kept = listens.filter(({ address }) => address.host !== "0.0.0.0" || !dual(address.port));
  const [first] = kept;
  if (!first) return;
  draft.set(
    path,
    kept.map(({ address }) => toWritten(address)),
    first.node.directive,
    true,
  );
  for (const [index, { node }] of kept.entries()) draft.mark([...path, index], node.directive);
  for (const { address, node } of listens) draft.note(node.directive, `${path.join(".")}: ${formatListen(address)}`);
}

const toWritten = (address: ListenAddress): number | string =>
  address.host === "::" ? address.port : formatListen(address);

/** Settings that naru has once for all applications. */
function translateServer(scope: Scope, draft: Draft): void {
  for (const { name, outcome } of DIRECTIVES) {
    if (outcome.status !== "mapped" || !outcome.to.startsWith("rtmp.") || !outcome.apply) continue;
    const node = inForce(scope, name) ?? anywhereBelow(scope[0], name);
    if (node) outcome.apply(node.directive.args, (path, value) => draft.set(path, value, node.directive));
  }
  translateIdle(scope, draft);
}

/** Some are global although nginx lets them stand in an application. */
function anywhereBelow(server: Node | undefined, name: string): Node | undefined {
  const applications = server ? blocks(server, "application") : [];
  return applications.flatMap((application) => blocks(application, name))[0];
}

/** What nginx has once for each server, and naru once for all. */
function noticeOtherSettings(other: Node, first: Scope, report: Report): void {
  for (const { directive, spec } of other.children) {
    if (spec.outcome.status !== "mapped" || !spec.outcome.to.startsWith("rtmp.") || directive.name === "listen")
      continue;
    if (inForce(first, directive.name)?.directive.args.join(" ") === directive.args.join(" ")) continue;
    const message = `${directive.name} of the first server holds for all: naru has ${spec.outcome.to} once`;
    report.notice(directive, message, "give both servers the same");
  }
}

function translateIdle(scope: Scope, draft: Draft): void {
  const [server] = scope;
  const drop = inForce(scope, "drop_idle_publisher") ?? anywhereBelow(server, "drop_idle_publisher");
  const dropMs = parseNginxTime(drop?.directive.args[0] ?? "off") ?? 0;
  if (drop && dropMs > 0) draft.set(["rtmp", "mediaTimeout"], formatDuration(dropMs), drop.directive);
  const written = inForce(scope, "ping_timeout") ?? inForce(scope, "ping");
  const ping = parseNginxTime(argument(scope, "ping") ?? "") ?? PING_MS;
  if (!written || ping === 0) return;
  const timeout = parseNginxTime(argument(scope, "ping_timeout") ?? "") ?? PING_TIMEOUT_MS;
  draft.set(["rtmp", "idleTimeout"], formatDuration(ping + timeout), written.directive);
}

/** @returns the directories its HLS and DASH are written to */
function translateApplication(
  node: Node,
  scope: Scope,
  base: readonly string[],
  exec: ExecSettings,
  draft: Draft,
  report: Report,
): HlsPaths {
  const { directive } = node;
  if (draft.has(base)) {
    report.mistake("nginx-duplicate", directive, `a second application "${base[1]}"`, "naru has one of each name");
    return [];
  }
  draft.set(base, {}, directive);
  draft.set([...base, "live"], false, directive, true);
  const hls = inForce(scope, "hls");
  const path = argument(scope, "hls_path") ?? "";
  const enabled = hls?.directive.args[0] === "on" && path !== "";
  draft.set([...base, "hls", "enabled"], enabled, (hls ?? node).directive, hls === undefined);
  if (hls && enabled) setHlsDefaults([...base, "hls"], scope, hls, draft);
  for (const { name, outcome } of DIRECTIVES) {
    if (outcome.status !== "mapped" || !outcome.to.startsWith("applications.") || !outcome.apply) continue;
    const found = inForce(scope, name);
    if (!found || (name.startsWith("hls_") && !enabled)) continue;
    outcome.apply(found.directive.args, (key, value) => draft.set([...base, ...key], value, found.directive));
  }
  if (enabled) {
    translateVariants(node, base, draft);
    translateKeys(scope, base, draft);
  }
  translateRecorders(node, scope, base, draft, report);
  translateVod(scope, base, draft);
  translateRelays(node, scope, base, draft, report);
  translateNotify(scope, base, draft, report);
  translateAccess(scope, base, draft);
  translateExec(scope, base, exec, draft);
  translateLog(scope, base, draft, report);
  if (hls?.directive.args[0] === "on" && !enabled) {
    const where = `application "${directive.args[0]}"`;
    report.notice(hls.directive, `hls on without hls_path makes nothing in ${where}, as in nginx`, "add hls_path");
  }
  const dashPath = translateDash(scope, base, draft, report);
  if (argument(scope, "live") !== "on") return [];
  return [...(enabled ? [path] : []), ...(dashPath === undefined ? [] : [dashPath])];
}

/** They hold where they stand, and not in blocks below. */
function translateVariants(application: Node, base: readonly string[], draft: Draft): void {
  const written = blocks(application, "hls_variant");
  const [first] = written;
  if (!first) return;
  const path = [...base, "hls", "variants"];
  const variants = written.map(({ directive: { args } }) => ({ suffix: args[0] ?? "", attributes: args.slice(1) }));
  draft.set(path, variants, first.directive);
  for (const [index, { directive }] of written.entries()) {
    draft.mark([...path, index], directive);
    draft.note(directive, `${path.join(".")}: ${variants[index]?.suffix}`);
  }
}

/** What nginx-rtmp does when nothing is said; naru's own defaults are for fragments with low latency. */
function setHlsDefaults(base: readonly string[], scope: Scope, hls: Node, draft: Draft): void {
  const fragment = parseNginxTime(argument(scope, "hls_fragment") ?? "") ?? FRAGMENT_MS;
  const defaults = [
    ["format", "mpegts", "hls"],
    ["lowLatency", false, "hls"],
    ["segment", formatDuration(fragment), "hls_fragment"],
    [
      "maxSegment",
      formatDuration(Math.max(fragment, Math.min(fragment * MAX_FRAGMENTS, LONGEST_FRAGMENT_MS))),
      "hls_max_fragment",
    ],
    ["window", formatDuration(PLAYLIST_LENGTH_MS), "hls_playlist_length"],
  ] as const;
  for (const [key, value, written] of defaults) {
    draft.set([...base, key], value, hls.directive, written !== "hls" && inForce(scope, written) !== undefined);
  }
}
