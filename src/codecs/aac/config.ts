import { BitReader } from "../../bytes/bits.ts";
import { MalformedError } from "../../bytes/errors.ts";
import type { AudioConfig } from "../../media/track.ts";
import { type ProgramConfigPlace, readProgramConfig } from "./program-config.ts";

/** The fields of an AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1). */
export type AudioSpecificConfig = {
  /** Of the core: 2 is AAC-LC. */
  readonly objectType: number;
  /** Of the core, in Hz, with its samplingFrequencyIndex (15: not in the table). */
  readonly sampleRate: number;
  readonly frequencyIndex: number;
  /** channelConfiguration; 0 when a program_config_element says it. */
  readonly channelConfiguration: number;
  /** Output channels of the core. */
  readonly channels: number;
  /** Samples that a frame decodes to, at the core's rate. */
  readonly frameLength: number;
  /** Spectral band replication, signalled explicitly. */
  readonly sbr: boolean;
  /** Parametric stereo, signalled explicitly. */
  readonly ps: boolean;
  /** Of the output, in Hz. */
  readonly outputRate: number;
  /** Where the program_config_element lies, when channelConfiguration is 0. */
  readonly programConfig?: ProgramConfigPlace;
};

/** Decodes an AudioSpecificConfig into a config; `record` is a copy of it. */
export function decodeAacConfig(asc: Uint8Array): AudioConfig {
  const { objectType, channels, frameLength, sbr, ps, outputRate } = decodeAudioSpecificConfig(asc);
  return {
    codec: "aac",
    record: asc.slice(),
    codecString: `mp4a.40.${ps ? OBJECT_PS : sbr ? OBJECT_SBR : objectType}`,
    sampleRate: outputRate,
    channels: ps && channels === 1 ? 2 : channels,
    samplesPerPacket: frameLength,
  };
}

export function decodeAudioSpecificConfig(asc: Uint8Array): AudioSpecificConfig {
  if (asc.length > MAX_LENGTH) throw new MalformedError(`AudioSpecificConfig of ${asc.length} bytes`);
  const bits = new BitReader(asc);
  let objectType = readObjectType(bits);
  const [frequencyIndex, sampleRate] = readFrequency(bits);
  const channelConfiguration = bits.u(4);
  let outputRate = sampleRate;
  let sbr = false;
  let ps = false;
  if (objectType === OBJECT_SBR || objectType === OBJECT_PS) {
    sbr = true;
    ps = objectType === OBJECT_PS;
    outputRate = readFrequency(bits)[1];
    objectType = readObjectType(bits);
    if (objectType === OBJECT_BSAC) bits.skip(4); // extensionChannelConfiguration
  }
  const specific = readSpecific(bits, objectType, channelConfiguration);
  if (!sbr && objectType !== OBJECT_USAC) {
    const extension = readSyncExtension(bits);
    if (extension) ({ sbr, ps, outputRate } = extension);
  }
  return { objectType, sampleRate, frequencyIndex, channelConfiguration, sbr, ps, outputRate, ...specific };
}

/** Sampling rates by samplingFrequencyIndex (table 1.18). */
export const AAC_SAMPLE_RATES: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

/** Output channels by channelConfiguration (table 1.19); 0 where it does not say. */
export const AAC_CHANNELS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0];

/** The longest in use, with a program_config_element and its comment of 255 bytes, is shorter. */
const MAX_LENGTH = 512;

const OBJECT_SBR = 5;
const OBJECT_BSAC = 22;
const OBJECT_PS = 29;
const OBJECT_ESCAPE = 31;
const OBJECT_ELD = 39;
const OBJECT_USAC = 42;

/** Object types whose specific config is GASpecificConfig (1.6.2.1). */
const GENERAL_AUDIO = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23]);

function readObjectType(bits: BitReader): number {
  const type = bits.u(5);
  return type === OBJECT_ESCAPE ? 32 + bits.u(6) : type;
}

function readFrequency(bits: BitReader): [index: number, rate: number] {
  const index = bits.u(4);
  const rate = index === 15 ? bits.u(24) : AAC_SAMPLE_RATES[index];
  if (rate === undefined || rate < MIN_RATE || rate > MAX_RATE) {
    throw new MalformedError(`sampling frequency ${rate ?? `index ${index}`}`, bits.position >> 3);
  }
  return [index, rate];
}

const MIN_RATE = 1_000;
const MAX_RATE = 384_000;

type Specific = Pick<AudioSpecificConfig, "channels" | "frameLength" | "programConfig">;

function readSpecific(bits: BitReader, objectType: number, channelConfiguration: number): Specific {
  const channels = AAC_CHANNELS[channelConfiguration] ?? 0;
  if (objectType === OBJECT_USAC) return { channels: channels || 2, frameLength: readUsacFrameLength(bits) };
  if (objectType === OBJECT_ELD) return { channels: channels || 2, frameLength: bits.flag() ? 480 : 512 };
  if (!GENERAL_AUDIO.has(objectType)) throw new MalformedError(`audio object type ${objectType} is not AAC`);

  const shortFrames = bits.flag();
  if (bits.flag()) bits.skip(14); // dependsOnCoreCoder: coreCoderDelay
  const extended = bits.flag();
  const isLowDelay = objectType === 23;
  const frameLength = isLowDelay ? (shortFrames ? 480 : 512) : shortFrames ? 960 : 1024;
  if (channelConfiguration !== 0) {
    if (channels === 0) throw new MalformedError(`channelConfiguration ${channelConfiguration}`);
    skipExtension(bits, objectType, extended);
    return { channels, frameLength };
  }
  const described = readProgramConfig(bits);
  if (described.channels === 0) throw new MalformedError("program_config_element without channels", bits.position >> 3);
  skipExtension(bits, objectType, extended);
  return { channels: described.channels, frameLength, programConfig: described.place };
}

/** The end of GASpecificConfig (4.4.1); it is absent in records that were cut, which is harmless. */
function skipExtension(bits: BitReader, objectType: number, extended: boolean): void {
  if ((objectType === 6 || objectType === 20) && bits.left >= 3) bits.skip(3); // layerNr
  if (!extended) return;
  const size = objectType === 22 ? 16 : [17, 19, 20, 23].includes(objectType) ? 3 : 0;
  if (bits.left >= size + 1) bits.skip(size + 1);
}

/** The backward compatible signalling of SBR and PS behind the specific config. */
function readSyncExtension(bits: BitReader): { sbr: boolean; ps: boolean; outputRate: number } | undefined {
  if (bits.left < 16 || bits.u(11) !== 0x2b7 || readObjectType(bits) !== OBJECT_SBR) return undefined;
  if (bits.left < 5 || !bits.flag()) return undefined;
  const outputRate = readFrequency(bits)[1];
  const ps = bits.left >= 12 && bits.u(11) === 0x548 && bits.flag();
  return { sbr: true, ps, outputRate };
}

/** coreSbrFrameLengthIndex of UsacConfig (ISO/IEC 23003-3 5.2), as output samples. */
function readUsacFrameLength(bits: BitReader): number {
  if (bits.u(5) === 31) bits.skip(24);
  return [768, 1024, 2048, 2048, 4096][bits.u(3)] ?? 1024;
}
