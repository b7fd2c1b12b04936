import { isAbsolute, join, normalize } from "node:path";
import { unknownVariable } from "../../gateways/http/variables.ts";
import { formatListen, type ListenAddress } from "../units.ts";
import type { Draft } from "./draft.ts";
import type { Report } from "./report.ts";
import { allInForce, blocks, inForce, type Scope } from "./scope.ts";
import { CONTENT_HANDLERS } from "./table/http.ts";
import { type Access, holdNothing, isRestricting, translateAccess } from "./translate-access-http.ts";
import { OWN_ANSWERS, type OwnAnswer, translateOwnAnswer } from "./translate-control.ts";
import { type FixedAnswer, forgetPreflights, translateReturn } from "./translate-return.ts";
import { putListens } from "./translate-rtmp.ts";
import {
  errorPagesOf,
  prefixOf,
  type Rewrite,
  type SiteSettings,
  siteSettings,
  translateRewrites,
  type Which,
  whichPaths,
} from "./translate-site.ts";
import type { Node } from "./validate.ts";
import { parseNginxListen, parseNginxTime } from "./values.ts";

/** Translates `http { }`: the server that serves the HLS directories becomes naru's own; others are left to nginx. */
export function translateHttp(root: readonly Node[], hlsPaths: readonly string[], draft: Draft, report: Report): void {
  const http = root.find((node) => node.directive.name === "http");
  const rtmp = root.find((node) => node.directive.name === "rtmp");
  const first = http ?? rtmp ?? root[0];
  if (first) {
    draft.set(["http", "listen"], [], first.directive, true);
    draft.set(["https", "listen"], [], first.directive, true);
  }
  if (!http) {
    if (first) report.notice(first.directive, "HTTP is off, as there is no http block", "turn it on by --http 8080");
    return;
  }
  const servers = blocks(http, "server");
  const serving = servers.find((server) => servesAny(server, http, hlsPaths));
  const chosen = servers.length === 1 ? servers[0] : (serving ?? servers.find(answersItself));
  for (const server of servers) {
    if (server === chosen) continue;
    const why = chosen
      ? "naru takes over the first server that serves an hls_path, or has rtmp_stat and the like"
      : "it serves no hls_path";
    report.unsupported(server.directive, `${why}; keep nginx for this one`);
    leaveOut(server.children, "inside a server that is left out", report);
  }
  if (!chosen) {
    const message = "HTTP is off, as no server block of http serves an hls_path";
    report.notice(http.directive, message, "turn it on by --http 8080");
    return;
  }
  forgetPreflights(http, report);
  translateListens([chosen, http], draft, report);
  const rewrites = translateRewrites(chosen, "http", draft, report);
  if (rewrites.length > 0) draft.set(["http", "rewrites"], rewrites, chosen.directive, true);
  translateLocations([chosen, http], hlsPaths, draft, report);
}

function leaveOut(nodes: readonly Node[], why: string, report: Report): void {
  for (const node of nodes) {
    report.ignored(node.directive, why);
    leaveOut(node.children, why, report);
  }
}

type Listen = { readonly address: ListenAddress; readonly node: Node };

