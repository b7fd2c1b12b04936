import { encodeAmf0 } from "../formats/amf/amf0.ts";
import type { FlvMessage } from "../formats/flv/muxer.ts";
import type { Millis } from "../media/time.ts";
import type { WireForm } from "../play/wire-form.ts";
import { MessageType } from "../protocols/rtmp/message.ts";
import { PlayChunks } from "../protocols/rtmp/play-chunks.ts";

const SET_DATA_FRAME = encodeAmf0("@setDataFrame");

/** Messages as who publishes sends them: metadata is to be kept by the server for those who come later. */
export class PublishForm implements WireForm {
  readonly key: string;
  readonly interleave = false;
  readonly #chunks: PlayChunks;

  constructor(options: { readonly chunkSize: number; readonly streamId: number }) {
    this.#chunks = new PlayChunks({ ...options, interleave: false });
    this.key = `publish ${this.#chunks.key}`;
  }

  next(message: FlvMessage): Uint8Array {
    return this.#chunks.next(addressed(message));
  }

  first(message: FlvMessage, base: Millis): Uint8Array {
    return this.#chunks.first(addressed(message), base);
  }
}

function addressed(message: FlvMessage): FlvMessage {
  return message.type === MessageType.data && message.role === "head" ? { ...message, head: SET_DATA_FRAME } : message;
}
