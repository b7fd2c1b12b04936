import { networkInterfaces } from "node:os";
import type { ListenAddress } from "../config/units.ts";
import type { ListenProtocol } from "../gateways/listen.ts";

const OWN_PORTS: Readonly<Record<ListenProtocol, number>> = { rtmp: 1935, rtmps: 443, http: 80, https: 443 };

/** The address to show to people for a socket that listens on `host`: this machine's own when it listens on all. */
export function reachableHost(host: string): string {
  if (host !== "::" && host !== "0.0.0.0") return host;
  for (const addresses of Object.values(networkInterfaces())) {
    for (const address of addresses ?? []) {
      if (!address.internal && address.family === "IPv4") return address.address;
    }
  }
  return "localhost";
}

/** `scheme://host[:port]`, with brackets around IPv6 and without the scheme's own port. */
export function formatOrigin(scheme: ListenProtocol, address: ListenAddress): string {
  const host = reachableHost(address.host);
  const port = address.port === OWN_PORTS[scheme] ? "" : `:${address.port}`;
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}${port}`;
}
