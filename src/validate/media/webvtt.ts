import type { Note } from "./rules.ts";
import type { MediaSummary } from "./summary.ts";

/** Whether bytes are a WebVTT file by its signature. */
export function isWebVtt(bytes: Uint8Array): boolean {
  const start = bytes[0] === 0xef ? 3 : 0;
  return new TextDecoder().decode(bytes.subarray(start, start + SIGNATURE.length)) === SIGNATURE;
}

/** Notes what is wrong with a WebVTT segment (RFC 8216bis 3.1.4). It has no tracks that could be compared. */
export function checkWebVtt(bytes: Uint8Array, hasMap: boolean, note: Note): MediaSummary {
  const text = new TextDecoder().decode(bytes);
  const lines = text.split(/\r\n|\n|\r/);
  const header = lines[0]?.startsWith(SIGNATURE) ? lines.slice(0, blankAfter(lines)) : [];
  if (header.length === 0 && !hasMap) note("webvtt-header", "does not begin with WEBVTT");
  const map = header.find((line) => line.startsWith("X-TIMESTAMP-MAP="));
  if (header.length > 0 && !map) note("webvtt-timestamp-map", "there is none");
  if (map && !isTimestampMap(map)) note("webvtt-timestamp-map", map);
  lines.forEach((line, index) => {
    if (!line.includes("-->")) return;
    const [from, to] = line.split("-->").map((part) => parseTime(part.trim().split(/[ \t]/, 1)[0] ?? ""));
    if (from === undefined || to === undefined || to <= from) note("webvtt-cue", `line ${index + 1}: ${line}`);
  });
  return { container: "webvtt", tracks: [], announced: [], frames: [] };
}

const SIGNATURE = "WEBVTT";

function blankAfter(lines: readonly string[]): number {
  const blank = lines.indexOf("");
  return blank < 0 ? lines.length : blank;
}

function isTimestampMap(line: string): boolean {
  const parts = line.slice("X-TIMESTAMP-MAP=".length).split(",");
  const mpegts = parts.find((part) => part.startsWith("MPEGTS:"));
  const local = parts.find((part) => part.startsWith("LOCAL:"));
  return mpegts !== undefined && /^MPEGTS:\d+$/.test(mpegts) && parseTime(local?.slice(6) ?? "") !== undefined;
}

/** Seconds of a WebVTT timestamp, `[HH:]MM:SS.mmm`; undefined when it is none. */
function parseTime(text: string): number | undefined {
  const match = /^(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})$/.exec(text);
  if (!match) return undefined;
  const [, hours = "0", minutes, seconds, thousandths] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(thousandths) / 1000;
}
