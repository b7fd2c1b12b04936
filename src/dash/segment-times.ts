import { decodeFragments } from "../formats/mp4/fragment-reader.ts";
import { decodeInit } from "../formats/mp4/init-reader.ts";
import type { Ticks } from "../media/time.ts";

/** Where a segment of one track lies on its media timeline, in ticks of the track. */
export type SegmentTimes = {
  /** Presentation time of its first sample. */
  readonly start: Ticks;
  /** The same in decoding time: where it was cut. */
  readonly cut: Ticks;
  readonly duration: Ticks;
};

/**
 * Of the first track in it; undefined for one without samples.
 * @throws MalformedError
 */
export function readSegmentTimes(bytes: Uint8Array): SegmentTimes | undefined {
  let first: { readonly dts: Ticks; readonly compositionOffset: Ticks } | undefined;
  let end = 0;
  for (const { tracks } of decodeFragments(bytes).fragments) {
    for (const sample of tracks[0]?.samples ?? []) {
      first ??= sample;
      end = sample.dts + sample.duration;
    }
  }
  return first && { start: first.dts + first.compositionOffset, cut: first.dts, duration: end - first.dts };
}

/**
 * Ticks per second of the one track of an initialization section; undefined when it has none.
 * @throws MalformedError
 */
export function readTimescale(init: Uint8Array): number | undefined {
  return decodeInit(init).tracks[0]?.timescale;
}
