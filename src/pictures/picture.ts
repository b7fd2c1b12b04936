import type { VideoCodec, VideoConfig } from "../media/track.ts";

export type PictureFormat = "jpeg" | "webp";

/** A coded frame that can be decoded without any other. */
export type Keyframe = {
  readonly codec: VideoCodec;
  /** The codec's configuration record; empty when `data` is in Annex B form and has its parameter sets with it. */
  readonly record: Uint8Array;
  readonly data: Uint8Array;
};

/** In pixels. */
export type Size = { readonly width: number; readonly height: number };

/** An encoded picture. */
export type Picture = Size & { readonly format: PictureFormat; readonly bytes: Uint8Array };

/** The size at which a picture is to be shown whose samples need not be square. 16:9 where nothing is known. */
export function displaySize({ width, height, sar }: Pick<VideoConfig, "width" | "height" | "sar">): Size {
  if (width === 0 || height === 0) return { width: 16, height: 9 };
  const stretched = sar.width > 0 && sar.height > 0 ? (width * sar.width) / sar.height : width;
  return { width: Math.round(stretched), height };
}

/** The largest size of the same shape within a box, with even sides; never larger than the picture itself. */
export function fitWithin(size: Size, box: Size): Size {
  const scale = Math.min(1, box.width / size.width, box.height / size.height);
  return { width: toEven(size.width * scale), height: toEven(size.height * scale) };
}

/** Chroma has half the resolution. */
function toEven(length: number): number {
  return Math.max(2, 2 * Math.round(length / 2));
}
