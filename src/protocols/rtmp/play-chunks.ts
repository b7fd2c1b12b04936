import type { FlvMessage } from "../../formats/flv/muxer.ts";
import type { Millis } from "../../media/time.ts";
import { MessageType } from "./message.ts";

/** Chunk streams of what is played; commands go by others. */
const AUDIO_CSID = 4;
const VIDEO_CSID = 6;
const DATA_CSID = 7;
const METADATA_CSID = 8;
const EXTENDED = 0xff_ffff;

export type PlayChunksOptions = {
  /** As announced to the player. */
  readonly chunkSize: number;
  /** Message stream id. */
  readonly streamId: number;
  /** Audio, video and data share a chunk stream. */
  readonly interleave: boolean;
};

/**
 * Cuts what is played into chunks (RTMP 1.0 5.3). A message with the time since the one before (type 1 header) is the same bytes
 * for all players with the same options, whatever they count their times from.
 */
export class PlayChunks {
  readonly key: string;

  constructor(private readonly options: PlayChunksOptions) {
    const { chunkSize, streamId, interleave } = options;
    this.key = `rtmp ${chunkSize} ${streamId}${interleave ? " interleave" : ""}`;
  }

  get interleave(): boolean {
    return this.options.interleave;
  }

  next(message: FlvMessage): Uint8Array {
    if (isMetadata(message)) return this.first(message, 0);
    return this.#chunks(message, 1, this.options.interleave ? message.mixedDelta : message.delta);
  }

  /** @param base the player's zero; what is before it is sent as of it */
  first(message: FlvMessage, base: Millis): Uint8Array {
    const time = this.options.interleave ? message.mixedTime : message.time;
    return this.#chunks(message, 0, Math.max(0, time - base) % 0x1_0000_0000);
  }

  #chunks({ type, role, head, data }: FlvMessage, format: 0 | 1, time: number): Uint8Array {
    const { chunkSize, streamId, interleave } = this.options;
    const csid = isMetadata({ type, role })
      ? METADATA_CSID
      : interleave || type === MessageType.audio
        ? AUDIO_CSID
        : type === MessageType.video
          ? VIDEO_CSID
          : DATA_CSID;
    const length = head.length + data.length;
    const chunks = Math.max(1, Math.ceil(length / chunkSize));
    const extended = time >= EXTENDED;
    const out = new Uint8Array((format === 0 ? 11 : 7) + chunks * (extended ? 5 : 1) + length);
    let at = 0;
    out[at++] = (format << 6) | csid;
    at = writeU24(out, at, extended ? EXTENDED : time);
    at = writeU24(out, at, length);
    out[at++] = type;
    if (format === 0) {
      out[at++] = streamId;
      out[at++] = streamId >>> 8;
      out[at++] = streamId >>> 16;
      out[at++] = streamId >>> 24;
    }
    if (extended) at = writeU32(out, at, time);
    // The header of a tag is a few bytes: it never fills a chunk.
    out.set(head, at);
    at += head.length;
    let from = 0;
    let room = chunkSize - head.length;
    for (;;) {
      const to = Math.min(data.length, from + room);
      out.set(from === 0 && to === data.length ? data : data.subarray(from, to), at);
      at += to - from;
      from = to;
      if (from >= data.length) return out;
      out[at++] = 0xc0 | csid;
      if (extended) at = writeU32(out, at, time);
      room = chunkSize;
    }
  }
}

/** It has no time, so that no message after it can count from it. */
function isMetadata({ type, role }: Pick<FlvMessage, "type" | "role">): boolean {
  return type === MessageType.data && role === "head";
}

function writeU24(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 16;
  out[at + 1] = value >>> 8;
  out[at + 2] = value;
  return at + 3;
}

function writeU32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24;
  return writeU24(out, at + 1, value);
}
