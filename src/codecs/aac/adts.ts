import { BitReader } from "../../bytes/bits.ts";
import { MalformedError } from "../../bytes/errors.ts";
import type { AudioConfig } from "../../media/track.ts";
import { AAC_SAMPLE_RATES, decodeAudioSpecificConfig } from "./config.ts";
import type { ProgramConfigPlace } from "./program-config.ts";

/** What an ADTS header needs of the AudioSpecificConfig: derive it once per config, use it per frame. */
export type AdtsFields = {
  /** Object type minus 1: 1 is AAC-LC. */
  readonly profile: number;
  readonly frequencyIndex: number;
  readonly channelConfiguration: number;
  /** When channelConfiguration is 0: the program_config_element as the first element of each raw_data_block. Else empty. */
  readonly programConfig: Uint8Array;
  /** Bytes that stand before each frame: the header of 7, and `programConfig`. */
  readonly headerLength: number;
};

/** aac_frame_length has 13 bits: header and frame together are at most this long (ISO/IEC 14496-3 1.A.2.2.1). */
export const MAX_ADTS_FRAME = 8191;

/**
 * The fields of an AAC config for ADTS. HE-AAC is written as its core, which ADTS signals implicitly. Undefined for what
 * ADTS cannot express: object types above 4 (low delay, xHE-AAC), rates that are not in the table, 7.1 of channel
 * configurations above 7, frames of 960 samples.
 */
export function adtsFields(config: AudioConfig): AdtsFields | undefined {
  const asc = decodeAudioSpecificConfig(config.record);
  const { objectType, frequencyIndex, channelConfiguration, frameLength } = asc;
  if (objectType > 4 || frequencyIndex === 15 || channelConfiguration > 7 || frameLength !== 1024) return undefined;
  const programConfig = asc.programConfig ? programConfigElement(config.record, asc.programConfig) : new Uint8Array(0);
  const headerLength = HEADER_SIZE + programConfig.length;
  return { profile: objectType - 1, frequencyIndex, channelConfiguration, programConfig, headerLength };
}

/**
 * Writes what stands before a frame of `frameLength` bytes at `target[offset]`, `fields.headerLength` bytes; gives the
 * offset behind it. The caller leaves out frames for which `headerLength + frameLength` is above `MAX_ADTS_FRAME`.
 */
export function writeAdtsHeader(target: Uint8Array, offset: number, fields: AdtsFields, frameLength: number): number {
  const length = fields.headerLength + frameLength;
  const channels = fields.channelConfiguration;
  target[offset] = 0xff;
  target[offset + 1] = 0xf1; // MPEG-4, no CRC
  target[offset + 2] = (fields.profile << 6) | (fields.frequencyIndex << 2) | (channels >> 2);
  target[offset + 3] = ((channels & 3) << 6) | (length >> 11);
  target[offset + 4] = length >> 3;
  target[offset + 5] = (length << 5) | 0x1f; // buffer fullness 0x7ff: variable rate
  target[offset + 6] = 0xfc;
  if (fields.programConfig.length > 0) target.set(fields.programConfig, offset + HEADER_SIZE);
  return offset + fields.headerLength;
}

/** What stands before a frame of `frameLength` bytes; undefined where `adtsFields` is, or the frame is too long. */
export function adtsHeader(config: AudioConfig, frameLength: number): Uint8Array | undefined {
  const fields = adtsFields(config);
  if (!fields || fields.headerLength + frameLength > MAX_ADTS_FRAME) return undefined;
  const header = new Uint8Array(fields.headerLength);
  writeAdtsHeader(header, 0, fields, frameLength);
  return header;
}

export type AdtsFrame = {
  /** An AudioSpecificConfig of the header's fields. */
  readonly asc: Uint8Array;
  readonly sampleRate: number;
  /** One raw_data_block, or several, as a view. */
  readonly data: Uint8Array;
  /** number_of_raw_data_blocks_in_frame plus 1; canonical packets come from frames with 1. */
  readonly blocks: number;
  /** Offset of the next header. */
  readonly end: number;
};

/** Decodes the ADTS frame that begins at `offset` (1.A.2.2). */
export function decodeAdts(bytes: Uint8Array, offset = 0): AdtsFrame {
  const bits = new BitReader(bytes.subarray(offset, offset + HEADER_SIZE));
  if (bits.u(12) !== 0xfff) throw new MalformedError("no ADTS syncword", offset);
  bits.skip(1); // ID
  if (bits.u(2) !== 0) throw new MalformedError("ADTS layer is not 0", offset + 1);
  const withoutCrc = bits.flag();
  const profile = bits.u(2);
  const frequencyIndex = bits.u(4);
  const sampleRate = AAC_SAMPLE_RATES[frequencyIndex];
  if (sampleRate === undefined) throw new MalformedError(`sampling frequency index ${frequencyIndex}`, offset + 2);
  bits.skip(1); // private_bit
  const channels = bits.u(3);
  bits.skip(4); // original_copy, home, copyright bits
  const length = bits.u(13);
  bits.skip(11);
  const blocks = bits.u(2) + 1;
  const start = offset + HEADER_SIZE + (withoutCrc ? 0 : 2);
  const end = offset + length;
  if (end < start || end > bytes.length) throw new MalformedError(`ADTS frame of ${length} bytes`, offset);
  const asc = Uint8Array.of(
    ((profile + 1) << 3) | (frequencyIndex >> 1),
    ((frequencyIndex & 1) << 7) | (channels << 3),
  );
  return { asc, sampleRate, data: bytes.subarray(start, end), blocks, end };
}

const HEADER_SIZE = 7;
const ID_PCE = 5;

/**
 * id_syn_ele and the program_config_element of an AudioSpecificConfig, as bytes: raw_data_block aligns the comment to
 * itself, so the element ends on a byte and the frame's own elements follow unshifted (4.4.1.1).
 */
function programConfigElement(asc: Uint8Array, place: ProgramConfigPlace): Uint8Array {
  const comment = asc.subarray((place.fieldsEnd + 7) >> 3, place.end >> 3);
  const fields = new BitReader(asc);
  fields.skip(place.start);
  const size = 3 + place.fieldsEnd - place.start;
  const out = new Uint8Array(((size + 7) >> 3) + comment.length);
  out[0] = ID_PCE << 5;
  for (let bit = 3; bit < size; bit++) {
    if (fields.flag()) out[bit >> 3] = (out[bit >> 3] as number) | (0x80 >> (bit & 7));
  }
  out.set(comment, (size + 7) >> 3);
  return out;
}
