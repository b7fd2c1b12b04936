import { ByteReader } from "../../bytes/reader.ts";
import { readTag } from "../../formats/flv/tag.ts";
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
    const { type, timestamp: time, body } = readTag(reader);
    first ??= time;
    const timestamp = (message.timestamp + time - first) >>> 0;
    parts.push({ csid: message.csid, streamId: message.streamId, type, timestamp, body });
  }
  return parts;
}
