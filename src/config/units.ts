import { z } from "zod";
import type { Millis } from "../media/time.ts";

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Parses `400ms`, `2s`, `1m30s`, or a bare number of seconds, as nginx does. Undefined when it is none of these. */
export function parseDuration(text: string): Millis | undefined {
  const trimmed = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1000;
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(trimmed)) return undefined;
  let total = 0;
  for (const [, value, , unit] of trimmed.matchAll(/(\d+(\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(value) * (DURATION_UNITS[unit as string] as number);
  }
  return total;
}

/** Formats milliseconds the way `parseDuration` reads them, in the largest unit that is exact. */
export function formatDuration(ms: Millis): string {
  for (const unit of ["h", "m", "s"]) {
    const size = DURATION_UNITS[unit] as number;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/** Parses `4096`, `512k`, `10M`, `1G` into bytes. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+)([kmg]?)b?$/i.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) * (SIZE_UNITS[(match[2] as string).toLowerCase()] as number);
}

/** A time: a number of seconds, or text such as `"400ms"`, `"2s"`, `"1m30s"`. Resolves to milliseconds. */
export const duration = () =>
  z.union([z.number().nonnegative(), z.string()]).transform((value, ctx): Millis => {
    const ms = typeof value === "number" ? value * 1000 : parseDuration(value);
    if (ms !== undefined) return ms;
    ctx.addIssue({ code: "custom", message: `expected a time such as "400ms", "2s" or "1m30s", got "${value}"` });
    return z.NEVER;
  });

/** A size in bytes: a number, or text such as `"512k"`, `"10M"`. Resolves to bytes. */
export const size = () =>
  z.union([z.number().int().nonnegative(), z.string()]).transform((value, ctx): number => {
    const bytes = typeof value === "number" ? value : parseSize(value);
    if (bytes !== undefined) return bytes;
    ctx.addIssue({ code: "custom", message: `expected a size such as 4096, "512k" or "10M", got "${value}"` });
    return z.NEVER;
  });

export type ListenAddress = { readonly host: string; readonly port: number };

/** Where to listen: a port, or `"host:port"`, `"[::1]:port"`. Without a host: every address. Port 0 takes a free one. */
export const listenAddress = () =>
  z.union([z.number(), z.string()]).transform((value, ctx): ListenAddress => {
    const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]+):)?(\d+)$/.exec(String(value).trim());
    const port = match ? Number(match[2]) : -1;
    if (match && port >= 0 && port <= 65535) {
      const host = match[1]?.replace(/^\[|\]$/g, "") ?? "::";
      return { host: host === "*" ? "::" : host, port };
    }
    ctx.addIssue({
      code: "custom",
      message: `expected a port such as 1935 or an address such as "127.0.0.1:1935", got "${value}"`,
    });
    return z.NEVER;
  });
