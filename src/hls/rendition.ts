import type { DateRange } from "../media/date-range.ts";
import type { Millis } from "../media/time.ts";

/**
 * What a packager emits, in order: `init` (CMAF only) before the first `open` that uses it, then for each segment
 * `open`, its `part`s (low latency only), `segment`; `date-range` anywhere; `break` where a run of media ends; at last `end`. The window and the
 * disk writer consume it, and it can cross to another thread or machine.
 */
export type RenditionEvent =
  /** An initialization section; segments opened later with this `init` need it. */
  | { readonly type: "init"; readonly init: number; readonly bytes: Uint8Array }
  /** A segment begins: what applies to the whole of it, and so stands before its first part. */
  | {
      readonly type: "open";
      /** Media sequence number. */
      readonly msn: number;
      /** In the stream's time, 1/90,000 s; MPEG-TS only. */
      readonly start?: number;
      /** Wall clock of the first sample, for EXT-X-PROGRAM-DATE-TIME. */
      readonly wallclock: Millis;
      /** EXT-X-DISCONTINUITY stands before it. */
      readonly discontinuity: boolean;
      /** The `init` it needs; undefined for MPEG-TS. */
      readonly init: number | undefined;
    }
  | {
      readonly type: "part";
      readonly msn: number;
      /** Index within the segment, from 0. */
      readonly part: number;
      readonly bytes: Uint8Array;
      /** Seconds. */
      readonly duration: number;
      /** A keyframe is in it (INDEPENDENT=YES). */
      readonly independent: boolean;
      /** The segment is expected to end with this part, so the part after it is the first of the next segment. */
      readonly lastExpected: boolean;
    }
  /** The segment is complete. */
  | {
      readonly type: "segment";
      readonly msn: number;
      /** The whole segment, in pieces to be sent one after the other; for low latency exactly the parts' bytes, or none. */
      readonly bytes: readonly Uint8Array[];
      /** Seconds. */
      readonly duration: number;
      /** Starts with a keyframe. */
      readonly independent: boolean;
    }
  /**
   * The run of media is over: the next segment, if one comes, begins with a discontinuity. Comes between segments.
   * Nothing may be hinted until then, but the tag may already stand there (it must not appear in front of what was hinted).
   */
  | { readonly type: "break" }
  /** A date range is known; it is listed where the playlist ends at that moment. */
  | { readonly type: "date-range"; readonly range: DateRange }
  /** No more segments will come. */
  | { readonly type: "end" };

export type RenditionSink = (event: RenditionEvent) => void;
