import type { Colour } from "../media/track.ts";

/** What a sequence parameter set says of the pictures, the same for H.264 and HEVC. */
export type SpsPicture = {
  readonly chromaFormat: number;
  readonly lumaDepth: number;
  readonly chromaDepth: number;
  /** After cropping (H.264), inside the conformance window (HEVC); in luma samples. */
  readonly width: number;
  readonly height: number;
  readonly sar: { readonly width: number; readonly height: number };
  readonly frameRate?: number;
  readonly colour?: Colour;
};
