import type { Millis } from "../../media/time.ts";
import { type ListenAddress, parseListen } from "../units.ts";

/** In the order nginx demands: larger units first. Years and months it takes only where it counts in seconds. */
const TIME_UNITS: readonly (readonly [string, number])[] = [
  ["w", 7 * 86_400_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];
const TIME = new RegExp(`^${TIME_UNITS.map(([unit]) => `(?:(\\d{1,12})${unit})? ?`).join("")}(\\d{1,12})?$`);

/** Parses a time as `ngx_parse_time` does: `1m30s`, `500ms`; a bare number is seconds. Undefined when it is none. */
export function parseNginxTime(text: string): Millis | undefined {
  if (text === "" || text !== text.trim()) return undefined;
  const match = TIME.exec(text);
  if (!match) return undefined;
  let total = Number(match[TIME_UNITS.length + 1] ?? 0) * 1000;
  for (const [index, [, size]] of TIME_UNITS.entries()) total += Number(match[index + 1] ?? 0) * size;
  return total;
}

/** Parses a size: digits with `k` or `m`, and `g` where an offset is meant. Undefined when it is none. */
export function parseNginxSize(text: string, giga = false): number | undefined {
  const match = /^(\d{1,15})([kmg]?)$/i.exec(text);
  const unit = match?.[2]?.toLowerCase() ?? "";
  if (!match || (unit === "g" && !giga)) return undefined;
  return Number(match[1]) * ({ k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[unit] ?? 1);
}

/** Parses the address of a `listen` directive; a bare number is a port, a bare host takes `defaultPort`. */
export function parseNginxListen(text: string, defaultPort: number): ListenAddress | undefined {
  if (/^\d{1,5}$/.test(text)) return anyIpv4(parseListen(text));
  const withPort = /^(\[[^\]]+\]|[^:[\]]+):\d{1,5}$/.test(text) ? text : `${text}:${defaultPort}`;
  return anyIpv4(parseListen(withPort), withPort.startsWith("*:"));
}

/** Without a host nginx listens on IPv4 only. */
function anyIpv4(address: ListenAddress | undefined, star = true): ListenAddress | undefined {
  return address && star ? { host: "0.0.0.0", port: address.port } : address;
}
