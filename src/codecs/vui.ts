import type { BitReader } from "../bytes/bits.ts";
import type { Colour } from "../media/track.ts";

/** aspect_ratio_idc and, when it is Extended_SAR, sar_width and sar_height (H.264 E.1.1, HEVC E.2.1); 1:1 when unspecified. */
export function readAspectRatio(bits: BitReader): { width: number; height: number } {
  const idc = bits.u(8);
  if (idc === EXTENDED_SAR) {
    const width = bits.u(16);
    const height = bits.u(16);
    return width > 0 && height > 0 ? { width, height } : { width: 1, height: 1 };
  }
  const [width, height] = SAMPLE_ASPECT_RATIOS[idc] ?? [1, 1];
  return { width, height };
}

/** video_format to matrix_coeffs; undefined when it tells nothing that a player does not assume. */
export function readVideoSignalType(bits: BitReader): Colour | undefined {
  bits.skip(3); // video_format
  const fullRange = bits.flag();
  if (bits.flag()) return { primaries: bits.u(8), transfer: bits.u(8), matrix: bits.u(8), fullRange };
  return fullRange ? { primaries: UNSPECIFIED, transfer: UNSPECIFIED, matrix: UNSPECIFIED, fullRange } : undefined;
}

/** Pictures per second, or undefined for what can only be the tick of a variable rate. */
export function frameRateOf(timeScale: number, unitsPerPicture: number): number | undefined {
  const rate = timeScale / unitsPerPicture;
  return rate > 0 && rate <= MAX_FRAME_RATE ? rate : undefined;
}

/** H.273 2: unspecified. */
export const UNSPECIFIED = 2;

/** Some encoders state their time base (1,000 or 90,000) here, which is no rate; fast cameras reach 300. */
const MAX_FRAME_RATE = 300;

const EXTENDED_SAR = 255;

/** H.264 table E-1, the same in HEVC. */
const SAMPLE_ASPECT_RATIOS: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];