function translateListens(scope: Scope, draft: Draft, report: Report): void {
  const [server] = scope as [Node];
  const listens = { http: new Map<string, Listen>(), https: new Map<string, Listen>() };
  const written = blocks(server, "listen");
  const tls = blocks(server, "ssl").some(({ directive }) => directive.args[0] === "on");
  for (const node of written) {
    const [text = "", ...options] = node.directive.args;
    const address = parseNginxListen(text, 80);
    if (text.startsWith("unix:")) {
      report.unsupported(node.directive, "naru listens on addresses and ports only");
    } else if (!address) {
      report.mistake("nginx-wrong-arguments", node.directive, `no address: "${text}"`, "write: listen 8080;");
    } else if (options.includes("quic")) {
      // The same address by UDP.
      draft.set(["https", "http3"], true, node.directive);
    } else if (options.includes("proxy_protocol")) {
      report.unsupported(node.directive, "naru does not read the PROXY protocol: this address is left out");
    } else if (listens.http.has(formatListen(address)) || listens.https.has(formatListen(address))) {
      report.mistake(
        "nginx-duplicate",
        node.directive,
        `${formatListen(address)} is listened on twice`,
        "once is enough",
      );
    } else {
      const protocol = tls || options.includes("ssl") ? "https" : "http";
      listens[protocol].set(formatListen(address), { address, node });
    }
  }
  // nginx listens on port 80 when nothing is said.
  if (written.length === 0) listens.http.set("80", { address: { host: "0.0.0.0", port: 80 }, node: server });
  putListens(["http", "listen"], [...listens.http.values()], draft);
  putListens(["https", "listen"], [...listens.https.values()], draft);
  if (listens.https.size === 0) return;
  if (!draft.has(["https", "http3"])) draft.set(["https", "http3"], false, server.directive, true);
  translateCertificate(scope, draft, report);
}

/** The last one counts where several stand, as naru shows one certificate. */
function translateCertificate(scope: Scope, draft: Draft, report: Report): void {
  for (const [name, setting] of [
    ["ssl_certificate", "certificate"],
    ["ssl_certificate_key", "key"],
  ] as const) {
    const found = allInForce(scope, name);
    for (const { directive } of found.slice(0, -1))
      report.unsupported(directive, "naru shows one certificate: the last");
    const last = found.at(-1)?.directive;
    const [file = ""] = last?.args ?? [];
    if (!last) continue;
    if (/\$|^(data|engine|store):/.test(file)) report.unsupported(last, "naru reads certificates from files");
    else draft.set(["tls", setting], file, last);
  }
}

type Location = OwnAnswer &
  Which &
  SiteSettings & {
    readonly internal?: true;
    readonly rewrites?: readonly Rewrite[];
    readonly access?: Access;
    readonly answer?: FixedAnswer;
    readonly root?: string;
    readonly alias?: string;
    readonly types?: Readonly<Record<string, string>>;
    readonly defaultType?: string;
    readonly headers?: readonly Header[];
    readonly alwaysHeaders?: readonly Header[];
  };
type Header = readonly [name: string, value: string];
const ADD_HEADER = "write: add_header name value [always];";
type Placed = { readonly location: Location; readonly by: Node };

function translateLocations(scope: Scope, hlsPaths: readonly string[], draft: Draft, report: Report): void {
  const placed: Placed[] = [];
  const left: Node[] = [];
  const visit = (around: Scope): void => {
    for (const node of blocks(around[0] as Node, "location")) {
      const location = translateLocation(node, [node, ...around], draft, report);
      if (location) placed.push({ location, by: node });
      else left.push(node);
      visit([node, ...around]);
    }
  };
  visit(scope);
  const atRoot = serverRoot(scope, placed, draft, report);
  const all = [...placed, ...(atRoot ? [atRoot] : [])];
  const ofFiles = all.filter(({ location }) => directoryOf(location) !== undefined);
  for (const node of left) {
    const path = prefixOf(node);
    if (path === undefined) holdNothing(node, report);
    // What guards a path that naru does not serve at all guards nothing.
    else if (!ofFiles.some(({ location }) => path.startsWith(location.path))) disarm(node, report);
  }
  const access = ownAccess(scope, all, hlsPaths, draft, report);
  if (all.length > 0) {
    const [first] = all;
    draft.set(
      ["http", "locations"],
      // What says nothing would follow what counts for naru's own paths.
      all.map(({ location }) => (access && !location.access ? { ...location, access: {} } : location)),
      (first as Placed).by.directive,
      true,
    );
    for (const [index, { by }] of all.entries()) {
      draft.mark(["http", "locations", index], by.directive);
      draft.note(by.directive, `http.locations[${index}]`);
    }
  }
  const ownPage = ofFiles.find(({ location }) => location.path === "/" && !location.exact && !location.pattern);
  if (ownPage) draft.set(["http", "pages"], false, ownPage.by.directive);
  else {
    const message = "naru also lists what is live at / and shows it at /APPLICATION/KEY";
    report.notice((scope[0] as Node).directive, message, "turn it off by NARU_HTTP_PAGES=false");
  }
}

