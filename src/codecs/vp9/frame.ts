import { BitReader } from "../../bytes/bits.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { UNSPECIFIED } from "../vui.ts";

/** What the uncompressed header of a key frame says (VP9 bitstream 6.2). */
export type Vp9KeyFrame = {
  readonly profile: number;
  readonly bitDepth: 8 | 10 | 12;
  readonly subsamplingX: 0 | 1;
  readonly subsamplingY: 0 | 1;
  /** H.273 matrix that its color_space stands for. */
  readonly matrix: number;
  readonly fullRange: boolean;
  readonly width: number;
  readonly height: number;
};

/** Whether decoding can start here. `data` is a frame, or a superframe whose first frame counts. Never throws. */
export function isKeyFrame(data: Uint8Array): boolean {
  const first = data[0];
  if (first === undefined || first >> 6 !== FRAME_MARKER) return false;
  // frame_marker(2), profile bits(2), a reserved bit in profile 3, then show_existing_frame(1) and frame_type(1)
  const shift = (first & 0x30) === 0x30 ? 1 : 2;
  return ((first >> shift) & 3) === 0;
}

/** Decodes the header of a key frame; undefined for other frames. Throws `MalformedError` when the header is broken. */
export function decodeVp9KeyFrame(data: Uint8Array): Vp9KeyFrame | undefined {
  if (!isKeyFrame(data)) return undefined;
  const bits = new BitReader(data.subarray(0, MAX_HEADER));
  bits.skip(2);
  const profile = bits.u(1) + 2 * bits.u(1);
  if (profile === 3) bits.skip(1);
  bits.skip(4); // show_existing_frame, frame_type, show_frame, error_resilient_mode
  if (bits.u(24) !== SYNC_CODE) throw new MalformedError("VP9 key frame without its sync code", 1);
  const bitDepth = profile < 2 ? 8 : bits.flag() ? 12 : 10;
  const colourSpace = bits.u(3);
  const isRgb = colourSpace === CS_RGB;
  const fullRange = isRgb || bits.flag();
  let subsamplingX: 0 | 1 = isRgb ? 0 : 1;
  let subsamplingY: 0 | 1 = subsamplingX;
  if (profile === 1 || profile === 3) {
    if (!isRgb) {
      subsamplingX = bits.flag() ? 1 : 0;
      subsamplingY = bits.flag() ? 1 : 0;
    }
    bits.skip(1); // reserved_zero
  } else if (isRgb) {
    throw new MalformedError(`RGB in VP9 profile ${profile}`, 4);
  }
  let width = bits.u(16) + 1;
  let height = bits.u(16) + 1;
  // render_and_frame_size_different: what is shown, and what containers state
  if (bits.flag()) {
    width = bits.u(16) + 1;
    height = bits.u(16) + 1;
  }
  if (width > MAX_SIDE || height > MAX_SIDE) throw new MalformedError(`picture size ${width}x${height}`, 4);
  const matrix = MATRICES[colourSpace] ?? UNSPECIFIED;
  return { profile, bitDepth, subsamplingX, subsamplingY, matrix, fullRange, width, height };
}

const FRAME_MARKER = 2;
const SYNC_CODE = 0x498342;
const CS_RGB = 7;
const MAX_HEADER = 24;

/** Sample entries hold sizes in 16 bits (ISO/IEC 14496-12 12.1.3). */
const MAX_SIDE = 65_535;

/** H.273 matrix_coefficients of color_space 0 to 7 (VP9 7.2.2). */
const MATRICES: readonly number[] = [UNSPECIFIED, 6, 1, 6, 7, 9, UNSPECIFIED, 0];
