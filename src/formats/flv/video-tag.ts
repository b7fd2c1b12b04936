import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { type ExPart, PacketType, readModEx, readParts, VIDEO_MULTITRACK, writeExHeader } from "./ex-header.ts";

/** Codecs of video tags by their FourCC, also where the classic header has a number. */
export type VideoFourCc = "avc1" | "hvc1" | "vvc1" | "av01" | "vp08" | "vp09";

/** What one track's part of a video message says. Bytes are views of the message. */
export type VideoTag =
  | { readonly type: "config"; readonly track: number; readonly codec: VideoFourCc; readonly record: Uint8Array }
  | {
      readonly type: "frames";
      readonly track: number;
      readonly codec: VideoFourCc;
      /** As flagged; encoders get it wrong. */
      readonly key: boolean;
      /** Milliseconds, may be negative: presentation time less decoding time. */
      readonly compositionTime: number;
      /** To add to the presentation time. */
      readonly nanos: number;
      readonly data: Uint8Array;
    }
  | { readonly type: "end"; readonly track: number; readonly codec: VideoFourCc }
  /** AMF0 pairs of name and value, such as "colorInfo". */
  | { readonly type: "metadata"; readonly track: number; readonly codec: VideoFourCc; readonly values: Uint8Array }
  /** 0 start of a seek, 1 its end. */
  | { readonly type: "command"; readonly command: number }
  /** A codec or form that this server does not know, by name. */
  | { readonly type: "unsupported"; readonly track: number; readonly what: string };

const KEY = 1;
const INTER = 2;
const GENERATED_KEY = 4;
const COMMAND = 5;

/** Classic codec ids (FLV 10.1 E.4.3.1); 12 and 13 are in common use but in no standard. */
const CLASSIC: Readonly<Record<number, VideoFourCc>> = { 7: "avc1", 12: "hvc1", 13: "av01" };
const CLASSIC_AVC = 7;
const CLASSIC_NAMES: readonly (string | undefined)[] = [
  undefined,
  "JPEG",
  "Sorenson H.263",
  "Screen video",
  "VP6",
  "VP6 with alpha",
  "Screen video 2",
];

/** Decodes a video message, classic (FLV 10.1 E.4.3) or enhanced (v1, v2). An empty message has no parts. @throws MalformedError */
export function decodeVideoTag(body: Uint8Array): VideoTag[] {
  const first = body[0];
  if (first === undefined) return [];
  return first & 0x80 ? decodeEnhanced(body) : decodeClassic(body);
}

/** Encodes what `decodeVideoTag` reads: H.264 on track 0 in the classic form, everything else in the enhanced one. */
export function encodeVideoTag(tag: Exclude<VideoTag, { type: "unsupported" }>): Uint8Array {
  const writer = new ByteWriter(tag.type === "frames" ? tag.data.length + 24 : 256);
  if (tag.type === "command")
    return writer
      .u8((COMMAND << 4) | CLASSIC_AVC)
      .u8(tag.command)
      .take();
  const { track, codec: fourCc } = tag;
  const frameType = tag.type === "frames" && !tag.key ? INTER : KEY;
  if (fourCc === "avc1" && track === 0 && tag.type !== "metadata" && !(tag.type === "frames" && tag.nanos > 0)) {
    const packetType = { config: 0, frames: 1, end: 2 }[tag.type];
    writer.u8((frameType << 4) | CLASSIC_AVC).u8(packetType);
    writer.u24((tag.type === "frames" ? tag.compositionTime : 0) & 0xff_ffff);
    return writer.bytes(payloadOf(tag)).take();
  }
  const timed = tag.type === "frames" && hasCompositionTime(fourCc);
  const packetType =
    tag.type === "config"
      ? PacketType.sequenceStart
      : tag.type === "end"
        ? PacketType.sequenceEnd
        : tag.type === "metadata"
          ? PacketType.metadata
          : timed && tag.compositionTime === 0
            ? PacketType.codedFramesX
            : PacketType.codedFrames;
  const nanos = tag.type === "frames" ? tag.nanos : 0;
  writeExHeader(writer, 8 | frameType, VIDEO_MULTITRACK, { packetType, fourCc, track, nanos });
  if (timed && packetType === PacketType.codedFrames) writer.u24(tag.compositionTime & 0xff_ffff);
  return writer.bytes(payloadOf(tag)).take();
}

