import type { VideoCodec } from "../media/track.ts";

/** What a rung is encoded with. AV1 by SVT-AV1, HEVC by x265, H.264 by x264, or the machine's hardware. */
export type RungCodec = Exclude<VideoCodec, "vp9">;

/** How the first audio track of the source gets into a rung. `copy`: its packets as they are. */
export type RungAudio =
  | { readonly codec: "copy" }
  | { readonly codec: "aac" /** Bits per second. */; readonly bitrate: number; readonly channels: number };

/** One quality, decided to the last setting: what a transcoder is told. */
export type VideoRung = {
  readonly kind: "video";
  /** In URLs. */
  readonly name: string;
  /** Even, in samples; the source's sample aspect ratio is kept. */
  readonly width: number;
  readonly height: number;
  /** Every n-th frame of the source is kept. */
  readonly frameDivisor: number;
  readonly codec: RungCodec;
  /** FFmpeg's name of the encoder, such as `libx264` or `h264_vaapi`. */
  readonly encoder: string;
  /** Bits per second: on average, and as a buffer of `bufferSize` bits lets pass. */
  readonly bitrate: number;
  readonly maxBitrate: number;
  readonly bufferSize: number;
  /** By the encoder's own names; its default when left out. */
  readonly preset?: string;
  readonly tune?: string;
  readonly profile?: string;
  /** As the standard writes it, such as `3.1`; the encoder's choice when left out. */
  readonly level?: string;
  /** The encoder's own options, as its `-x264-params` takes them: `bframes=2:rc-lookahead=20`. */
  readonly options?: string;
  /** Absent where the source has no sound, or the rung shall have none. */
  readonly audio?: RungAudio;
};

/** Sound alone. */
export type AudioRung = { readonly kind: "audio"; readonly name: string; readonly audio: RungAudio };

export type Rung = VideoRung | AudioRung;
