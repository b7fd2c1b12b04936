import type { FlvMessage } from "../formats/flv/muxer.ts";
import { encodeTag } from "../formats/flv/tag.ts";
import type { Millis } from "../media/time.ts";

/** How messages become bytes for one kind of player. */
export interface WireForm {
  /** Players of equal forms share bytes. */
  readonly key: string;
  /** All types share one clock: `mixedTime` is what is sent. */
  readonly interleave: boolean;
  /** A message whose predecessor of the same clock the player has: the same bytes for all. */
  next(message: FlvMessage): Uint8Array;
  /** A message whose predecessor the player has not. @param base what the player counts from */
  first(message: FlvMessage, base: Millis): Uint8Array;
}

/** Tags as in a file. Each bears its own time, so that it is the stream's for everybody. */
export const FLV_FORM: WireForm = {
  key: "flv",
  interleave: false,
  next: encodeMessageTag,
  first: encodeMessageTag,
};

function encodeMessageTag({ type, time, head, data }: FlvMessage): Uint8Array {
  return encodeTag({ type, timestamp: time, body: head, more: data });
}
