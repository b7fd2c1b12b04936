import { BitWriter } from "../bytes/bit-writer.ts";
import { MalformedError } from "../bytes/errors.ts";
import type { Ticks } from "../media/time.ts";
import type { AudioConfig } from "../media/track.ts";
import { type AudioSpecificConfig, decodeAudioSpecificConfig } from "./aac/config.ts";

/** A packet that decodes to silence, and how long it lasts in ticks of its track. */
export type Silence = { readonly data: Uint8Array; readonly duration: Ticks };

/**
 * Silence that a decoder set up for `config` takes; undefined where none is known (AC-3, E-AC-3, FLAC, rarer forms of AAC).
 * @param last a packet of the stream
 */
export function silenceFor(config: AudioConfig, last: Uint8Array): Silence | undefined {
  switch (config.codec) {
    case "aac":
      return aacSilence(config.record);
    case "opus":
      return opusSilence(config.record);
    case "mp3":
      return mp3Silence(last, config.samplesPerPacket);
    default:
      return undefined;
  }
}

const OBJECT_LC = 2;

/** A raw_data_block without spectral data (ISO/IEC 14496-3 4.4.2.1). */
function aacSilence(record: Uint8Array): Silence | undefined {
  let config: AudioSpecificConfig;
  try {
    config = decodeAudioSpecificConfig(record);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
  const elements = AAC_ELEMENTS[config.channelConfiguration];
  if (config.objectType !== OBJECT_LC || !elements) return undefined;
  const bits = new BitWriter(32);
  const tags = [0, 0, 0, 0];
  for (const element of elements) {
    const tag = tags[element] as number;
    tags[element] = tag + 1;
    bits.u(3, element).u(4, tag);
    if (element === ELEMENT_CPE) {
      bits.u(1, 1); // common_window
      writeIcsInfo(bits);
      bits.u(2, 0); // ms_mask_present
      writeChannel(bits, false);
      writeChannel(bits, false);
    } else writeChannel(bits, true);
  }
  return { data: bits.u(3, ELEMENT_END).take(), duration: config.frameLength };
}

const ELEMENT_SCE = 0;
const ELEMENT_CPE = 1;
const ELEMENT_LFE = 3;
const ELEMENT_END = 7;

/** Elements by channelConfiguration (table 1.19). */
const AAC_ELEMENTS: readonly (readonly number[] | undefined)[] = [
  undefined,
  [ELEMENT_SCE],
  [ELEMENT_CPE],
  [ELEMENT_SCE, ELEMENT_CPE],
  [ELEMENT_SCE, ELEMENT_CPE, ELEMENT_SCE],
  [ELEMENT_SCE, ELEMENT_CPE, ELEMENT_CPE],
  [ELEMENT_SCE, ELEMENT_CPE, ELEMENT_CPE, ELEMENT_LFE],
  [ELEMENT_SCE, ELEMENT_CPE, ELEMENT_CPE, ELEMENT_CPE, ELEMENT_LFE],
];

/** individual_channel_stream (table 4.50) with max_sfb 0: no sections, scale factors or spectrum. */
function writeChannel(bits: BitWriter, ownInfo: boolean): void {
  bits.u(8, 0); // global_gain
  if (ownInfo) writeIcsInfo(bits);
  bits.u(3, 0); // pulse_data_present, tns_data_present, gain_control_data_present
}

/** ics_info (table 4.6): one long window, max_sfb 0, no prediction. */
function writeIcsInfo(bits: BitWriter): void {
  bits.u(1 + 2 + 1 + 6 + 1, 0);
}

/** A CELT frame of 20 ms, fullband, whose silence flag is set (RFC 6716 4.3); one channel stands for two. */
const OPUS_SILENCE = Uint8Array.of(0xf8, 0xff, 0xfe);
const OPUS_TICKS = 960;
/** Offset of ChannelMappingFamily in `dOps`. */
const OPUS_FAMILY = 10;

function opusSilence(record: Uint8Array): Silence | undefined {
  return record[OPUS_FAMILY] === 0 ? { data: OPUS_SILENCE, duration: OPUS_TICKS } : undefined;
}

/** The header of a frame (ISO/IEC 11172-3 2.4.1.3), then side information and main data of zeros. */
function mp3Silence(last: Uint8Array, samples: number): Silence | undefined {
  if (last.length < 4 || samples === 0) return undefined;
  const data = new Uint8Array(last.length);
  data.set(last.subarray(0, 4));
  // protection_bit: no CRC follows.
  data[1] = (data[1] as number) | 1;
  return { data, duration: samples };
}
