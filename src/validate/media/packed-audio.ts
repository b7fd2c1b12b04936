import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { TIME_MODULUS } from "../../formats/mpegts/packet.ts";
import { AudioFrames } from "./audio-frames.ts";
import type { Note } from "./rules.ts";
import type { MediaSummary } from "./summary.ts";

/** Whether bytes are packed audio (RFC 8216bis 3.1.3): an ID3 tag, or the first frame of a known codec. */
export function isPackedAudio(bytes: Uint8Array): boolean {
  const [a, b, c] = bytes;
  if (a === 0x49 && b === 0x44 && c === 0x33) return true;
  return (a === 0xff && ((b ?? 0) & 0xe0) === 0xe0) || (a === 0x0b && b === 0x77);
}

/** Reads a segment of packed audio and notes what is wrong inside it. @throws MalformedError when its tag is broken */
export function summarizePackedAudio(bytes: Uint8Array, note: Note): MediaSummary {
  const { time, end } = readTags(bytes);
  if (time === undefined) note("packed-audio-timestamp", "no ID3 tag with a timestamp in front");
  const data = bytes.subarray(end);
  const isAdts = data[0] === 0xff && ((data[1] ?? 0) & 0xf6) === 0xf0;
  const isAc3 = data[0] === 0x0b && data[1] === 0x77;
  if (!isAdts && !isAc3) {
    if (data[0] !== 0xff) note("packed-audio-frames", "no frame of a known codec behind the tag");
    else note("media-not-checked", "frames of MPEG audio");
    return { ...EMPTY, tracks: [] };
  }
  const reader = new AudioFrames(isAdts ? "adts" : "ac3");
  const start = time ?? 0;
  reader.read(data, start, "audio", note);
  const fault = reader.finish();
  if (fault) note("packed-audio-frames", fault);
  if (time === undefined || reader.end === undefined) return { ...EMPTY, tracks: [] };
  const track = {
    id: 0,
    kind: "audio",
    codec: reader.codec ?? "",
    timescale: 90_000,
    modulus: TIME_MODULUS,
    decodeStart: start,
    decodeLast: start,
    decodeEnd: reader.end,
    exact: true,
    presentationStart: start,
    presentationEnd: reader.end,
    frames: reader.frames,
    bytes: data.length,
    keys: [],
    beginsWithKey: false,
  } as const;
  return { ...EMPTY, tracks: [track] };
}

const EMPTY = { container: "packed-audio", announced: [], frames: [] } as const;

const TIMESTAMP_OWNER = "com.apple.streaming.transportStreamTimestamp";

/** The timestamp of the ID3v2 tags (ID3v2.4 3.1) at the beginning, and where they end. */
function readTags(bytes: Uint8Array): { time: number | undefined; end: number } {
  const reader = new ByteReader(bytes);
  let time: number | undefined;
  while (reader.left >= 10 && reader.peek() === 0x49) {
    if (reader.ascii(3) !== "ID3") throw new MalformedError("no ID3 tag", reader.offset - 3);
    const version = reader.u8();
    reader.skip(2);
    const tag = reader.sub(syncsafe(reader));
    while (tag.left >= 10 && tag.peek() !== 0) {
      const id = tag.ascii(4);
      const size = version >= 4 ? syncsafe(tag) : tag.u32();
      tag.skip(2);
      const frame = tag.sub(size);
      if (id === "PRIV") time ??= timestampOf(frame);
    }
  }
  return { time, end: reader.offset };
}

/** 33 bits of 90 kHz in eight bytes, behind the owner and a zero (RFC 8216bis 3.1.3); undefined for another owner. */
function timestampOf(frame: ByteReader): number | undefined {
  if (frame.left !== TIMESTAMP_OWNER.length + 1 + 8) return undefined;
  if (frame.ascii(TIMESTAMP_OWNER.length) !== TIMESTAMP_OWNER) return undefined;
  frame.skip(1);
  const time = frame.u64();
  return time < TIME_MODULUS ? time : undefined;
}

function syncsafe(reader: ByteReader): number {
  const value = reader.u32();
  return ((value >>> 3) & 0xfe0_0000) | ((value >>> 2) & 0x1f_c000) | ((value >>> 1) & 0x3f80) | (value & 0x7f);
}
