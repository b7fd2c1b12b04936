import { BitReader } from "../../bytes/bits.ts";
import { MalformedError } from "../../bytes/errors.ts";
import type { Colour } from "../../media/track.ts";
import { withoutEmulationPrevention } from "../nal-units.ts";
import type { SpsPicture } from "../picture.ts";
import { frameRateOf, readAspectRatio, readVideoSignalType } from "../vui.ts";

/** What a sequence parameter set says (HEVC 7.3.2.2.1), as far as containers and playlists need it. */
export type HevcSps = SpsPicture & {
  /** The 12 bytes general_profile_space to general_level_idc (7.3.3), as hvcC repeats them. */
  readonly profileTierLevel: Uint8Array;
  readonly temporalLayers: number;
  readonly temporalIdNested: boolean;
};

/** Decodes a whole SPS NAL unit, its two header bytes included. A broken VUI, or what is before it, is taken as absent. */
export function decodeHevcSps(nal: Uint8Array): HevcSps {
  if (nal.length < 2 || (((nal[0] as number) >> 1) & 0x3f) !== 33) throw new MalformedError("not an HEVC SPS");
  const rbsp = withoutEmulationPrevention(nal);
  const bits = new BitReader(rbsp);
  bits.skip(16 + 4);
  const maxSubLayersMinus1 = bits.u(3);
  const temporalIdNested = bits.flag();
  const profileTierLevel = rbsp.slice(3, 3 + 12);
  skipProfileTierLevel(bits, maxSubLayersMinus1);
  bits.ue(); // sps_seq_parameter_set_id
  const chromaFormat = bits.ue();
  if (chromaFormat > 3) throw new MalformedError(`chroma_format_idc ${chromaFormat}`, bits.position >> 3);
  const separatePlanes = chromaFormat === 3 && bits.flag();
  let width = bits.ue();
  let height = bits.ue();
  if (bits.flag()) {
    // SubWidthC and SubHeightC (table 6-1)
    const unitX = (chromaFormat === 1 || chromaFormat === 2) && !separatePlanes ? 2 : 1;
    const unitY = chromaFormat === 1 ? 2 : 1;
    width -= (bits.ue() + bits.ue()) * unitX;
    height -= (bits.ue() + bits.ue()) * unitY;
  }
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
    throw new MalformedError(`picture size ${width}x${height}`, bits.position >> 3);
  }
  const lumaDepth = 8 + bits.ue();
  const chromaDepth = 8 + bits.ue();
  if (lumaDepth > 16 || chromaDepth > 16) throw new MalformedError(`bit depth ${lumaDepth}`, bits.position >> 3);
  return {
    profileTierLevel,
    temporalLayers: maxSubLayersMinus1 + 1,
    temporalIdNested,
    chromaFormat,
    lumaDepth,
    chromaDepth,
    width,
    height,
    ...readVui(bits, maxSubLayersMinus1),
  };
}

/** Sample entries hold sizes in 16 bits (ISO/IEC 14496-12 12.1.3). */
const MAX_SIDE = 65_535;

function readVui(bits: BitReader, maxSubLayersMinus1: number): Pick<HevcSps, "sar" | "colour" | "frameRate"> {
  let sar = { width: 1, height: 1 };
  let colour: Colour | undefined;
  let frameRate: number | undefined;
  try {
    skipToVui(bits, maxSubLayersMinus1);
    if (bits.flag()) {
      if (bits.flag()) sar = readAspectRatio(bits);
      if (bits.flag()) bits.skip(1); // overscan
      if (bits.flag()) colour = readVideoSignalType(bits);
      if (bits.flag()) {
        bits.ue(); // chroma sample locations
        bits.ue();
      }
      bits.skip(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
      if (bits.flag()) for (let i = 0; i < 4; i++) bits.ue(); // default display window
      if (bits.flag()) {
        const unitsInTick = bits.u(32);
        frameRate = frameRateOf(bits.u(32), unitsInTick);
      }
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
  }
  return { sar, colour, frameRate };
}

/** profile_tier_level( 1, maxSubLayersMinus1 ) (7.3.3) */
function skipProfileTierLevel(bits: BitReader, maxSubLayersMinus1: number): void {
  bits.skip(96);
  if (maxSubLayersMinus1 === 0) return;
  let profiles = 0;
  let levels = 0;
  for (let i = 0; i < 8; i++) {
    const present = bits.u(2); // reserved zero bits from maxSubLayersMinus1 on
    if (i >= maxSubLayersMinus1) continue;
    profiles += present >> 1;
    levels += present & 1;
  }
  bits.skip(profiles * 88 + levels * 8);
}

/** The fields between the bit depths and vui_parameters_present_flag. */
function skipToVui(bits: BitReader, maxSubLayersMinus1: number): void {
  const pictureOrderBits = bits.ue() + 4;
  if (pictureOrderBits > 16) throw new MalformedError(`picture order count of ${pictureOrderBits} bits`);
  for (let i = bits.flag() ? 0 : maxSubLayersMinus1; i <= maxSubLayersMinus1; i++) {
    bits.ue(); // max_dec_pic_buffering_minus1, max_num_reorder_pics, max_latency_increase_plus1
    bits.ue();
    bits.ue();
  }
  for (let i = 0; i < 6; i++) bits.ue(); // block sizes and transform depths
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (bits.flag()) {
    bits.skip(8); // PCM bit depths
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  skipShortTermSets(bits);
  if (bits.flag()) {
    const count = bits.ue();
    if (count > 32) throw new MalformedError(`${count} long-term reference pictures`);
    bits.skip(count * (pictureOrderBits + 1));
  }
  bits.skip(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
}

/** scaling_list_data() (7.3.4) */
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.ue(); // scaling_list_pred_matrix_id_delta
        continue;
      }
      if (size > 1) bits.se(); // scaling_list_dc_coef_minus8
      for (let i = 0; i < Math.min(64, 16 << (size * 2)); i++) bits.se();
    }
  }
}

/** st_ref_pic_set() of each set (7.3.7); a predicted set's length depends on the one before (7-61, 7-62). */
function skipShortTermSets(bits: BitReader): void {
  const sets = bits.ue();
  if (sets > 64) throw new MalformedError(`${sets} short-term reference picture sets`);
  let deltas = 0;
  for (let set = 0; set < sets; set++) {
    if (set > 0 && bits.flag()) {
      bits.skip(1); // delta_rps_sign
      bits.ue(); // abs_delta_rps_minus1
      let kept = 0;
      for (let i = 0; i <= deltas; i++) {
        const used = bits.flag();
        if (used || bits.flag()) kept++;
      }
      deltas = kept;
      continue;
    }
    const negative = bits.ue();
    const positive = bits.ue();
    if (negative > 16 || positive > 16) throw new MalformedError("more than 16 reference pictures");
    deltas = negative + positive;
    for (let i = 0; i < deltas; i++) {
      bits.ue(); // delta_poc_minus1
      bits.skip(1); // used_by_curr_pic_flag
    }
  }
}
