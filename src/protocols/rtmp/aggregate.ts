import { ByteReader } from "../../bytes/reader.ts";
import type { RtmpMessage } from "./message.ts";

/**
 * Takes an aggregate message apart (RTMP 1.0 7.1.6): FLV tags whose times are relative to the first one's. Bodies are views.
 * @throws MalformedError
 */
export function splitAggregate(message: RtmpMessage): RtmpMessage[] {
  const reader = new ByteReader(message.body);
  const parts: RtmpMessage[] = [];
  let first: number | undefined;
  while (reader.left > 0) {
    const type = reader.u8();
    const size = reader.u24();
    const time = reader.u24() + reader.u8() * 0x100_0000;
    reader.skip(3);
    const body = reader.bytes(size);
    // The back pointer of the last one is left out by some senders.
    reader.skip(Math.min(4, reader.left));
    first ??= time;
    const timestamp = (message.timestamp + time - first) >>> 0;
    parts.push({ csid: message.csid, streamId: message.streamId, type, timestamp, body });
  }
  return parts;
}
