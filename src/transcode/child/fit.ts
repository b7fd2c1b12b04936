export type PictureSize = { readonly width: number; readonly height: number };
export type ShapedPicture = PictureSize & { readonly sar: PictureSize };

/** Shapes that differ by less look the same: sizes are even, so that no rung has the very shape of its source. */
const SAME_SHAPE = 0.02;

/**
 * The size to scale `source` to so that it has its shape in `frame`; smaller than `frame` where bars are needed. Even, like the
 * frame's own size.
 */
export function fitInto(source: ShapedPicture, frame: ShapedPicture): PictureSize {
  const wanted = aspect(source) / (frame.sar.width / frame.sar.height);
  const has = frame.width / frame.height;
  if (Math.abs(wanted / has - 1) < SAME_SHAPE) return { width: frame.width, height: frame.height };
  if (wanted > has) return { width: frame.width, height: even(frame.width / wanted, frame.height) };
  return { width: even(frame.height * wanted, frame.width), height: frame.height };
}

function aspect({ width, height, sar }: ShapedPicture): number {
  return (width * sar.width) / (height * sar.height);
}

function even(size: number, most: number): number {
  return Math.min(most, Math.max(2, Math.round(size / 2) * 2));
}