const EMPTY = new Uint8Array(0);

function payloadOf(tag: VideoTag): Uint8Array {
  if (tag.type === "config") return tag.record;
  if (tag.type === "frames") return tag.data;
  return tag.type === "metadata" ? tag.values : EMPTY;
}

function decodeClassic(body: Uint8Array): VideoTag[] {
  const first = body[0] as number;
  const frameType = first >> 4;
  const id = first & 0x0f;
  if (frameType === COMMAND) return [{ type: "command", command: body[1] ?? 0 }];
  const codec = CLASSIC[id];
  if (!codec) return [{ type: "unsupported", track: 0, what: CLASSIC_NAMES[id] ?? `video codec ${id}` }];
  const reader = new ByteReader(body, 1);
  const packetType = reader.u8();
  // Some encoders end a sequence with the two bytes 17 02 alone.
  if (packetType === PacketType.sequenceEnd) return [{ type: "end", track: 0, codec }];
  const compositionTime = reader.s24();
  const data = reader.rest();
  if (packetType === PacketType.sequenceStart) return [{ type: "config", track: 0, codec, record: data }];
  if (packetType !== PacketType.codedFrames) {
    return [{ type: "unsupported", track: 0, what: `${codec} packet type ${packetType}` }];
  }
  const key = frameType === KEY || frameType === GENERATED_KEY;
  return [{ type: "frames", track: 0, codec, key, compositionTime, nanos: 0, data }];
}

function decodeEnhanced(body: Uint8Array): VideoTag[] {
  const reader = new ByteReader(body);
  const first = reader.u8();
  const frameType = (first >> 4) & 7;
  const { packetType, nanos } = readModEx(reader, first & 0x0f);
  // FFmpeg sends metadata with the frame type of a command, which then it is not.
  if (frameType === COMMAND && packetType !== PacketType.metadata) return [{ type: "command", command: reader.u8() }];
  return readParts(reader, packetType, VIDEO_MULTITRACK, nanos).map((part) => toTag(part, frameType));
}

function toTag(part: ExPart, frameType: number): VideoTag {
  const { fourCc, track, nanos, packetType, body } = part;
  if (!isVideoFourCc(fourCc)) return { type: "unsupported", track, what: `video codec ${JSON.stringify(fourCc)}` };
  const codec = fourCc;
  switch (packetType) {
    case PacketType.sequenceStart:
      return { type: "config", track, codec, record: body };
    case PacketType.codedFrames:
    case PacketType.codedFramesX: {
      const key = frameType === KEY || frameType === GENERATED_KEY;
      const timed = packetType === PacketType.codedFrames && hasCompositionTime(codec);
      const reader = new ByteReader(body);
      const compositionTime = timed ? reader.s24() : 0;
      return { type: "frames", track, codec, key, compositionTime, nanos, data: reader.rest() };
    }
    case PacketType.sequenceEnd:
      return { type: "end", track, codec };
    case PacketType.metadata:
      return { type: "metadata", track, codec, values: body };
    default:
      return { type: "unsupported", track, what: `${codec} packet type ${packetType}` };
  }
}

function hasCompositionTime(codec: VideoFourCc): boolean {
  return codec === "avc1" || codec === "hvc1" || codec === "vvc1";
}

function isVideoFourCc(fourCc: string): fourCc is VideoFourCc {
  return ["avc1", "hvc1", "vvc1", "av01", "vp08", "vp09"].includes(fourCc);
}
