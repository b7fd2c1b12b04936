import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import type { VideoConfig } from "../../media/track.ts";
import { addDistinct, fromAnnexB } from "../nal-units.ts";
import { type HevcParameterSets, NAL_PPS, NAL_PREFIX_SEI, NAL_SPS, NAL_VPS, nalType, parameterSetsIn } from "./nal.ts";
import { decodeHevcSps } from "./sps.ts";

/**
 * Decodes an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1); also takes parameter sets behind start codes. The
 * config's record is canonical: 4-byte lengths, each parameter set once. Without an SPS in it (some encoders send it only
 * in-band) the size is 0, and the codec string comes from the record's own fields.
 */
export function decodeHevcConfig(record: Uint8Array): VideoConfig {
  const { vps, sps, pps, sei } = decodeRecord(record);
  const first = sps[0];
  if (!first) {
    const header = record.slice(0, HEADER_SIZE);
    if (header.length < HEADER_SIZE || header[0] !== 1) throw new MalformedError("HEVC configuration without an SPS");
    header[21] = (header[21] as number) | 3;
    header[22] = 0;
    const codecString = hevcCodecString(header.subarray(1));
    return { codec: "hevc", record: header, codecString, width: 0, height: 0, sar: { width: 1, height: 1 } };
  }
  const { profileTierLevel, width, height, sar, frameRate, colour } = decodeHevcSps(first);
  return {
    codec: "hevc",
    record: hevcConfigFromParameterSets(vps, sps, pps, sei),
    codecString: hevcCodecString(profileTierLevel),
    width,
    height,
    sar,
    frameRate,
    colour,
  };
}

/** The parameter sets of a record, as views of it. */
export function hevcParameterSets(record: Uint8Array): HevcParameterSets {
  const { vps, sps, pps } = decodeRecord(record);
  return { vps, sps, pps };
}

/** A canonical record of whole NAL units; `sei` are prefix SEI that hold for the whole stream, such as mastering colour. */
export function hevcConfigFromParameterSets(
  vps: readonly Uint8Array[],
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
  sei: readonly Uint8Array[] = [],
): Uint8Array {
  const first = sps[0];
  if (!first) throw new MalformedError("HEVC configuration without an SPS");
  const { profileTierLevel, temporalLayers, temporalIdNested, chromaFormat, lumaDepth, chromaDepth } =
    decodeHevcSps(first);
  const writer = new ByteWriter(256);
  writer
    .u8(1)
    .bytes(profileTierLevel)
    .u16(0xf000) // min_spatial_segmentation_idc 0: no promise
    .u8(0xfc) // parallelismType 0: unknown
    .u8(0xfc | chromaFormat)
    .u8(0xf8 | (lumaDepth - 8))
    .u8(0xf8 | (chromaDepth - 8))
    .u16(0) // avgFrameRate unspecified
    .u8((temporalLayers << 3) | (temporalIdNested ? 4 : 0) | 3);
  const arrays = [
    [NAL_VPS, vps],
    [NAL_SPS, sps],
    [NAL_PPS, pps],
    [NAL_PREFIX_SEI, sei],
  ] as const;
  writer.u8(arrays.filter(([, nals]) => nals.length > 0).length);
  for (const [type, nals] of arrays) {
    if (nals.length === 0) continue;
    // `hvc1` demands array_completeness for parameter sets (8.4.1.1.1).
    writer.u8(type === NAL_PREFIX_SEI ? type : 0x80 | type).u16(nals.length);
    for (const nal of nals) writer.u16(nal.length).bytes(nal);
  }
  return writer.take();
}

const HEADER_SIZE = 23;

/** Records hold a few; the bound keeps a hostile one from costing quadratic time in finding doubles. */
const MAX_NALS = 64;

function decodeRecord(record: Uint8Array): HevcParameterSets & { readonly sei: Uint8Array[] } {
  if (record[0] === 0) return { ...(parameterSetsIn(fromAnnexB(record)) ?? { vps: [], sps: [], pps: [] }), sei: [] };
  const reader = new ByteReader(record);
  const version = reader.u8();
  if (version !== 1) throw new MalformedError(`configurationVersion ${version}`);
  reader.skip(HEADER_SIZE - 2);
  const sets = { vps: [], sps: [], pps: [], sei: [] };
  const lists = new Map<number, Uint8Array[]>([
    [NAL_VPS, sets.vps],
    [NAL_SPS, sets.sps],
    [NAL_PPS, sets.pps],
    [NAL_PREFIX_SEI, sets.sei],
  ]);
  let total = 0;
  for (let arrays = reader.left > 0 ? reader.u8() : 0; arrays > 0; arrays--) {
    reader.skip(1); // its type is in each NAL unit's header
    for (let count = reader.u16(); count > 0; count--) {
      const nal = reader.bytes(reader.u16());
      if (++total > MAX_NALS) throw new MalformedError(`more than ${MAX_NALS} NAL units`, reader.offset);
      const list = nal.length > 2 ? lists.get(nalType(nal[0] as number)) : undefined;
      if (list) addDistinct(list, nal);
    }
  }
  return sets;
}

/** ISO/IEC 14496-15 E.3, of the 12 bytes general_profile_space to general_level_idc. */
function hevcCodecString(profileTierLevel: Uint8Array): string {
  const reader = new ByteReader(profileTierLevel);
  const first = reader.u8();
  const space = ["", "A", "B", "C"][first >> 6] as string;
  const tier = first & 0x20 ? "H" : "L";
  const compatibility = reversedBits(reader.u32());
  const constraints = [...reader.bytes(6)];
  while (constraints.at(-1) === 0) constraints.pop();
  const parts = [`${space}${first & 0x1f}`, hex(compatibility), `${tier}${reader.u8()}`, ...constraints.map(hex)];
  return `hvc1.${parts.join(".")}`;
}

/** The string has the compatibility flags with flag 0 as the least significant bit. */
function reversedBits(value: number): number {
  let out = 0;
  for (let i = 0; i < 32; i++) if ((value >>> i) & 1) out += 2 ** (31 - i);
  return out;
}

function hex(value: number): string {
  return value.toString(16).toUpperCase();
}
