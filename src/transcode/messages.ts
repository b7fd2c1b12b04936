import type { RenditionEvent } from "../hls/rendition.ts";
import type { FeedEvent, RungPosition } from "../hls/rung-feed.ts";
import type { Track } from "../media/track.ts";
import type { Rung } from "./rung.ts";

/** Longest: a segment of MPEG-TS of the largest size a packager makes, with room to spare. */
export const MAX_MESSAGE_BYTES = 192 * 1024 ** 2;

/** For a transcoder's environment. */
export const TRANSCODER_ENV: Readonly<Record<string, string>> = {
  // SVT-AV1 would fill its error output, and cannot be told otherwise.
  SVT_LOG: "0",
  // Pictures count as garbage to collect although they are freed at once: a collection every few frames costs 2 % of all.
  BUN_JSC_largeHeapSize: String(256 * 1024 ** 2),
};

/** What one transcoder is told, in this order: settings, the rungs wanted, the feed from some segment's start. */
export type ToTranscoder =
  | { readonly type: "settings"; readonly settings: TranscoderSettings }
  /** Make this rung, of those in the settings, from there on; without a position from the first segment in the feed. */
  | { readonly type: "startRung"; readonly rung: string; readonly from?: RungPosition }
  | { readonly type: "stopRung"; readonly rung: string }
  /** The feed comes again from the start of a segment; rungs that are being made go on behind what they have. */
  | { readonly type: "rewind" }
  | { readonly type: "feed"; readonly event: FeedEvent };

export type TranscoderSettings = {
  readonly rungs: readonly Rung[];
  /** Most threads of the decoder, and of each encoder; as many as the machine has cores when left out. */
  readonly threads?: number;
};

export type FromTranscoder =
  /** The media library is loaded. */
  | { readonly type: "ready"; readonly library: string }
  | { readonly type: "rendition"; readonly rung: string; readonly event: RungEvent }
  /** What is in it really, before its first part and at each change. */
  | { readonly type: "description"; readonly rung: string; readonly tracks: readonly Track[] }
  | { readonly type: "status"; readonly status: TranscoderStatus }
  /** It is made no longer; the others go on. */
  | { readonly type: "rungFailed"; readonly rung: string; readonly reason: string }
  | { readonly type: "log"; readonly level: "debug" | "info" | "warn"; readonly text: string };

/** A rung's own events. Of a segment whose parts came before, the bytes are not said twice. */
export type RungEvent =
  | Exclude<RenditionEvent, { type: "segment" } | { type: "date-range" }>
  | (Omit<Extract<RenditionEvent, { type: "segment" }>, "bytes"> & {
      readonly bytes: readonly Uint8Array[] | "parts";
    });

/** Sent every half second, also when there is nothing to do. */
export type TranscoderStatus = {
  /** Decoding time of the latest video frame that was read from the feed, and of the latest that all rungs have; seconds. */
  readonly fed: number;
  readonly done: number;
  /** Media seconds per second of work, since the last status; 0 where there was nothing to do. */
  readonly speed: number;
  /** Since the start. */
  readonly frames: number;
  readonly decodeErrors: number;
  readonly rssBytes: number;
  /** Frames encoded in a second, of each rung that is being made. */
  readonly rungs: readonly { readonly name: string; readonly fps: number }[];
};
