import type { Millis } from "../media/time.ts";

export type RecordingName = {
  /** Canonical path of the stream, e.g. `live/test`. */
  readonly path: string;
  readonly recorder: string;
  /** When the recording begins. */
  readonly wallclock: Millis;
};

/** File systems take names of 255 bytes; what else belongs to one is short. */
const MAX_COMPONENT_BYTES = 200;

/**
 * The name of a recording's file, relative to its directory, without ending. A stream's name cannot lead out of the
 * directory: `/` in it becomes `_`, and so do characters that trip terminals.
 */
export function recordingName(pattern: string, { path, recorder, wallclock }: RecordingName): string {
  const slash = path.indexOf("/");
  const values: Readonly<Record<string, string>> = {
    app: plain(path.slice(0, slash)),
    name: plain(path.slice(slash + 1)),
    recorder,
    unix: String(Math.floor(wallclock / 1000)),
  };
  const date = new Date(wallclock);
  return pattern
    .replace(/\{(\w+)\}|%([A-Za-z%])/g, (whole, field: string | undefined, code: string | undefined) => {
      if (field !== undefined) return values[field] ?? whole;
      return code === undefined ? whole : (strftime(code, date) ?? whole);
    })
    .split("/")
    .filter((part) => part !== "" && part !== "." && part !== "..")
    .map((part) => shorten(part))
    .join("/");
}

function plain(name: string): string {
  const text = name.replace(/[/\\\u0000-\u001f\u007f]/g, "_").toWellFormed();
  return text.startsWith(".") ? `_${text.slice(1)}` : text;
}

function shorten(part: string): string {
  const bytes = new TextEncoder().encode(part);
  if (bytes.length <= MAX_COMPONENT_BYTES) return part;
  return new TextDecoder().decode(bytes.subarray(0, MAX_COMPONENT_BYTES)).replace(/\ufffd+$/, "");
}

const two = (value: number): string => String(value).padStart(2, "0");

/** A code of strftime (POSIX), those that name a point of time; undefined for others. */
function strftime(code: string, date: Date): string | undefined {
  switch (code) {
    case "Y":
      return String(date.getFullYear());
    case "y":
      return two(date.getFullYear() % 100);
    case "m":
      return two(date.getMonth() + 1);
    case "d":
      return two(date.getDate());
    case "H":
      return two(date.getHours());
    case "I":
      return two(date.getHours() % 12 || 12);
    case "M":
      return two(date.getMinutes());
    case "S":
      return two(date.getSeconds());
    case "p":
      return date.getHours() < 12 ? "AM" : "PM";
    case "j":
      return String(dayOfYear(date)).padStart(3, "0");
    case "s":
      return String(Math.floor(date.getTime() / 1000));
    case "F":
      return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    case "T":
      return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
    case "%":
      return "%";
    default:
      return undefined;
  }
}

function dayOfYear(date: Date): number {
  const first = Date.UTC(date.getFullYear(), 0, 1);
  return Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - first) / 86_400_000) + 1;
}
