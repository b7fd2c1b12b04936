import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { TIME_MODULUS } from "./packet.ts";

/** stream_id of a PES packet (ISO/IEC 13818-1 Table 2-22). */
export const VIDEO_STREAM_ID = 0xe0;
export const AUDIO_STREAM_ID = 0xc0;
export const PRIVATE_STREAM_ID = 0xbd;

/** Longest PES header written here: start code, id, length, flags, PTS and DTS. */
export const PES_HEADER_MAX = 19;
/** PES_packet_length counts from behind itself, so a packet with a stated length holds no more than this. */
export const PES_MAX = 6 + 0xffff;

/** A PES packet's header fields; times are 33 bits of 90 kHz. */
export type PesPacket = {
  readonly streamId: number;
  readonly pts: number | undefined;
  readonly dts: number | undefined;
  readonly dataAlignment: boolean;
  readonly payload: Uint8Array;
};

/**
 * Writes a PES header (2.4.3.6) with length 0 at `at`; returns its size. DTS is written only where it differs from PTS.
 * `pts` and `dts` are 90 kHz below 2^33.
 */
export function writePesHeader(data: Uint8Array, at: number, streamId: number, pts: number, dts: number): number {
  const both = pts !== dts;
  data[at] = 0;
  data[at + 1] = 0;
  data[at + 2] = 1;
  data[at + 3] = streamId;
  data[at + 4] = 0;
  data[at + 5] = 0;
  data[at + 6] = 0x84;
  data[at + 7] = both ? 0xc0 : 0x80;
  data[at + 8] = both ? 10 : 5;
  writeTimestamp(data, at + 9, both ? 0x30 : 0x20, pts);
  if (both) writeTimestamp(data, at + 14, 0x10, dts);
  return both ? 19 : 14;
}

/** Fills in PES_packet_length of a packet of `size` bytes in all; longer than the field, it stays 0, as video may. */
export function setPesLength(data: Uint8Array, at: number, size: number): void {
  const length = size > PES_MAX ? 0 : size - 6;
  data[at + 4] = length >>> 8;
  data[at + 5] = length;
}

/**
 * Reads a whole PES packet.
 * @throws MalformedError without start code, cut short, or with broken time stamps
 */
export function decodePes(data: Uint8Array): PesPacket {
  const reader = new ByteReader(data);
  if (reader.u24() !== 1) throw new MalformedError("PES packet without start code", 0);
  const streamId = reader.u8();
  const length = reader.u16();
  if (length > reader.left) throw new MalformedError(`PES packet of ${length} bytes, ${reader.left} are there`, 4);
  const body = length === 0 ? reader : reader.sub(length);
  const marker = body.u8();
  if (marker >> 6 !== 2) throw new MalformedError("PES header without its '10' marker", 6);
  const flags = body.u8();
  const header = body.sub(body.u8());
  const pts = flags & 0x80 ? readTimestamp(header) : undefined;
  const dts = (flags & 0xc0) === 0xc0 ? readTimestamp(header) : pts;
  return { streamId, pts, dts, dataAlignment: (marker & 4) !== 0, payload: body.rest() };
}

/** 90 kHz ticks, possibly beyond 33 bits, as the field wraps them. */
export function wrapTime(ticks: number): number {
  const wrapped = ticks % TIME_MODULUS;
  return wrapped < 0 ? wrapped + TIME_MODULUS : wrapped;
}

function writeTimestamp(data: Uint8Array, at: number, prefix: number, value: number): void {
  const high = Math.floor(value / 0x4000_0000);
  const low = value % 0x4000_0000;
  data[at] = prefix | (high << 1) | 1;
  data[at + 1] = low >>> 22;
  data[at + 2] = (low >>> 14) | 1;
  data[at + 3] = low >>> 7;
  data[at + 4] = (low << 1) | 1;
}

function readTimestamp(reader: ByteReader): number {
  const offset = reader.offset;
  const high = reader.u8();
  const middle = reader.u16();
  const low = reader.u16();
  if ((high & middle & low & 1) === 0) throw new MalformedError("PES time stamp without marker bits", offset);
  return ((high >> 1) & 7) * 0x4000_0000 + (middle >> 1) * 0x8000 + (low >> 1);
}
