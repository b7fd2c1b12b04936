import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { AUDIO_MULTITRACK, type ExPart, PacketType, readModEx, readParts, writeExHeader } from "./ex-header.ts";

/** Codecs of audio tags by their FourCC, also where the classic header has a number. */
export type AudioFourCc = "mp4a" | ".mp3" | "Opus" | "fLaC" | "ac-3" | "ec-3";

/** What one track's part of an audio message says. Bytes are views of the message. */
export type AudioTag =
  /** AudioSpecificConfig, OpusHead or FLAC's STREAMINFO with "fLaC" in front; may be empty. */
  | { readonly type: "config"; readonly track: number; readonly codec: AudioFourCc; readonly record: Uint8Array }
  /** Empty data is silence. */
  | {
      readonly type: "frames";
      readonly track: number;
      readonly codec: AudioFourCc;
      readonly nanos: number;
      readonly data: Uint8Array;
    }
  | { readonly type: "end"; readonly track: number; readonly codec: AudioFourCc }
  /** Multichannel config: the number of channels, and which they are as a mask (order 1) or a list (order 2). */
  | {
      readonly type: "channels";
      readonly track: number;
      readonly codec: AudioFourCc;
      readonly count: number;
      readonly mask?: number;
      readonly map?: Uint8Array;
    }
  | { readonly type: "unsupported"; readonly track: number; readonly what: string };

const ENHANCED = 9;
const CLASSIC_MP3 = 2;
const CLASSIC_AAC = 10;
const CLASSIC_MP3_8K = 14;
/** 44 kHz, 16 bit, stereo: what AAC must say whatever it is (FLV 10.1 E.4.2.1). */
const CLASSIC_RATE = 0x0f;

const CLASSIC_NAMES: readonly (string | undefined)[] = [
  "linear PCM",
  "ADPCM",
  undefined,
  "linear PCM",
  "Nellymoser",
  "Nellymoser",
  "Nellymoser",
  "G.711 A-law",
  "G.711 mu-law",
  undefined,
  undefined,
  "Speex",
];

const NATIVE_ORDER = 1;
const CUSTOM_ORDER = 2;

/** Decodes an audio message, classic (FLV 10.1 E.4.2) or enhanced (v2). An empty message has no parts. @throws MalformedError */
export function decodeAudioTag(body: Uint8Array): AudioTag[] {
  const first = body[0];
  if (first === undefined) return [];
  return first >> 4 === ENHANCED ? decodeEnhanced(body) : decodeClassic(body);
}

/** Encodes what `decodeAudioTag` reads: AAC and MP3 on track 0 in the classic form, everything else in the enhanced one. */
export function encodeAudioTag(tag: Exclude<AudioTag, { type: "unsupported" }>): Uint8Array {
  const writer = new ByteWriter(tag.type === "frames" ? tag.data.length + 24 : 64);
  const { track, codec: fourCc } = tag;
  if (track === 0 && (tag.type === "frames" || tag.type === "config") && !(tag.type === "frames" && tag.nanos > 0)) {
    const payload = tag.type === "frames" ? tag.data : tag.record;
    if (fourCc === "mp4a") {
      return writer
        .u8((CLASSIC_AAC << 4) | CLASSIC_RATE)
        .u8(tag.type === "frames" ? 1 : 0)
        .bytes(payload)
        .take();
    }
    if (fourCc === ".mp3" && tag.type === "frames") {
      return writer
        .u8((CLASSIC_MP3 << 4) | CLASSIC_RATE)
        .bytes(payload)
        .take();
    }
  }
  const packetType = {
    config: PacketType.sequenceStart,
    frames: PacketType.codedFrames,
    end: PacketType.sequenceEnd,
    channels: PacketType.metadata,
  }[tag.type];
  const nanos = tag.type === "frames" ? tag.nanos : 0;
  writeExHeader(writer, ENHANCED, AUDIO_MULTITRACK, { packetType, fourCc, track, nanos });
  if (tag.type === "config") writer.bytes(tag.record);
  else if (tag.type === "frames") writer.bytes(tag.data);
  else if (tag.type === "channels") {
    writer.u8(tag.map ? CUSTOM_ORDER : tag.mask === undefined ? 0 : NATIVE_ORDER).u8(tag.count);
    if (tag.map) writer.bytes(tag.map);
    else if (tag.mask !== undefined) writer.u32(tag.mask);
  }
  return writer.take();
}

function decodeClassic(body: Uint8Array): AudioTag[] {
  const id = (body[0] as number) >> 4;
  if (id === CLASSIC_AAC) {
    if (body.length < 2) return [];
    const data = body.subarray(2);
    if (body[1] === 0) return [{ type: "config", track: 0, codec: "mp4a", record: data }];
    return [{ type: "frames", track: 0, codec: "mp4a", nanos: 0, data }];
  }
  if (id === CLASSIC_MP3 || id === CLASSIC_MP3_8K) {
    return [{ type: "frames", track: 0, codec: ".mp3", nanos: 0, data: body.subarray(1) }];
  }
  return [{ type: "unsupported", track: 0, what: CLASSIC_NAMES[id] ?? `audio codec ${id}` }];
}

function decodeEnhanced(body: Uint8Array): AudioTag[] {
  const reader = new ByteReader(body);
  const { packetType, nanos } = readModEx(reader, reader.u8() & 0x0f);
  return readParts(reader, packetType, AUDIO_MULTITRACK, nanos).map(toTag);
}

function toTag(part: ExPart): AudioTag {
  const { fourCc, track, nanos, packetType, body } = part;
  if (!isAudioFourCc(fourCc)) return { type: "unsupported", track, what: `audio codec ${JSON.stringify(fourCc)}` };
  const codec = fourCc;
  switch (packetType) {
    case PacketType.sequenceStart:
      return { type: "config", track, codec, record: body };
    case PacketType.codedFrames:
      return { type: "frames", track, codec, nanos, data: body };
    case PacketType.sequenceEnd:
      return { type: "end", track, codec };
    case PacketType.metadata: {
      const reader = new ByteReader(body);
      const order = reader.u8();
      const count = reader.u8();
      if (order === NATIVE_ORDER) return { type: "channels", track, codec, count, mask: reader.u32() };
      if (order === CUSTOM_ORDER) return { type: "channels", track, codec, count, map: reader.bytes(count) };
      return { type: "channels", track, codec, count };
    }
    default:
      return { type: "unsupported", track, what: `${codec} packet type ${packetType}` };
  }
}

function isAudioFourCc(fourCc: string): fourCc is AudioFourCc {
  return ["mp4a", ".mp3", "Opus", "fLaC", "ac-3", "ec-3"].includes(fourCc);
}
