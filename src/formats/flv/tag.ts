import { MalformedError } from "../../bytes/errors.ts";
import type { ByteReader } from "../../bytes/reader.ts";

/** Tag types, the same numbers as RTMP's message types (FLV 10.1 E.4.1). */
export const TagType = { audio: 8, video: 9, script: 18 } as const;

export type FlvTag = {
  readonly type: number;
  /** Milliseconds, modulo 2^32. */
  readonly timestamp: number;
  readonly body: Uint8Array;
};

export type WrittenTag = FlvTag & {
  /** The rest of the body, for who has it in two pieces. */
  readonly more?: Uint8Array;
};

const HEADER_SIZE = 11;
/** Sizes are written in 24 bits. */
const MAX_BODY_SIZE = 0xff_ffff;

/** Reads one tag with the back pointer behind it, which may be missing at the end. The body is a view. @throws MalformedError */
export function readTag(reader: ByteReader): FlvTag {
  const type = reader.u8();
  const size = reader.u24();
  const low = reader.u24();
  const timestamp = low + reader.u8() * 0x100_0000;
  reader.skip(3);
  const body = reader.bytes(size);
  reader.skip(Math.min(4, reader.left));
  return { type, timestamp, body };
}

/** One tag with its back pointer, as it stands in a file. */
export function encodeTag({ type, timestamp, body, more = NOTHING }: WrittenTag): Uint8Array {
  const size = body.length + more.length;
  if (size > MAX_BODY_SIZE) throw new MalformedError(`FLV tag of ${size} bytes`);
  const out = new Uint8Array(HEADER_SIZE + size + 4);
  const view = new DataView(out.buffer);
  view.setUint32(0, type * 0x100_0000 + size);
  view.setUint32(4, ((timestamp << 8) | (timestamp >>> 24)) >>> 0);
  out.set(body, HEADER_SIZE);
  out.set(more, HEADER_SIZE + body.length);
  view.setUint32(HEADER_SIZE + size, HEADER_SIZE + size);
  return out;
}

/** Whole tags as they stand in a file, with the time of another tag, but for script data. */
export function restampTags(tags: Uint8Array, like: Uint8Array): Uint8Array {
  const out = tags.slice();
  for (let at = 0; at + HEADER_SIZE <= out.length && like.length >= HEADER_SIZE; ) {
    const size = ((out[at + 1] as number) << 16) | ((out[at + 2] as number) << 8) | (out[at + 3] as number);
    if (out[at] !== TagType.script) out.set(like.subarray(4, 8), at + 4);
    at += HEADER_SIZE + size + 4;
  }
  return out;
}

const NOTHING = new Uint8Array(0);

/** Time of the last of some tags, each with its back pointer; 0 where there is none. */
export function lastTimestamp(tags: Uint8Array): number {
  const view = new DataView(tags.buffer, tags.byteOffset, tags.length);
  const size = tags.length < 4 ? 0 : view.getUint32(tags.length - 4);
  const at = tags.length - 4 - size;
  if (size < HEADER_SIZE || at < 0) return 0;
  return (view.getUint32(at + 4) >>> 8) + view.getUint8(at + 7) * 0x100_0000;
}

/** Head of a file, with the back pointer of 0 that follows it (E.2). */
export function encodeFileHeader(contents: { readonly audio: boolean; readonly video: boolean }): Uint8Array {
  const flags = (contents.audio ? 4 : 0) | (contents.video ? 1 : 0);
  return Uint8Array.of(0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0);
}
