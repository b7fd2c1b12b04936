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

/** Formats bytes the way `parseSize` reads them, in the largest unit that is exact. */
export function formatSize(bytes: number): string {
  for (const unit of ["g", "m", "k"]) {
    const factor = SIZE_UNITS[unit] as number;
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit.toUpperCase()}`;
  }
  return String(bytes);
}

/** Parses `800k`, `2.5M`, or a bare number, into bits per second. Thousands, as for all rates. */
export function parseBitrate(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([km]?)(?:bps|bit\/s)?$/i.exec(text.trim());
  if (!match) return undefined;
  return Math.round(
    Number(match[1]) * { "": 1, k: 1000, m: 1_000_000 }[(match[2] as string).toLowerCase() as "" | "k" | "m"],
  );
}

/** Formats bits per second the way `parseBitrate` reads them. */
export function formatBitrate(bits: number): string {
  if (bits >= 1_000_000 && bits % 100_000 === 0) return `${bits / 1_000_000}M`;
  return bits >= 1000 && bits % 100 === 0 ? `${bits / 1000}k` : String(bits);
}

/** How a value with a unit is written; documentation, environment and messages are made from it. */
export type Unit = "duration" | "size" | "bitrate" | "listen";

/** What a reader may write for each unit, as messages say it. */
export const UNIT_FORMS: Readonly<Record<Unit, string>> = {
  duration: 'a time such as "400ms", "2s" or "1m30s", or a number of seconds',
  size: 'a size such as 4096, "512k" or "10M"',
  bitrate: 'bits per second such as 800000, "800k" or "2.5M"',
  listen: 'a port such as 1935 or an address such as "127.0.0.1:1935"',
};

/** Longest time accepted: timers count milliseconds in 31 bits. */
const MAX_DURATION_MS = 0x7fff_ffff;

type Bounds = { readonly min?: number; readonly max?: number };

/**
 * A time: a number of seconds, or text such as `"400ms"`, `"2s"`, `"1m30s"`. Resolves to milliseconds.
 * @param bounds smallest and largest value, in milliseconds
 */
export const duration = ({ min = 0, max = MAX_DURATION_MS }: Bounds = {}) =>
  z
    .union([z.number(), z.string()], { error: expected("duration") })
    .transform((value, ctx): Millis => {
      const ms = typeof value === "number" ? value * 1000 : parseDuration(value);
      if (ms !== undefined && ms >= min && ms <= max) return ms;
      const limit = (ms ?? 0) < min ? `at least ${formatDuration(min)}` : `at most ${formatDuration(max)}`;
      const wanted = ms === undefined ? UNIT_FORMS.duration : limit;
      ctx.addIssue({ code: "custom", message: `expected ${wanted}, got ${shown(value)}` });
      return z.NEVER;
    })
    .meta({ unit: "duration" satisfies Unit });

/**
 * A size in bytes: a number, or text such as `"512k"`, `"10M"`. Resolves to bytes.
 * @param bounds smallest and largest value, in bytes
 */
export const size = ({ min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds = {}) =>
  z
    .union([z.number(), z.string()], { error: expected("size") })
    .transform((value, ctx): number => {
      const bytes = typeof value === "number" ? value : parseSize(value);
      const whole = bytes !== undefined && Number.isSafeInteger(bytes);
      if (whole && bytes >= min && bytes <= max) return bytes;
      const limit = (bytes ?? 0) < min ? `at least ${formatSize(min)}` : `at most ${formatSize(max)}`;
      const wanted = whole ? limit : UNIT_FORMS.size;
      ctx.addIssue({ code: "custom", message: `expected ${wanted}, got ${shown(value)}` });
      return z.NEVER;
    })
    .meta({ unit: "size" satisfies Unit });

/**
 * Bits per second: a number, or text such as `"800k"`, `"2.5M"`. Resolves to bits per second.
 * @param bounds smallest and largest value
 */
export const bitrate = ({ min = 1000, max = 1_000_000_000 }: Bounds = {}) =>
  z
    .union([z.number(), z.string()], { error: expected("bitrate") })
    .transform((value, ctx): number => {
      const bits = typeof value === "number" ? value : parseBitrate(value);
      if (bits !== undefined && Number.isSafeInteger(bits) && bits >= min && bits <= max) return bits;
      const isRate = bits !== undefined && Number.isFinite(bits);
      const limit = (bits ?? 0) < min ? `at least ${formatBitrate(min)}` : `at most ${formatBitrate(max)}`;
      ctx.addIssue({ code: "custom", message: `expected ${isRate ? limit : UNIT_FORMS.bitrate}, got ${shown(value)}` });
      return z.NEVER;
    })
    .meta({ unit: "bitrate" satisfies Unit });

export type ListenAddress = { readonly host: string; readonly port: number };

/** Parses a port, `host:port` or `[::1]:port`. Without a host: every address. Undefined when it is none of these. */
export function parseListen(text: string): ListenAddress | undefined {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]\s/]+):)?(\d{1,5})$/.exec(text.trim());
  const port = match ? Number(match[2]) : -1;
  if (!match || port < 0 || port > 65535) return undefined;
  const host = match[1]?.replace(/^\[|\]$/g, "") ?? "::";
  return { host: host === "*" ? "::" : host, port };
}

/** Formats an address the way `parseListen` reads it: only the port when it is every address. */
export function formatListen({ host, port }: ListenAddress): string {
  if (host === "::") return String(port);
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where to listen: a port, or `"host:port"`, `"[::1]:port"`. Without a host: every address. Port 0 takes a free one. */
export const listenAddress = () =>
  z
    .union([z.number(), z.string()], { error: expected("listen") })
    .transform((value, ctx): ListenAddress => {
      const address = parseListen(String(value));
      if (address) return address;
      ctx.addIssue({ code: "custom", message: `expected ${UNIT_FORMS.listen}, got ${shown(value)}` });
      return z.NEVER;
    })
    .meta({ unit: "listen" satisfies Unit });

/** A list of addresses to listen on; one may stand without the list. Empty: listen nowhere. */
export const listenAddresses = () =>
  z
    .union([z.number(), z.string(), z.array(z.custom<number | string>())], {
      error: (issue) => `expected a list of ports or addresses such as [1935, "[::1]:1936"], got ${shown(issue.input)}`,
    })
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .pipe(z.array(listenAddress()))
    .meta({ unit: "listen" satisfies Unit, list: true });

const expected = (unit: Unit) => (issue: { readonly input?: unknown }) =>
  `expected ${UNIT_FORMS[unit]}, got ${shown(issue.input)}`;

/** A value from a configuration, short enough for one line of a message. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a group of keys";
  if (typeof value === "function") return "a function";
  return String(value);
}
