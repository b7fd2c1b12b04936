import type { Millis, Ticks } from "./time.ts";
import type { Track, TrackId } from "./track.ts";

/** One coded frame: an access unit of video, or one codec frame of audio. Bytes as CODECS.md says. */
export type Packet = {
  readonly type: "packet";
  readonly track: TrackId;
  /** Decoding time in the track's timescale. Behind the timeline: strictly increasing per track, never negative. */
  readonly dts: Ticks;
  /** Presentation time. `pts - dts` may be negative for odd encoders; outputs must cope. */
  readonly pts: Ticks;
  /** In ticks; 0 = unknown. */
  readonly duration: Ticks;
  /** Decodable without any earlier packet (IDR or equivalent). Always true for audio. */
  readonly key: boolean;
  /** Owned by the packet, never written after publish. */
  readonly data: Uint8Array;
};

/** Timed data: AMF script data, ID3, SCTE-35, text. `value` is the payload in its own format. */
export type DataEvent = {
  readonly type: "data";
  readonly track: TrackId;
  readonly pts: Ticks;
  readonly kind: "amf" | "id3" | "scte35" | "text";
  readonly value: Uint8Array;
};

/**
 * `publisher-lost`: the encoder has left, or sends nothing for long. `source-switch`: another encoder of the same stream goes
 * on at once, at a keyframe. `timeline-reset`: the encoder's clock jumped; times are continuous. `lagged`: this reader was
 * too slow.
 */
export type GapReason = "publisher-lost" | "source-switch" | "timeline-reset" | "lagged";

/**
 * What flows through a stream, in order. `tracks` comes first, and again whenever the set of tracks or the config of any
 * of them changes. After `gap` "publisher-lost" or "source-switch" `tracks` follows. Times of packets never go back.
 */
export type MediaEvent =
  | { readonly type: "tracks"; readonly tracks: readonly Track[] }
  | Packet
  | DataEvent
  | { readonly type: "gap"; readonly reason: GapReason }
  | { readonly type: "end" };

/** Receives the events of a stream, synchronously and in order. `now` is the monotonic time of arrival. */
export type MediaSink = (event: MediaEvent, now: Millis) => void;
