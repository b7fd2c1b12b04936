import { formatListen, type ListenAddress } from "../units.ts";
import type { Draft } from "./draft.ts";
import type { Directive } from "./parser.ts";
import { blocks } from "./scope.ts";
import type { Node } from "./validate.ts";
import { parseNginxListen } from "./values.ts";

/**
 * Where the applications of all servers are in the configuration. A name that two servers have stands there once for each: the
 * second one's key is the name and its server's port.
 */
export function placeApplications(servers: readonly Node[]): ReadonlyMap<Directive, string> {
  const places = new Map<Directive, string>();
  const taken = new Set<string>();
  for (const server of servers) {
    const own = new Set<string>();
    for (const { directive } of blocks(server, "application")) {
      const name = directive.args[0] ?? "";
      // Twice in one server is a mistake, which is found where it is translated.
      const key = own.has(name) || !taken.has(name) ? name : freeKey(name, server, taken);
      own.add(name);
      taken.add(key);
      places.set(directive, key);
    }
  }
  return places;
}

function freeKey(name: string, server: Node, taken: ReadonlySet<string>): string {
  const [first] = listensOf(server);
  const key = `${name}@${first?.port ?? "none"}`;
  for (let count = 2; ; count++) {
    const other = count === 2 ? key : `${key}-${count - 1}`;
    if (!taken.has(other)) return other;
  }
}

/** Addresses that the server listens on, as far as they can be had. */
function listensOf(server: Node): readonly ListenAddress[] {
  return blocks(server, "listen").flatMap(({ directive: { args } }) => {
    const [text = ""] = args;
    return text.startsWith("unix:") || args.includes("proxy_protocol") ? [] : (parseNginxListen(text, 1935) ?? []);
  });
}

/** Where there are several servers: an application is reached by its own server's addresses only, under its name. */
export function translateServers(servers: readonly Node[], places: ReadonlyMap<Directive, string>, draft: Draft): void {
  if (servers.length < 2) return;
  const all = servers.flatMap(listensOf);
  const isDual = (port: number) => all.some((address) => address.host === "::" && address.port === port);
  const shared = ({ host, port }: ListenAddress) =>
    formatListen({ host: host === "0.0.0.0" && isDual(port) ? "::" : host, port });
  for (const server of servers) {
    const listen = [...new Set(listensOf(server).map(shared))];
    for (const { directive } of blocks(server, "application")) {
      const key = places.get(directive) ?? "";
      const path = ["applications", key, "rtmp"];
      if (key !== directive.args[0]) draft.set([...path, "name"], directive.args[0], directive);
      draft.set([...path, "listen"], listen, directive);
    }
  }
}
