import { networkInterfaces } from "node:os";
import type { ListenAddress } from "../config/units.ts";

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
export function formatOrigin(scheme: "rtmp" | "http", address: ListenAddress): string {
  const host = reachableHost(address.host);
  const own = scheme === "rtmp" ? 1935 : 80;
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}${address.port === own ? "" : `:${address.port}`}`;
}
