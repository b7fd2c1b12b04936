import type { Millis } from "../media/time.ts";

export type WindowPart = { bytes: Uint8Array; readonly duration: number; readonly independent: boolean };

export type WindowSegment = {
  readonly msn: number;
  readonly wallclock: Millis;
  readonly discontinuity: boolean;
  readonly init: number | undefined;
  readonly parts: readonly WindowPart[];
  /** Seconds; while the segment is open, the sum of its parts. */
  readonly duration: number;
  readonly independent: boolean;
};

/** As the window holds it. */
export type StoredSegment = {
  -readonly [K in keyof WindowSegment]: WindowSegment[K];
} & { parts: WindowPart[]; pieces: Uint8Array[]; size: number };

/** A segment that begins; parts are added to it, or it is completed at once. */
export function newSegment(start: Pick<WindowSegment, "msn" | "wallclock" | "discontinuity" | "init">): StoredSegment {
  return { ...start, parts: [], pieces: [], duration: 0, independent: true, size: 0 };
}

/** The whole segment as one array: made at the first call, and the parts become views of it, so that bytes are held once. */
export function joinPieces(segment: StoredSegment): Uint8Array | undefined {
  const { pieces } = segment;
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(segment.size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  segment.pieces = [whole];
  let start = 0;
  for (const part of segment.parts) {
    const end = start + part.bytes.length;
    part.bytes = whole.subarray(start, end);
    start = end;
  }
  return whole;
}