/** naru serves streams at paths of its own, too: whoever is kept out of their directories is kept out there. */
function ownAccess(
  scope: Scope,
  all: readonly Placed[],
  hlsPaths: readonly string[],
  draft: Draft,
  report: Report,
): Access | undefined {
  const guarded = all.filter(({ location }) => {
    const directory = directoryOf(location);
    if (directory === undefined || !isRestricting(location.access) || !holdsAny(directory, hlsPaths)) return false;
    return location.pattern === undefined || matchesAnyStream(location, hlsPaths);
  });
  const [first, ...others] = guarded;
  const other = others.find(({ location }) => !Bun.deepEquals(location.access, first?.location.access));
  if (other) {
    const message =
      "naru also serves the streams at its own paths, where one set of rules can hold; another stands above";
    report.guard(other.by.directive, message);
  }
  const access = first?.location.access ?? translateAccess(scope, "/", draft, report);
  if (!access) return undefined;
  draft.set(["http", "access"], access, (first?.by ?? (scope[0] as Node)).directive, true);
  if (first) {
    const message = "the same rules hold for naru's own paths, as it serves the streams there, too";
    report.notice(first.by.directive, message, "see http.access");
  }
  return access;
}

function directoryOf({ alias, root, path }: Location): string | undefined {
  return alias?.replace(/\$.*/, "") ?? (root === undefined ? undefined : join(root, path));
}

function translateLocation(node: Node, scope: Scope, draft: Draft, report: Report): Location | undefined {
  const { directive, children } = node;
  const which = whichPaths(scope);
  if (typeof which === "string") {
    report.unsupported(directive, which);
    return undefined;
  }
  const path = which.pattern ?? which.path;
  const access = translateAccess(scope, path, draft, report);
  const rewrites = translateRewrites(node, `http.locations, ${path}`, draft, report);
  const [internal] = blocks(node, "internal");
  if (internal) draft.note(internal.directive, `http.locations, internal of ${path}`);
  const common = {
    ...which,
    ...(access && { access }),
    ...(rewrites.length > 0 && { rewrites }),
    ...(internal && { internal: true as const }),
  };
  const own = children.find((child) => OWN_ANSWERS.includes(child.directive.name));
  const answer = own && translateOwnAnswer(node, own, scope, path, draft, report);
  if (answer) return { ...common, ...answer, ...headerSettings(scope, path, draft, report) };

  const fixed = translateReturn(node, report);
  if (fixed) {
    const errorPages = errorPagesOf(scope, path, draft, report);
    const pages = errorPages.length > 0 && { errorPages };
    return { ...common, answer: fixed, ...pages, ...content(scope, path, draft, report) };
  }

  const handler = children.find((child) => CONTENT_HANDLERS.test(child.directive.name) && child !== own);
  const place = inForce([node], "alias") ?? inForce(scope, "root");
  const isAlias = place?.directive.name === "alias";
  const variable = unknownVariable(place?.directive.args[0] ?? "", isAlias ? which.pattern : "");
  const isVariable = isAlias && which.pattern ? variable : place?.directive.args[0]?.includes("$");
  if (!handler && place && !isVariable) {
    const directory = place.directive.args[0] ?? "";
    draft.note(place.directive, `http.locations, ${place.directive.name} of ${path}`);
    warnOfRelative(place, report);
    return {
      ...common,
      ...(isAlias ? { alias: directory } : { root: directory }),
      ...siteSettings(scope, path, draft, report),
      ...content(scope, path, draft, report),
    };
  }
  if (handler) {
    report.unsupported(directive, `left out: naru does not support "${handler.directive.name}" in it`);
  } else if (place) {
    report.unsupported(place.directive, "naru has no variables in directories");
    report.unsupported(directive, "left out, as its directory has a variable");
  } else if (!access && rewrites.length === 0 && !internal) {
    report.ignored(directive, "has neither root nor alias");
  }
  // What nginx would not give out as a file is none.
  if (which.pattern !== undefined && handler) return { ...common, access: access ?? {} };
  // Whatever else naru serves there is kept as closed.
  return isRestricting(access) || rewrites.length > 0 || internal ? common : undefined;
}

