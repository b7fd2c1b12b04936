import { MalformedError } from "../../bytes/errors.ts";
import type { Colour, VideoConfig } from "../../media/track.ts";
import { UNSPECIFIED } from "../vui.ts";
import { sequenceHeaderIn } from "./obu.ts";
import { type Av1SequenceHeader, decodeAv1SequenceHeader } from "./sequence-header.ts";

/**
 * Decodes an AV1CodecConfigurationRecord (AV1-ISOBMFF 2.3). Its configOBUs may lack the sequence header; then the size is
 * 0, and the codec string comes from the record's own fields.
 */
export function decodeAv1Config(record: Uint8Array): VideoConfig {
  if (record.length < HEADER_SIZE) throw new MalformedError(`av1C of ${record.length} bytes`);
  if (record[0] !== MARKER_AND_VERSION) throw new MalformedError(`av1C marker and version ${record[0]}`);
  const obus = record.subarray(HEADER_SIZE);
  if (sequenceHeaderIn(obus)) return av1ConfigFromObus(obus);
  const [, second, third] = record as unknown as [number, number, number];
  const fields: StringFields = {
    profile: second >> 5,
    level: second & 0x1f,
    highTier: (third & 0x80) !== 0,
    bitDepth: third & 0x40 ? (third & 0x20 ? 12 : 10) : 8,
    monochrome: (third & 0x10) !== 0,
    subsamplingX: third & 8 ? 1 : 0,
    subsamplingY: third & 4 ? 1 : 0,
    chromaSamplePosition: third & 3,
  };
  return {
    codec: "av1",
    record: record.slice(0, HEADER_SIZE),
    codecString: av1CodecString(fields, undefined),
    width: 0,
    height: 0,
    sar: { width: 1, height: 1 },
  };
}

/** The config of OBUs with a sequence header among them, such as a key temporal unit; their metadata OBUs are left out. */
export function av1ConfigFromObus(obus: Uint8Array): VideoConfig {
  const header = sequenceHeaderIn(obus);
  if (!header) throw new MalformedError("AV1 configuration without a sequence header");
  const fields = decodeAv1SequenceHeader(header);
  const colour = isDescribed(fields.colour) ? fields.colour : undefined;
  return {
    codec: "av1",
    record: encodeRecord(fields, header),
    codecString: av1CodecString(fields, colour),
    width: fields.width,
    height: fields.height,
    sar: { width: 1, height: 1 },
    frameRate: fields.frameRate,
    colour,
  };
}

type StringFields = Omit<Av1SequenceHeader, "colour" | "width" | "height" | "frameRate">;

const HEADER_SIZE = 4;
const MARKER_AND_VERSION = 0x81;

function encodeRecord(fields: StringFields, header: Uint8Array): Uint8Array {
  const obu = withSize(header);
  const record = new Uint8Array(HEADER_SIZE + obu.length);
  record[0] = MARKER_AND_VERSION;
  record[1] = (fields.profile << 5) | fields.level;
  record[2] =
    (fields.highTier ? 0x80 : 0) |
    (fields.bitDepth > 8 ? 0x40 : 0) |
    (fields.bitDepth === 12 ? 0x20 : 0) |
    (fields.monochrome ? 0x10 : 0) |
    (fields.subsamplingX << 3) |
    (fields.subsamplingY << 2) |
    fields.chromaSamplePosition;
  record.set(obu, HEADER_SIZE);
  return record;
}

/** configOBUs must have obu_has_size_field set (2.3.4). */
function withSize(header: Uint8Array): Uint8Array {
  const first = header[0] as number;
  if (first & 2) return header;
  const headerSize = first & 4 ? 2 : 1;
  const size = header.length - headerSize;
  if (size > 127) throw new MalformedError(`AV1 sequence header of ${size} bytes`);
  const obu = new Uint8Array(header.length + 1);
  obu.set(header.subarray(0, headerSize));
  obu[0] = first | 2;
  obu[headerSize] = size;
  obu.set(header.subarray(headerSize), headerSize + 1);
  return obu;
}

function isDescribed(colour: Colour): boolean {
  const { primaries, transfer, matrix, fullRange } = colour;
  return fullRange || primaries !== UNSPECIFIED || transfer !== UNSPECIFIED || matrix !== UNSPECIFIED;
}

/** AV1-ISOBMFF 5. The optional tail is left out where it would say what its absence says: 4:2:0, BT.709, limited range. */
function av1CodecString(fields: StringFields, colour: Colour | undefined): string {
  const { profile, level, highTier, bitDepth, monochrome, subsamplingX, subsamplingY } = fields;
  const head = `av01.${profile}.${two(level)}${highTier ? "H" : "M"}.${two(bitDepth)}`;
  const { primaries, transfer, matrix, fullRange } = colour ?? {
    primaries: 1,
    transfer: 1,
    matrix: 1,
    fullRange: false,
  };
  const position = subsamplingX && subsamplingY ? fields.chromaSamplePosition : 0;
  const tail = `${monochrome ? 1 : 0}.${subsamplingX}${subsamplingY}${position}.${two(primaries)}.${two(transfer)}.${two(matrix)}.${fullRange ? 1 : 0}`;
  return tail === "0.110.01.01.01.0" ? head : `${head}.${tail}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
