import { MalformedError } from "../../bytes/errors.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { adtsFields } from "../../codecs/aac/adts.ts";
import type { AudioConfig, CodecConfig } from "../../media/track.ts";
import { toAnnexB } from "./annexb.ts";
import { AUDIO_STREAM_ID, PRIVATE_STREAM_ID, VIDEO_STREAM_ID } from "./pes.ts";

/** How a codec is announced in the PMT and in its PES packets. */
export type ElementaryStream = {
  /** ISO/IEC 13818-1 Table 2-34; private values as ATSC A/53 and the registrations have them. */
  readonly streamType: number;
  readonly streamId: number;
  readonly descriptors: Uint8Array;
};

/** stream_type of metadata in PES packets. */
export const METADATA_STREAM_TYPE = 0x15;

const NONE = new Uint8Array(0);

/** Whether MPEG-TS can carry it so that players know it: not AV1, VP9, FLAC, nor channel layouts without a code. */
export function canCarry(config: CodecConfig): boolean {
  return toElementaryStream(config) !== undefined;
}

/** Undefined when it cannot be carried, or when its record is broken. */
export function toElementaryStream(config: CodecConfig): ElementaryStream | undefined {
  switch (config.codec) {
    case "h264":
      if (!isReadable(() => toAnnexB(config))) return undefined;
      return { streamType: 0x1b, streamId: VIDEO_STREAM_ID, descriptors: NONE };
    case "hevc":
      if (!isReadable(() => toAnnexB(config))) return undefined;
      return { streamType: 0x24, streamId: VIDEO_STREAM_ID, descriptors: registration("HEVC") };
    case "aac":
      if (!isReadable(() => adtsFields(config))) return undefined;
      return { streamType: 0x0f, streamId: AUDIO_STREAM_ID, descriptors: NONE };
    case "mp3":
      // 11172-3 has 32 kHz and up, 13818-3 the lower sampling frequencies.
      return { streamType: config.sampleRate >= 32_000 ? 0x03 : 0x04, streamId: AUDIO_STREAM_ID, descriptors: NONE };
    case "ac3":
      return { streamType: 0x81, streamId: PRIVATE_STREAM_ID, descriptors: registration("AC-3") };
    case "eac3":
      return { streamType: 0x87, streamId: PRIVATE_STREAM_ID, descriptors: registration("EAC3") };
    case "opus":
      return opusStream(config);
    case "av1":
    case "vp9":
    case "flac":
      return undefined;
    default:
      return config satisfies never;
  }
}

/** Program-level descriptor that timed ID3 needs: metadata_pointer_descriptor (2.6.58), as Apple's Timed Metadata spec has it. */
export function id3ProgramDescriptor(program: number): Uint8Array {
  const out = new ByteWriter(17).u8(0x25).u8(15);
  return out.u16(0xffff).ascii("ID3 ").u8(0xff).ascii("ID3 ").u8(0).u8(0x1f).u16(program).take();
}

/** Stream-level descriptor of timed ID3: metadata_descriptor (2.6.60). */
export function id3StreamDescriptor(): Uint8Array {
  return new ByteWriter(15).u8(0x26).u8(13).u16(0xffff).ascii("ID3 ").u8(0xff).ascii("ID3 ").u8(0).u8(0x0f).take();
}

/** ISO_639_language_descriptor (2.6.18), or nothing for a tag that is no three-letter code. */
export function languageDescriptor(language: string | undefined): Uint8Array {
  if (!language || !/^[a-z]{3}$/.test(language)) return NONE;
  return new ByteWriter(6).u8(0x0a).u8(4).ascii(language).u8(0).take();
}

/** registration_descriptor (2.6.8). */
function registration(format: string): Uint8Array {
  return new ByteWriter(6).u8(0x05).u8(4).ascii(format).take();
}

/** Opus in TS 4: registration, and an extension descriptor with the channel configuration. */
function opusStream(config: AudioConfig): ElementaryStream | undefined {
  // dOps: version, channels, pre-skip, rate, gain, mapping family at byte 10.
  const channels = config.record[1] ?? config.channels;
  const family = config.record[10] ?? 0;
  const known = family === 0 ? channels === 1 || channels === 2 : family === 1 && channels >= 1 && channels <= 8;
  if (!known) return undefined;
  const extension = new ByteWriter(4).u8(0x7f).u8(2).u8(0x80).u8(channels).take();
  const descriptors = new ByteWriter(10).bytes(registration("Opus")).bytes(extension).take();
  return { streamType: 0x06, streamId: PRIVATE_STREAM_ID, descriptors };
}

/** `read` gives something, rather than undefined or a MalformedError. */
function isReadable(read: () => unknown): boolean {
  try {
    return read() !== undefined;
  } catch (error) {
    if (error instanceof MalformedError) return false;
    throw error;
  }
}