/** A root at the server serves every path that no location takes. */
function serverRoot(scope: Scope, placed: readonly Placed[], draft: Draft, report: Report): Placed | undefined {
  const root = inForce(scope, "root");
  const [server] = scope;
  if (!root || !server) return undefined;
  const all = placed.some(({ location }) => location.path === "/" && !location.exact && !location.pattern);
  const isLeftOut = (node: Node) => prefixOf(node) === "/" && !placed.some(({ by }) => by === node);
  if (all || blocks(server, "location").some(isLeftOut)) return undefined;
  const directory = root.directive.args[0] ?? "";
  if (directory.includes("$")) return undefined;
  draft.note(root.directive, "http.locations, root of /");
  warnOfRelative(root, report);
  const access = translateAccess(scope, "/", draft, report);
  const settings = { ...siteSettings(scope, "/", draft, report), ...content(scope, "/", draft, report) };
  const location = { path: "/", root: directory, ...(access && { access }), ...settings };
  return { location, by: root };
}

/** nginx looks for it below the prefix that it was built with. */
function warnOfRelative({ directive }: Node, report: Report): void {
  const [directory = ""] = directive.args;
  if (isAbsolute(directory)) return;
  const message = `"${directory}" is looked for in the directory that naru is started in`;
  report.notice(directive, message, "write the whole path");
}

function content(scope: Scope, path: string, draft: Draft, report: Report): Omit<Location, "path" | "root" | "alias"> {
  const types = typesOf(scope, path, draft);
  const fallback = inForce(scope, "default_type");
  if (fallback) draft.note(fallback.directive, `http.locations, defaultType of ${path}`);
  return {
    ...(types ? { types } : {}),
    ...(fallback ? { defaultType: fallback.directive.args[0] } : {}),
    ...headerSettings(scope, path, draft, report),
  };
}

function headerSettings(
  scope: Scope,
  path: string,
  draft: Draft,
  report: Report,
): Pick<Location, "headers" | "alwaysHeaders"> {
  const added = headersOf(scope, path, draft, report);
  const headers = [...added.headers, ...expiresOf(scope, path, draft, report)];
  return {
    ...(headers.length > 0 ? { headers } : {}),
    ...(added.always.length > 0 ? { alwaysHeaders: added.always } : {}),
  };
}

function typesOf(scope: Scope, path: string, draft: Draft): Record<string, string> | undefined {
  const found = allInForce(scope, "types");
  const lines = found.flatMap(({ directive }) => directive.block ?? []).filter((line) => line.name !== "include");
  for (const { directive } of found) draft.note(directive, `http.locations, types of ${path}`);
  // The list that nginx ships says what the built-in table says; nothing at all says that every file is of default_type.
  const shipped = found.some(({ directive }) => directive.block?.some((line) => line.name === "include"));
  if (found.length === 0 || (lines.length === 0 && shipped)) return undefined;
  if (lines.length > 0 && lines.every((line) => /(^|\/)mime\.types$/.test(line.file))) return undefined;
  return Object.fromEntries(
    lines.flatMap(({ name, args }) => args.map((extension) => [extension.toLowerCase(), name] as const)),
  );
}

