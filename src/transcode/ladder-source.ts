import type { AudioCodec, VideoCodec } from "../media/track.ts";

/** A stream as a ladder is derived from it. */
export type LadderSource = {
  /** `application/name`. */
  readonly path: string;
  /** Displayed size in samples; 0 when unknown. */
  readonly video?: {
    readonly codec: VideoCodec;
    readonly width: number;
    readonly height: number;
    /** Frames per second. */
    readonly frameRate: number;
  };
  readonly audio?: { readonly codec: AudioCodec; readonly codecString: string; readonly channels: number };
};
