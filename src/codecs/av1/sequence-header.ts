import { BitReader } from "../../bytes/bits.ts";
import { MalformedError } from "../../bytes/errors.ts";
import type { Colour } from "../../media/track.ts";
import { frameRateOf, UNSPECIFIED } from "../vui.ts";
import { firstObu, nextObu, OBU_SEQUENCE_HEADER } from "./obu.ts";

/** What a sequence header OBU says (AV1 5.5). */
export type Av1SequenceHeader = {
  readonly profile: number;
  /** seq_level_idx of operating point 0. */
  readonly level: number;
  readonly highTier: boolean;
  readonly bitDepth: 8 | 10 | 12;
  readonly monochrome: boolean;
  readonly subsamplingX: 0 | 1;
  readonly subsamplingY: 0 | 1;
  readonly chromaSamplePosition: number;
  readonly colour: Colour;
  /** Maximum frame size; frames may be smaller. */
  readonly width: number;
  readonly height: number;
  readonly frameRate?: number;
};

/** Decodes a whole sequence header OBU, its header included. */
export function decodeAv1SequenceHeader(bytes: Uint8Array): Av1SequenceHeader {
  const obu = firstObu();
  if (!nextObu(bytes, obu) || obu.type !== OBU_SEQUENCE_HEADER) throw new MalformedError("not an AV1 sequence header");
  const bits = new BitReader(bytes.subarray(obu.payload, obu.end));
  const profile = bits.u(3);
  if (profile > 2) throw new MalformedError(`seq_profile ${profile}`, obu.payload);
  bits.skip(1); // still_picture
  const reduced = bits.flag();
  const { level, highTier, frameRate } = reduced
    ? { level: bits.u(5), highTier: false, frameRate: undefined }
    : readOperatingPoints(bits);
  const widthBits = bits.u(4) + 1;
  const heightBits = bits.u(4) + 1;
  const width = bits.u(widthBits) + 1;
  const height = bits.u(heightBits) + 1;
  if (width > MAX_SIDE || height > MAX_SIDE) throw new MalformedError(`picture size ${width}x${height}`);
  skipTools(bits, reduced);
  return { profile, level, highTier, frameRate, width, height, ...readColour(bits, profile) };
}

/** Sample entries hold sizes in 16 bits (ISO/IEC 14496-12 12.1.3). */
const MAX_SIDE = 65_535;

function readOperatingPoints(bits: BitReader): { level: number; highTier: boolean; frameRate: number | undefined } {
  let frameRate: number | undefined;
  let decoderModel = false;
  let delayBits = 0;
  if (bits.flag()) {
    const unitsInTick = bits.u(32);
    const timeScale = bits.u(32);
    // equal_picture_interval: num_ticks_per_picture_minus_1 as uvlc(), which is coded as ue(v)
    if (bits.flag()) frameRate = frameRateOf(timeScale, unitsInTick * (bits.ue() + 1));
    decoderModel = bits.flag();
    if (decoderModel) {
      delayBits = bits.u(5) + 1;
      bits.skip(32 + 5 + 5);
    }
  }
  const initialDelay = bits.flag();
  let level = 0;
  let highTier = false;
  const last = bits.u(5);
  for (let i = 0; i <= last; i++) {
    bits.skip(12); // operating_point_idc
    const pointLevel = bits.u(5);
    const pointTier = pointLevel > 7 && bits.flag();
    if (decoderModel && bits.flag()) bits.skip(delayBits * 2 + 1);
    if (initialDelay && bits.flag()) bits.skip(4);
    if (i === 0) {
      level = pointLevel;
      highTier = pointTier;
    }
  }
  return { level, highTier, frameRate };
}

/** frame_id_numbers_present_flag to enable_restoration. */
function skipTools(bits: BitReader, reduced: boolean): void {
  if (!reduced && bits.flag()) bits.skip(4 + 3); // frame id lengths
  bits.skip(3); // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!reduced) {
    bits.skip(4); // interintra and masked compound, warped motion, dual filter
    const orderHint = bits.flag();
    if (orderHint) bits.skip(2); // enable_jnt_comp, enable_ref_frame_mvs
    const screenContent = bits.flag() || bits.flag(); // chosen per frame, or forced
    if (screenContent && !bits.flag()) bits.skip(1); // seq_force_integer_mv
    if (orderHint) bits.skip(3); // order_hint_bits_minus_1
  }
  bits.skip(3); // superres, cdef, restoration
}

/** color_config() (5.5.2) */
function readColour(
  bits: BitReader,
  profile: number,
): Pick<
  Av1SequenceHeader,
  "bitDepth" | "monochrome" | "subsamplingX" | "subsamplingY" | "chromaSamplePosition" | "colour"
> {
  const highDepth = bits.flag();
  const bitDepth = !highDepth ? 8 : profile === 2 && bits.flag() ? 12 : 10;
  const monochrome = profile !== 1 && bits.flag();
  const described = bits.flag();
  const primaries = described ? bits.u(8) : UNSPECIFIED;
  const transfer = described ? bits.u(8) : UNSPECIFIED;
  const matrix = described ? bits.u(8) : UNSPECIFIED;
  const isSrgb = !monochrome && primaries === 1 && transfer === 13 && matrix === 0;
  const fullRange = isSrgb || bits.flag();
  let subsamplingX: 0 | 1 = 1;
  let subsamplingY: 0 | 1 = 1;
  if (isSrgb || (profile === 1 && !monochrome)) {
    subsamplingX = 0;
    subsamplingY = 0;
  } else if (profile === 2 && !monochrome) {
    subsamplingX = bitDepth < 12 || bits.flag() ? 1 : 0;
    subsamplingY = bitDepth === 12 && subsamplingX === 1 && bits.flag() ? 1 : 0;
  }
  const chromaSamplePosition = !monochrome && subsamplingX === 1 && subsamplingY === 1 ? bits.u(2) : 0;
  const colour = { primaries, transfer, matrix, fullRange };
  return { bitDepth, monochrome, subsamplingX, subsamplingY, chromaSamplePosition, colour };
}
