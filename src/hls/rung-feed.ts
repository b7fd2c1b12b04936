import type { Packet } from "../media/event.ts";
import type { Millis, Ticks } from "../media/time.ts";
import type { Track, TrackId } from "../media/track.ts";
import type { RenditionEvent } from "./rendition.ts";

/** What holds for all rungs as long as their playlists last. */
export type FeedStart = {
  readonly format: "cmaf" | "mpegts";
  /** Parts are emitted, not only segments. */
  readonly lowLatency: boolean;
  /** Whole seconds added to decode times in what is written, the same in every rung. */
  readonly timeOffset: number;
  /** MPEG-TS: how long audio frames are gathered into one PES packet. */
  readonly maxAudioDelay: Millis;
};

/**
 * What those follow who make further rungs of a stream: the packets that the lead rendition is made of, and where it cut them.
 * A cut stands at its exact place: of the packets of the lead's video (of its audio, where it has no video) each with a dts below
 * `end` came before it, each other comes behind it. So what follows a `segment` needs a keyframe, and all rungs have the same
 * numbers, boundaries and discontinuities.
 */
export type FeedEvent =
  /** First, and again when the playlists begin anew: what was made before is of no use. */
  | { readonly type: "begin"; readonly start: FeedStart }
  /**
   * All tracks of the stream; the lead's are the first of each kind that its container can carry. With `separateAudio` video
   * renditions have no sound, it is in renditions of its own.
   */
  | { readonly type: "tracks"; readonly tracks: readonly Track[]; readonly separateAudio: boolean }
  /** Decoding times are those that the lead has written: repaired, and so never on the wrong side of a cut. */
  | Packet
  /** A segment has its first part. Stands before that part, and so behind the packets in it. */
  | {
      readonly type: "open";
      /** Media sequence number. */
      readonly msn: number;
      /** For EXT-X-PROGRAM-DATE-TIME. */
      readonly wallclock: Millis;
      readonly discontinuity: boolean;
      /** Of the segment, its own discontinuity counted. */
      readonly discontinuitySequence: number;
      /** Ticks per second of the cuts' times. */
      readonly timescale: number;
      /** Where the segment begins, in decoding time. */
      readonly start: Ticks;
    }
  /** The part ends. CMAF only, also where parts are not listed. */
  | {
      readonly type: "part";
      readonly msn: number;
      /** Index within the segment, from 0. */
      readonly part: number;
      readonly start: Ticks;
      readonly end: Ticks;
      readonly lastExpected: boolean;
    }
  /** The segment ends: what comes next needs a keyframe. */
  | { readonly type: "segment"; readonly msn: number; readonly end: Ticks }
  /** The run of media ends; what comes next does not continue it, and the next segment has a discontinuity. */
  | { readonly type: "break" }
  | { readonly type: "end" };

export type FeedSink = (event: FeedEvent, now: Millis) => void;

/** How far a rung is made: the part that comes next. What comes before it must not be made again, it has been seen. */
export type RungPosition = { readonly msn: number; readonly part: number };

/** A rung as it is announced, whether or not anybody makes it at the moment. */
export type RungDescription = {
  /** In URLs: `NAME.m3u8`, `NAME/MSN.m4s`. Letters, digits, `-` and `_`; not `main`, `index`. */
  readonly name: string;
  readonly kind: "video" | "audio";
  /** RFC 6381 strings of all that is in it. */
  readonly codecs: readonly string[];
  /** Bits per second, until it is measured. */
  readonly bandwidth: { readonly peak: number; readonly average: number };
  readonly resolution?: { readonly width: number; readonly height: number };
  readonly frameRate?: number;
  /** It has one of so many of the lead's frames: its rate follows what is measured there. */
  readonly frameDivisor?: number;
  readonly videoRange?: "SDR" | "HLG" | "PQ";
  /** Not a variant, but sound that goes with all variants (EXT-X-MEDIA, RFC 8216bis 4.4.6.1). */
  readonly alternative?: {
    /** For people. */
    readonly name: string;
    /** BCP 47. */
    readonly language?: string;
    readonly channels?: number;
    readonly isDefault: boolean;
  };
  /** Of these tracks of the stream, as they are: made by the output itself as long as the stream lives. */
  readonly of?: { readonly video?: TrackId; readonly audio?: TrackId };
};

/**
 * `idle`: announced, made when somebody asks; `starting`, `running`: being made; `failed`, `shed`: not announced, for the
 * reason given.
 */
export type RungStatus = "idle" | "starting" | "running" | "failed" | "shed";

/** A rung as it is shown to people. */
export type RungState = {
  readonly name: string;
  readonly kind: "video" | "audio";
  readonly width?: number;
  readonly height?: number;
  /** Bits per second: measured where there is something to measure. */
  readonly bitrate: number;
  readonly state: RungStatus;
  readonly reason?: string;
};

/** Events of one rung, as of any rendition: the same `msn`, parts, discontinuities and wall clocks as the feed's. */
export type RungSink = (event: RenditionEvent) => void;
