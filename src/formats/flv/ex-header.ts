import { MalformedError } from "../../bytes/errors.ts";
import type { ByteReader } from "../../bytes/reader.ts";
import type { ByteWriter } from "../../bytes/writer.ts";

/** Packet types that the enhanced headers of audio and video share, and those of one of them (enhanced RTMP v2). */
export const PacketType = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  /** Video: coded frames with a composition time of 0. */
  codedFramesX: 3,
  /** Video: metadata. Audio: multichannel config. */
  metadata: 4,
  mpeg2TsSequenceStart: 5,
} as const;

/** Multitrack differs between the two; ModEx does not. */
export const VIDEO_MULTITRACK = 6;
export const AUDIO_MULTITRACK = 5;
const MOD_EX = 7;
const TIMESTAMP_OFFSET_NANO = 0;

/** Tracks in one message; encoders send a handful. */
const MAX_PARTS = 32;

const ONE_TRACK = 0;
const MANY_TRACKS = 1;
const MANY_TRACKS_MANY_CODECS = 2;

/** One track's part of a message. */
export type ExPart = {
  readonly packetType: number;
  readonly fourCc: string;
  readonly track: number;
  /** Nanoseconds to add to the presentation time, 0 to 999,999. */
  readonly nanos: number;
  readonly body: Uint8Array;
};

/** Modifiers before the packet itself: leaves the packet type that they end in. */
export function readModEx(reader: ByteReader, first: number): { packetType: number; nanos: number } {
  let packetType = first;
  let nanos = 0;
  while (packetType === MOD_EX) {
    let size = reader.u8() + 1;
    if (size === 256) size = reader.u16() + 1;
    const data = reader.bytes(size);
    const next = reader.u8();
    packetType = next & 0x0f;
    if (next >> 4 === TIMESTAMP_OFFSET_NANO && size >= 3) {
      nanos = Math.min(999_999, ((data[0] as number) << 16) | ((data[1] as number) << 8) | (data[2] as number));
    }
  }
  return { packetType, nanos };
}

/** The rest of a message behind `readModEx`: FourCC and body, of one track or several. */
export function readParts(reader: ByteReader, packetType: number, multitrack: number, nanos: number): ExPart[] {
  if (packetType !== multitrack) {
    const fourCc = reader.ascii(4);
    return [{ packetType, fourCc, track: 0, nanos, body: reader.rest() }];
  }
  const at = reader.offset;
  const types = reader.u8();
  const form = types >> 4;
  const inner = types & 0x0f;
  if (form > MANY_TRACKS_MANY_CODECS) throw new MalformedError(`multitrack type ${form}`, at);
  if (inner === multitrack || inner === MOD_EX) throw new MalformedError(`packet type ${inner} inside multitrack`, at);
  let fourCc = form === MANY_TRACKS_MANY_CODECS ? "" : reader.ascii(4);
  const parts: ExPart[] = [];
  do {
    if (parts.length === MAX_PARTS)
      throw new MalformedError(`more than ${MAX_PARTS} tracks in a message`, reader.offset);
    if (form === MANY_TRACKS_MANY_CODECS) fourCc = reader.ascii(4);
    const track = reader.u8();
    const body = form === ONE_TRACK ? reader.rest() : reader.bytes(reader.u24());
    parts.push({ packetType: inner, fourCc, track, nanos, body });
  } while (form >= MANY_TRACKS && reader.left > 0);
  return parts;
}

/** Writes the bytes behind the first four bits of a header: packet type, modifiers, track, FourCC. */
export function writeExHeader(
  writer: ByteWriter,
  high: number,
  multitrack: number,
  part: Omit<ExPart, "body">,
): ByteWriter {
  const { packetType, fourCc, track, nanos } = part;
  const outer = track === 0 ? packetType : multitrack;
  if (nanos > 0)
    writer
      .u8((high << 4) | MOD_EX)
      .u8(2)
      .u24(nanos)
      .u8((TIMESTAMP_OFFSET_NANO << 4) | outer);
  else writer.u8((high << 4) | outer);
  if (track !== 0) writer.u8((ONE_TRACK << 4) | packetType);
  writer.ascii(fourCc);
  if (track !== 0) writer.u8(track);
  return writer;
}
