import { BitReader } from "../../bytes/bits.ts";
import { MalformedError } from "../../bytes/errors.ts";
import type { Colour } from "../../media/track.ts";
import { withoutEmulationPrevention } from "../nal-units.ts";
import type { SpsPicture } from "../picture.ts";
import { frameRateOf, readAspectRatio, readVideoSignalType } from "../vui.ts";

/** What a sequence parameter set says (H.264 7.3.2.1.1), as far as containers and playlists need it. */
export type AvcSps = SpsPicture & {
  readonly profile: number;
  readonly constraints: number;
  readonly level: number;
};

/** Decodes a whole SPS NAL unit, its header byte included. A broken VUI is taken as absent. */
export function decodeAvcSps(nal: Uint8Array): AvcSps {
  if (nal.length < 4 || ((nal[0] as number) & 0x1f) !== 7) throw new MalformedError("not an H.264 SPS");
  const bits = new BitReader(withoutEmulationPrevention(nal));
  bits.skip(8);
  const profile = bits.u(8);
  const constraints = bits.u(8);
  const level = bits.u(8);
  bits.ue(); // seq_parameter_set_id
  let chromaFormat = 1;
  let lumaDepth = 8;
  let chromaDepth = 8;
  let separatePlanes = false;
  if (HIGH_PROFILES.has(profile)) {
    chromaFormat = bits.ue();
    if (chromaFormat > 3) throw new MalformedError(`chroma_format_idc ${chromaFormat}`, bits.position >> 3);
    if (chromaFormat === 3) separatePlanes = bits.flag();
    lumaDepth = 8 + bits.ue();
    chromaDepth = 8 + bits.ue();
    if (lumaDepth > 14 || chromaDepth > 14) throw new MalformedError(`bit depth ${lumaDepth}`, bits.position >> 3);
    bits.skip(1); // qpprime_y_zero_transform_bypass_flag
    if (bits.flag()) skipScalingMatrix(bits, chromaFormat === 3 ? 12 : 8);
  }
  bits.ue(); // log2_max_frame_num_minus4
  skipPictureOrderCount(bits);
  bits.ue(); // max_num_ref_frames
  bits.skip(1); // gaps_in_frame_num_value_allowed_flag
  const widthInMbs = bits.ue() + 1;
  const heightInMapUnits = bits.ue() + 1;
  const frameMbsOnly = bits.flag();
  if (!frameMbsOnly) bits.skip(1); // mb_adaptive_frame_field_flag
  bits.skip(1); // direct_8x8_inference_flag
  const fields = frameMbsOnly ? 1 : 2;
  let width = widthInMbs * 16;
  let height = heightInMapUnits * 16 * fields;
  if (bits.flag()) {
    // CropUnitX and CropUnitY (7-19 to 7-22)
    const planar = chromaFormat === 0 || separatePlanes;
    const unitX = planar || chromaFormat === 3 ? 1 : 2;
    const unitY = (planar || chromaFormat !== 1 ? 1 : 2) * fields;
    width -= (bits.ue() + bits.ue()) * unitX;
    height -= (bits.ue() + bits.ue()) * unitY;
  }
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
    throw new MalformedError(`picture size ${width}x${height}`, bits.position >> 3);
  }
  const size = { profile, constraints, level, chromaFormat, lumaDepth, chromaDepth, width, height };
  return { ...size, ...readVui(bits) };
}

/** Profiles whose SPS has the chroma and bit depth fields (7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** Sample entries hold sizes in 16 bits (ISO/IEC 14496-12 12.1.3). */
const MAX_SIDE = 65_535;

function readVui(bits: BitReader): Pick<AvcSps, "sar" | "colour" | "frameRate"> {
  let sar = { width: 1, height: 1 };
  let colour: Colour | undefined;
  let frameRate: number | undefined;
  try {
    if (bits.flag()) {
      if (bits.flag()) sar = readAspectRatio(bits);
      if (bits.flag()) bits.skip(1); // overscan
      if (bits.flag()) colour = readVideoSignalType(bits);
      if (bits.flag()) {
        bits.ue(); // chroma sample locations
        bits.ue();
      }
      if (bits.flag()) {
        const unitsInTick = bits.u(32);
        // A tick is a field's time (E.2.1), two of them make a frame.
        frameRate = frameRateOf(bits.u(32), unitsInTick * 2);
      }
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
  }
  return { sar, colour, frameRate };
}

function skipScalingMatrix(bits: BitReader, lists: number): void {
  for (let i = 0; i < lists; i++) {
    if (!bits.flag()) continue;
    let last = 8;
    let next = 8;
    for (let j = 0; j < (i < 6 ? 16 : 64); j++) {
      if (next !== 0) next = (last + bits.se() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

function skipPictureOrderCount(bits: BitReader): void {
  const type = bits.ue();
  if (type === 0) {
    bits.ue(); // log2_max_pic_order_cnt_lsb_minus4
  } else if (type === 1) {
    bits.skip(1); // delta_pic_order_always_zero_flag
    bits.se();
    bits.se();
    const count = bits.ue();
    if (count > 255) throw new MalformedError(`${count} frames in the picture order count cycle`, bits.position >> 3);
    for (let i = 0; i < count; i++) bits.se();
  }
}