function headersOf(
  scope: Scope,
  path: string,
  draft: Draft,
  report: Report,
): { readonly headers: readonly Header[]; readonly always: readonly Header[] } {
  const headers: Header[] = [];
  const always: Header[] = [];
  for (const { directive } of allInForce(scope, "add_header")) {
    const [name = "", written = "", mode] = directive.args;
    // Any site is let in by both, and `*` lets none of them send cookies along.
    const anySite = written === "$http_origin" && name.toLowerCase() === "access-control-allow-origin";
    const value = anySite ? "*" : written;
    if (value.includes("$")) {
      report.unsupported(directive, "naru has no variables in headers; write the value itself");
    } else if (mode !== undefined && mode !== "always") {
      report.mistake("nginx-wrong-arguments", directive, `"add_header" expected "always", got "${mode}"`, ADD_HEADER);
    } else if (value !== "") {
      (mode === "always" ? always : headers).push([name, value]);
      draft.note(directive, `http.locations, header of ${path}${mode === "always" ? " on every answer" : ""}`);
    }
  }
  return { headers, always };
}

function expiresOf(scope: Scope, path: string, draft: Draft, report: Report): (readonly [string, string])[] {
  const expires = inForce(scope, "expires");
  const [value = "off", more] = expires?.directive.args ?? [];
  if (!expires || value === "off") return [];
  const seconds = value === "max" ? 315_360_000_000 : parseNginxTime(value.replace(/^\+/, ""));
  if (more !== undefined || (seconds === undefined && value !== "epoch" && !value.startsWith("-"))) {
    report.unsupported(expires.directive, "write add_header Cache-Control");
    return [];
  }
  draft.note(expires.directive, `http.locations, Cache-Control of ${path}`);
  return [["Cache-Control", seconds === undefined ? "no-cache" : `max-age=${seconds / 1000}`]];
}

/** Guards of a location that is left out are only reported. */
function disarm(node: Node, report: Report): void {
  for (const child of node.children) {
    const { outcome } = child.spec;
    if (outcome.status === "unsupported" && outcome.guard) report.ignored(child.directive, "its location is left out");
    disarm(child, report);
  }
}

/** Whether a pattern is about playlists or segments of streams, and not about other files beside them. */
function matchesAnyStream({ pattern, ignoreCase, root }: Location, hlsPaths: readonly string[]): boolean {
  if (pattern === undefined || root === undefined) return true;
  const expression = new RegExp(pattern, ignoreCase ? "i" : "");
  const below = hlsPaths.map(clean).filter((path) => path.startsWith(`${clean(root)}/`));
  const names = ["key.m3u8", "key-0.ts", "key/index.m3u8", "key/0.ts"];
  return below.some((path) => names.some((name) => expression.test(`${path.slice(clean(root).length)}/${name}`)));
}

/** Whether something in it is for naru to answer. */
function answersItself(server: Node): boolean {
  return server.children.some((node) => OWN_ANSWERS.includes(node.directive.name) || answersItself(node));
}

/** Whether a directory that HLS is written to can be reached by a path of the server. */
function servesAny(server: Node, http: Node, hlsPaths: readonly string[]): boolean {
  const serves = (scope: Scope): boolean => {
    const [node] = scope as [Node];
    const place = inForce([node], "alias") ?? inForce(scope, "root");
    const which = node === server ? { path: "/" } : whichPaths(scope);
    if (place && typeof which !== "string") {
      const prefix = which.path;
      const directory = (place.directive.args[0] ?? "").replace(/\$.*/, "");
      const served = clean(place.directive.name === "alias" ? directory : join(directory, prefix));
      if (holdsAny(served, hlsPaths)) return true;
    }
    return blocks(node, "location").some((location) => serves([location, ...scope]));
  };
  return serves([server, http]);
}

/** Whether a directory is one of these, or has one below it. */
function holdsAny(directory: string, paths: readonly string[]): boolean {
  const served = clean(directory);
  return paths.some((path) => clean(path) === served || clean(path).startsWith(`${served}/`));
}

const clean = (path: string): string => normalize(`${path}/`).replace(/\/+$/, "");
