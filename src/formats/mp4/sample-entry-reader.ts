import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { decodeAacConfig } from "../../codecs/aac/config.ts";
import { decodeAv1Config } from "../../codecs/av1/config.ts";
import { decodeFlacConfig } from "../../codecs/flac/config.ts";
import { decodeAvcConfig } from "../../codecs/h264/config.ts";
import { lengthSizeOf as avcLengthSize } from "../../codecs/h264/nal.ts";
import { decodeHevcConfig } from "../../codecs/hevc/config.ts";
import { lengthSizeOf as hevcLengthSize } from "../../codecs/hevc/nal.ts";
import { decodeOpusConfig } from "../../codecs/opus/config.ts";
import { decodeVp9Config } from "../../codecs/vp9/config.ts";
import type { CodecConfig } from "../../media/track.ts";
import { type Box, walkBoxes } from "./boxes.ts";

/** A sample entry of an stsd (ISO/IEC 14496-12 8.5.2), with what its configuration box says. */
export type SampleEntry = {
  /** FourCC; of the original format (frma) where the samples are encrypted. */
  readonly format: string;
  readonly encrypted: boolean;
  /** RFC 6381; the FourCC alone where the configuration cannot be read. */
  readonly codec: string;
  /** Of a visual entry; 0 in others. */
  readonly width: number;
  readonly height: number;
  /** What the configuration box holds; undefined for formats that are not known here. */
  readonly config?: CodecConfig;
  /** Bytes of the length before each NAL unit, 1 to 4; 0 for formats without NAL units. */
  readonly lengthSize: number;
  /** What is wrong with the configuration box. */
  readonly fault?: string;
};

/**
 * Decodes the sample entry in `box`. A broken configuration is a `fault`, not an error.
 * @param handler handler_type of the track
 */
export function decodeSampleEntry(box: Box, handler: string): SampleEntry {
  const { payload } = box;
  const fixed = handler === "vide" ? VISUAL_SIZE : handler === "soun" ? AUDIO_SIZE : BASE_SIZE;
  if (payload.length < fixed) throw new MalformedError(`${box.type} sample entry of ${box.size} bytes`, box.offset);
  const size = handler === "vide" ? new ByteReader(payload, 24) : undefined;
  const width = size?.u16() ?? 0;
  const height = size?.u16() ?? 0;
  const encrypted = box.type === "encv" || box.type === "enca";
  const found = new Map<string, Uint8Array>();
  let format = box.type;
  if (fixed !== BASE_SIZE) {
    for (const inner of walkBoxes(payload.subarray(fixed))) {
      if (encrypted && inner.path === "sinf/frma") format = new ByteReader(inner.payload).ascii(4);
      if (!inner.path.includes("/") && !found.has(inner.type)) found.set(inner.type, inner.payload);
    }
  }
  return { format, encrypted, codec: format, width, height, lengthSize: 0, ...decodeConfiguration(format, found) };
}

const BASE_SIZE = 8;
const VISUAL_SIZE = 78;
const AUDIO_SIZE = 28;

type Configuration = Partial<Pick<SampleEntry, "codec" | "config" | "lengthSize" | "fault">>;

function decodeConfiguration(format: string, boxes: ReadonlyMap<string, Uint8Array>): Configuration {
  const type = CONFIGURATION_BOXES.get(format);
  if (!type) return {};
  const record = boxes.get(type);
  if (!record) return { fault: `no ${type} box` };
  try {
    return decodeRecord(format, record);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { fault: `${type}: ${error.what}` };
  }
}

const CONFIGURATION_BOXES: ReadonlyMap<string, string> = new Map([
  ["avc1", "avcC"],
  ["avc3", "avcC"],
  ["hvc1", "hvcC"],
  ["hev1", "hvcC"],
  ["av01", "av1C"],
  ["vp09", "vpcC"],
  ["mp4a", "esds"],
  ["Opus", "dOps"],
  ["fLaC", "dfLa"],
  ["ac-3", "dac3"],
  ["ec-3", "dec3"],
]);

function decodeRecord(format: string, record: Uint8Array): Configuration {
  switch (format) {
    case "avc1":
    case "avc3": {
      // With avc3 the parameter sets may be in the samples alone.
      if (format === "avc3" && isWithoutSps(record)) return { lengthSize: avcLengthSize(record) };
      const config = decodeAvcConfig(record);
      return { config, codec: format + config.codecString.slice(4), lengthSize: avcLengthSize(record) };
    }
    case "hvc1":
    case "hev1": {
      const config = decodeHevcConfig(record);
      return { config, codec: format + config.codecString.slice(4), lengthSize: hevcLengthSize(record) };
    }
    case "av01":
      return withCodec(decodeAv1Config(record));
    case "vp09":
      return withCodec(decodeVp9Config(record.subarray(FULL_BOX)));
    case "mp4a":
      return decodeEsds(record);
    case "Opus":
      // The codec as MP4RA names it, and not as playlists do.
      return { config: decodeOpusConfig(record) };
    case "fLaC":
      return withCodec(decodeFlacConfig(record.subarray(FULL_BOX)));
    default:
      return {};
  }
}

/** Version and flags. */
const FULL_BOX = 4;

function withCodec(config: CodecConfig): Configuration {
  return { config, codec: config.codecString };
}

function isWithoutSps(record: Uint8Array): boolean {
  return record.length > 5 && ((record[5] as number) & 0x1f) === 0;
}

/** ES_Descriptor with its DecoderConfigDescriptor (ISO/IEC 14496-1 7.2.6.5, 7.2.6.6). */
function decodeEsds(payload: Uint8Array): Configuration {
  const reader = new ByteReader(payload);
  reader.skip(FULL_BOX);
  const stream = readDescriptor(reader, TAG_ES);
  stream.skip(2);
  const flags = stream.u8();
  if (flags & 0x80) stream.skip(2); // dependsOn_ES_ID
  if (flags & 0x40) stream.skip(stream.u8()); // URL
  if (flags & 0x20) stream.skip(2); // OCR_ES_Id
  const decoder = readDescriptor(stream, TAG_DECODER);
  const objectType = decoder.u8();
  if (objectType !== OBJECT_AAC) return { codec: `mp4a.${objectType.toString(16)}` };
  decoder.skip(12);
  return withCodec(decodeAacConfig(readDescriptor(decoder, TAG_SPECIFIC).rest()));
}

function readDescriptor(reader: ByteReader, tag: number): ByteReader {
  const offset = reader.offset;
  const found = reader.u8();
  if (found !== tag) throw new MalformedError(`descriptor ${found} where ${tag} is due`, offset);
  let size = 0;
  for (let i = 0; i < 4; i++) {
    const byte = reader.u8();
    size = (size << 7) | (byte & 0x7f);
    if (byte < 0x80) break;
  }
  return reader.sub(size);
}

const TAG_ES = 3;
const TAG_DECODER = 4;
const TAG_SPECIFIC = 5;
const OBJECT_AAC = 0x40;
