import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import type { VideoConfig } from "../../media/track.ts";
import { addDistinct, fromAnnexB } from "../nal-units.ts";
import { type AvcParameterSets, NAL_PPS, NAL_SPS, nalType, parameterSetsIn } from "./nal.ts";
import { decodeAvcSps } from "./sps.ts";

/**
 * Decodes an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1); also takes parameter sets behind start codes, which
 * some encoders send in its place. The config's record is canonical: 4-byte lengths, each parameter set once, nothing
 * behind the fields of the standard. The lengths of the publisher's own frames are `lengthSizeOf` of the given record.
 */
export function decodeAvcConfig(record: Uint8Array): VideoConfig {
  const { sps, pps } = avcParameterSets(record);
  const first = sps[0];
  if (!first) throw new MalformedError("H.264 configuration without an SPS");
  const { width, height, sar, frameRate, colour } = decodeAvcSps(first);
  return {
    codec: "h264",
    record: avcConfigFromParameterSets(sps, pps),
    codecString: `avc1.${hex(first[1])}${hex(first[2])}${hex(first[3])}`,
    width,
    height,
    sar,
    frameRate,
    colour,
  };
}

/** The parameter sets of a record, as views of it. */
export function avcParameterSets(record: Uint8Array): AvcParameterSets {
  if (record[0] === 0) return parameterSetsIn(fromAnnexB(record)) ?? { sps: [], pps: [] };
  const reader = new ByteReader(record);
  const version = reader.u8();
  if (version !== 1) throw new MalformedError(`configurationVersion ${version}`);
  reader.skip(4); // profile, compatibility, level, length size
  return {
    sps: readSets(reader, reader.u8() & 0x1f, NAL_SPS),
    // A record cut off behind its SPS is still of use when the PPS come in-band.
    pps: reader.left > 0 ? readSets(reader, reader.u8(), NAL_PPS) : [],
  };
}

/** A canonical record of whole NAL units. The first SPS gives profile and level. */
export function avcConfigFromParameterSets(sps: readonly Uint8Array[], pps: readonly Uint8Array[]): Uint8Array {
  const first = sps[0];
  if (!first) throw new MalformedError("H.264 configuration without an SPS");
  if (sps.length > 31 || pps.length > 255) {
    throw new MalformedError(`${sps.length} SPS and ${pps.length} PPS where a record holds 31 and 255`);
  }
  const { profile, constraints, level, chromaFormat, lumaDepth, chromaDepth } = decodeAvcSps(first);
  const writer = new ByteWriter(128);
  writer
    .u8(1)
    .u8(profile)
    .u8(constraints)
    .u8(level)
    .u8(0xfc | 3);
  writer.u8(0xe0 | sps.length);
  for (const nal of sps) writer.u16(nal.length).bytes(nal);
  writer.u8(pps.length);
  for (const nal of pps) writer.u16(nal.length).bytes(nal);
  // Every profile but Baseline, Main and Extended has these fields.
  if (profile !== 66 && profile !== 77 && profile !== 88) {
    writer
      .u8(0xfc | chromaFormat)
      .u8(0xf8 | (lumaDepth - 8))
      .u8(0xf8 | (chromaDepth - 8))
      .u8(0);
  }
  return writer.take();
}

function readSets(reader: ByteReader, count: number, type: number): Uint8Array[] {
  const sets: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const nal = reader.bytes(reader.u16());
    if (nal.length > 0 && nalType(nal[0] as number) === type) addDistinct(sets, nal);
  }
  return sets;
}

function hex(byte: number | undefined): string {
  return (byte ?? 0).toString(16).toUpperCase().padStart(2, "0");
}
