/** Identifies a track inside its stream: small, stable for the life of a publish. Video and audio share the space. */
export type TrackId = number;

export type VideoCodec = "h264" | "hevc" | "av1" | "vp9";
export type AudioCodec = "aac" | "mp3" | "opus" | "flac" | "ac3" | "eac3";

/** Colour description of ITU-T H.273. */
export type Colour = {
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  readonly fullRange: boolean;
};

export type VideoConfig = {
  readonly codec: VideoCodec;
  /** The codec's configuration record as ISO BMFF stores it: payload of avcC, hvcC, av1C, or vpcC without version and flags. */
  readonly record: Uint8Array;
  /** RFC 6381, e.g. `avc1.64001F`. */
  readonly codecString: string;
  /** Displayed size in luma samples after cropping; 0 when the record does not say. */
  readonly width: number;
  readonly height: number;
  /** Sample aspect ratio. */
  readonly sar: { readonly width: number; readonly height: number };
  /** Frames per second when the parameter sets state it. */
  readonly frameRate?: number;
  readonly colour?: Colour;
};

export type AudioConfig = {
  readonly codec: AudioCodec;
  /**
   * AAC: AudioSpecificConfig. Opus: payload of dOps (RFC 7845 in MP4, big-endian). FLAC: the 34-byte STREAMINFO body.
   * AC-3/E-AC-3: payload of dac3/dec3. MP3: empty.
   */
  readonly record: Uint8Array;
  readonly codecString: string;
  /** Of the output, in Hz (after SBR for HE-AAC); the track's timescale may be lower. */
  readonly sampleRate: number;
  /** Of the output. */
  readonly channels: number;
  /** PCM samples one packet decodes to, in ticks of the track; 0 when it varies (Opus, FLAC). */
  readonly samplesPerPacket: number;
};

export type CodecConfig = VideoConfig | AudioConfig;

type TrackBase = {
  readonly id: TrackId;
  /** Ticks per second: video 90,000; audio its core sample rate; data 1,000. */
  readonly timescale: number;
  /** BCP 47. */
  readonly language?: string;
  readonly label?: string;
};

export type VideoTrack = TrackBase & { readonly kind: "video"; readonly config: VideoConfig };
export type AudioTrack = TrackBase & { readonly kind: "audio"; readonly config: AudioConfig };
export type DataTrack = TrackBase & { readonly kind: "data" };
export type Track = VideoTrack | AudioTrack | DataTrack;

export const VIDEO_TIMESCALE = 90_000;
