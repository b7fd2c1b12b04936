import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { crc32Mpeg } from "./crc32.ts";

const PAT_TABLE = 0x00;
const PMT_TABLE = 0x02;
/** section_length of PAT and PMT may not exceed this (ISO/IEC 13818-1 2.4.4.5, 2.4.4.11). */
const MAX_SECTION_LENGTH = 1021;

/** A program of a PAT. */
export type PatProgram = { readonly number: number; readonly pid: number };

/** An elementary stream of a PMT; `descriptors` are their bytes one after the other. */
export type PmtStream = { readonly streamType: number; readonly pid: number; readonly descriptors: Uint8Array };

export type Pmt = {
  readonly program: number;
  /** 0 to 31, changes with the content. */
  readonly version: number;
  readonly pcrPid: number;
  readonly descriptors: Uint8Array;
  readonly streams: readonly PmtStream[];
};

/** The PAT section (2.4.4.3) of transport stream 1, version 0, with its CRC. */
export function encodePat(programs: readonly PatProgram[]): Uint8Array {
  const body = new ByteWriter(16);
  for (const { number, pid } of programs) body.u16(number).u16(0xe000 | pid);
  return encodeSection(PAT_TABLE, 1, 0, body.take());
}

/** @throws MalformedError */
export function decodePat(section: Uint8Array): PatProgram[] {
  const { body } = decodeSection(section, PAT_TABLE);
  const programs: PatProgram[] = [];
  while (body.left > 0) {
    const number = body.u16();
    const pid = body.u16() & 0x1fff;
    // Program 0 is the network table.
    if (number !== 0) programs.push({ number, pid });
  }
  return programs;
}

/** The PMT section (2.4.4.8) with its CRC. */
export function encodePmt(pmt: Pmt): Uint8Array {
  const body = new ByteWriter(128);
  body.u16(0xe000 | pmt.pcrPid).u16(0xf000 | pmt.descriptors.length);
  body.bytes(pmt.descriptors);
  for (const stream of pmt.streams) {
    body.u8(stream.streamType).u16(0xe000 | stream.pid);
    body.u16(0xf000 | stream.descriptors.length).bytes(stream.descriptors);
  }
  return encodeSection(PMT_TABLE, pmt.program, pmt.version, body.take());
}

/** @throws MalformedError */
export function decodePmt(section: Uint8Array): Pmt {
  const { id, version, body } = decodeSection(section, PMT_TABLE);
  const pcrPid = body.u16() & 0x1fff;
  const descriptors = body.bytes(body.u16() & 0x0fff);
  const streams: PmtStream[] = [];
  while (body.left > 0) {
    const streamType = body.u8();
    const pid = body.u16() & 0x1fff;
    streams.push({ streamType, pid, descriptors: body.bytes(body.u16() & 0x0fff) });
  }
  return { program: id, version, pcrPid, descriptors, streams };
}

/** Length in bytes that the section at the start of `data` says it has; undefined while that is not there yet. */
export function sectionSize(data: Uint8Array): number | undefined {
  if (data.length < 3) return undefined;
  const length = (((data[1] as number) & 0x0f) << 8) | (data[2] as number);
  if (length > MAX_SECTION_LENGTH) throw new MalformedError(`section of ${length} bytes`, 1);
  return 3 + length;
}

function encodeSection(table: number, id: number, version: number, body: Uint8Array): Uint8Array {
  const section = new ByteWriter(body.length + 12);
  section.u8(table).u16(0xb000 | (body.length + 9));
  // current_next_indicator 1; section 0, the last.
  section
    .u16(id)
    .u8(0xc1 | ((version & 31) << 1))
    .u8(0)
    .u8(0)
    .bytes(body)
    .u32(0);
  const bytes = section.take();
  const crc = crc32Mpeg(bytes, 0, bytes.length - 4);
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(bytes.length - 4, crc);
  return bytes;
}

function decodeSection(section: Uint8Array, table: number): { id: number; version: number; body: ByteReader } {
  const size = sectionSize(section);
  if (size === undefined || size < 12) throw new MalformedError("section cut short", section.length);
  const reader = new ByteReader(section);
  const whole = reader.sub(size);
  const found = whole.u8();
  if (found !== table) throw new MalformedError(`section of table ${found} where ${table} is due`, 0);
  if (crc32Mpeg(section, 0, size) !== 0) throw new MalformedError("section with a wrong CRC", size - 4);
  whole.skip(2);
  const id = whole.u16();
  const version = (whole.u8() >> 1) & 31;
  whole.skip(2);
  return { id, version, body: whole.sub(whole.left - 4) };
}
