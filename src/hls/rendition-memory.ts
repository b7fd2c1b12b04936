import type { Packet } from "../media/event.ts";
import type { Ticks } from "../media/time.ts";
import type { Track, TrackId } from "../media/track.ts";
import type { RenditionEvent } from "./rendition.ts";
import type { AnnouncedTargets } from "./targets.ts";

/** Where what a packager has emitted ends, so that another can go on right behind it. */
export type PackagerPosition = {
  /** Whole seconds that are added to decode times in what is written. */
  readonly timeOffset: number;
  /** Of the latest movie fragment; 0 in MPEG-TS. */
  readonly sequence: number;
  /** Of each track that is in it, in ticks of the track. */
  readonly ends: readonly { readonly track: TrackId; readonly end: Ticks }[];
};

/** What stands beside the events of a rendition, at the time of one of them. */
export type RenditionState = {
  readonly tracks: readonly Track[];
  /** To go on without an encoder: the latest keyframe, the latest packet of sound. */
  readonly packets: readonly Packet[];
  /** What EXT-X-DISCONTINUITY-SEQUENCE would be if the latest segment were the first that is listed. */
  readonly discontinuitySequence: number;
  readonly announced: AnnouncedTargets | undefined;
  /** Undefined before there is media. */
  readonly position: PackagerPosition | undefined;
};

/** Keeps a rendition for another process. Must not throw. */
export type RenditionRecorder = (event: RenditionEvent, state: RenditionState) => void;

/** A rendition of an earlier process, to be gone on with under the same names and numbers. */
export type RenditionMemory = {
  /**
   * From the start of a segment on, each initialization section before its first use; all segments but the last are complete,
   * and that has parts.
   */
  readonly events: readonly RenditionEvent[];
  /** EXT-X-DISCONTINUITY-SEQUENCE of a playlist that begins there. */
  readonly discontinuitySequence: number;
  /** At the last event. */
  readonly state: RenditionState & { readonly position: PackagerPosition };
};
