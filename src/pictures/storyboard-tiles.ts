import type { Millis } from "../media/time.ts";
import type { Size } from "./picture.ts";

/** Tiles in a storyboard; a longer window has one for every few segments. */
const MAX_TILES = 100;

/** What of the window a storyboard is made of. */
export type BoardSegment = {
  /** Media sequence number. */
  readonly msn: number;
  /** Seconds. */
  readonly duration: number;
  /** Begins with a keyframe. */
  readonly independent: boolean;
  readonly wallclock: Millis;
};

/** Where tiles lie, so that a number has its place for good: who still has yesterday's list finds the right picture. */
export type BoardLayout = {
  readonly tile: Size;
  readonly columns: number;
  readonly rows: number;
  /** One tile for so many segments. */
  readonly stride: number;
};

/** @param expected segments in a full window */
export function layOut(tile: Size, columns: number, expected: number): BoardLayout {
  const stride = Math.max(1, Math.ceil(expected / MAX_TILES));
  // A few more than are listed, so that those which have just left are still there.
  const rows = Math.ceil((Math.ceil(expected / stride) + 2) / columns);
  return { tile, columns, rows, stride };
}

/** Of the segments those that get a tile, oldest first. */
export function tiled(segments: readonly BoardSegment[], { stride, columns, rows }: BoardLayout): BoardSegment[] {
  return segments.filter(({ msn, independent }) => independent && msn % stride === 0).slice(-columns * rows);
}

export function placeOf(msn: number, { stride, columns, rows }: BoardLayout): number {
  return Math.floor(msn / stride) % (columns * rows);
}

/**
 * A WebVTT file whose cues name the tile of each stretch of time, as media players take it for previews. Time 0 is the beginning
 * of the oldest segment listed, as that of a player which has just begun.
 * @param has whether there is a tile
 */
export function formatStoryboard(
  segments: readonly BoardSegment[],
  layout: BoardLayout,
  has: (msn: number) => boolean,
): string {
  const wanted = new Set(tiled(segments, layout).map(({ msn }) => msn));
  const cues: { readonly start: number; readonly msn: number }[] = [];
  let time = 0;
  for (const { msn, duration } of segments) {
    if (wanted.has(msn) && has(msn)) cues.push({ start: time, msn });
    time += duration;
  }
  const version = cues[cues.length - 1]?.msn ?? 0;
  const zero = new Date(segments[0]?.wallclock ?? 0).toISOString();
  const lines = cues.map(({ start, msn }, index) => {
    const { width, height } = layout.tile;
    const place = placeOf(msn, layout);
    const x = (place % layout.columns) * width;
    const y = Math.floor(place / layout.columns) * height;
    const span = `${formatTime(start)} --> ${formatTime(cues[index + 1]?.start ?? time)}`;
    return `${span}\nstoryboard.jpg?n=${version}#xywh=${x},${y},${width},${height}\n`;
  });
  return `WEBVTT\n\nNOTE\n00:00:00.000 is ${zero}\n\n${lines.join("\n")}`;
}

/** WebVTT 3.3, with hours. */
function formatTime(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  const part = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, "0");
  return `${part(ms / 3_600_000, 2)}:${part((ms / 60_000) % 60, 2)}:${part((ms / 1000) % 60, 2)}.${part(ms % 1000, 3)}`;
}
