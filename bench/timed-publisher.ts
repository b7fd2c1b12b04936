/**
 * Publishes a clip by RTMP in real time, and prints for each frame what identifies it and when it was handed to the socket, so that
 * another process can tell when a part was complete: `bun bench/timed-publisher.ts FILE.flv PORT APP NAME`.
 */
import type { FlvTag } from "../src/formats/flv/tag.ts";
import { RtmpPublisher, readFlv } from "./rtmp-publisher.ts";

const SCRIPT_DATA = 18;
const AUDIO = 8;
const AUDIO_HEADER = 2;
const VIDEO_HEADER = 5;

const PRINT_MS = 250;

/** What identifies a frame: the end of its bytes. */
export const frameIdentity = (bytes: Uint8Array): string => `${bytes.length}:${Bun.hash(bytes.subarray(-64))}`;

if (import.meta.main) {
  const [file = "", port = "", app = "", name = ""] = process.argv.slice(2);
  let lines = "";
  const onSent = ({ type, body }: FlvTag, at: number): void => {
    if (type === SCRIPT_DATA) return;
    const frame = body.subarray(type === AUDIO ? AUDIO_HEADER : VIDEO_HEADER);
    lines += `${frameIdentity(frame)} ${(performance.timeOrigin + at).toFixed(2)}\n`;
  };
  const publisher = new RtmpPublisher(readFlv(file), { port: Number(port), app, name }, onSent);
  setInterval(() => publisher.tick(performance.now()), 1);
  // Not line by line: who reads them has other things to do.
  setInterval(() => {
    process.stdout.write(lines);
    lines = "";
  }, PRINT_MS);
}
