/**
 * What receiving RTMP costs without the socket: session, chunks and demuxer, in microseconds per second of a stream of
 * 720p30 at 2.5 Mbit/s with AAC, for several chunk sizes of the sender and sizes of a read.
 *
 *     bun bench/rtmp-receive.ts
 */
import { createHmac, randomBytes } from "node:crypto";
import { encodeAudioTag } from "../src/formats/flv/audio-tag.ts";
import { FlvDemuxer } from "../src/formats/flv/demuxer.ts";
import { encodeVideoTag } from "../src/formats/flv/video-tag.ts";
import { ChunkWriter } from "../src/protocols/rtmp/chunk-writer.ts";
import { encodeCommand } from "../src/protocols/rtmp/message.ts";
import type { RtmpServerEvent } from "../src/protocols/rtmp/server-event.ts";
import { RtmpServerSession } from "../src/protocols/rtmp/server-session.ts";
import type { Effect } from "../src/protocols/session.ts";

const SECONDS = 30;
const ROUNDS = 5;

const avcC = "0164001effe1001a6764001eacd940a02ff970110000030001000003003c0f162d9601000668ebe3cb22c0";

function record(chunkSize: number): Uint8Array {
  const writer = new ChunkWriter();
  const parts: Uint8Array[] = [Uint8Array.of(3), new Uint8Array(2 * 1536)];
  const send = (csid: number, streamId: number, type: number, timestamp: number, body: Uint8Array) =>
    parts.push(writer.write({ csid, streamId, type, timestamp, body }));
  send(2, 0, 1, 0, Uint8Array.of(0, 0, chunkSize >> 8, chunkSize));
  writer.chunkSize = chunkSize;
  send(3, 0, 20, 0, encodeCommand("connect", 1, { app: "live" }));
  send(3, 1, 20, 0, encodeCommand("publish", 2, null, "bench", "live"));
  const video = { track: 0, codec: "avc1" } as const;
  send(6, 1, 9, 0, encodeVideoTag({ ...video, type: "config", record: Uint8Array.fromHex(avcC) }));
  send(4, 1, 8, 0, encodeAudioTag({ type: "config", track: 0, codec: "mp4a", record: Uint8Array.of(0x11, 0x90) }));
  let audio = 0;
  for (let frame = 0; frame < SECONDS * 30; frame++) {
    const key = frame % 60 === 0;
    const time = Math.round((frame * 1000) / 30);
    const nal = randomBytes(key ? 80_000 : 9_200);
    nal.writeUInt32BE(nal.length - 4);
    nal[4] = key ? 0x65 : 0x41;
    send(6, 1, 9, time, encodeVideoTag({ ...video, type: "frames", key, compositionTime: 0, nanos: 0, data: nal }));
    for (; (audio * 1024) / 48 <= time; audio++) {
      const data = randomBytes(340);
      const tag = { type: "frames", track: 0, codec: "mp4a", nanos: 0, data } as const;
      send(4, 1, 8, Math.round((audio * 1024) / 48), encodeAudioTag(tag));
    }
  }
  return new Uint8Array(Buffer.concat(parts));
}

const options = {
  chunkSize: 60_000,
  ackWindow: 2_500_000,
  maxMessageSize: 10 << 20,
  maxStreams: 32,
  handshakeTimeout: 10_000,
  idleTimeout: 30_000,
  mediaTimeout: 0,
  pingInterval: 0,
};
const crypto = {
  random: (length: number) => new Uint8Array(randomBytes(length)),
  hmacSha256: (key: Uint8Array, message: Uint8Array) => createHmac("sha256", key).update(message).digest(),
};

/** Microseconds and packets of one pass over the recording. */
function run(bytes: Uint8Array, read: number): { micros: number; packets: number } {
  let packets = 0;
  const demuxer = new FlvDemuxer({
    onEvent: (event) => {
      if (event.type === "packet") packets++;
    },
  });
  const session = new RtmpServerSession(options, crypto, 0);
  const carryOut = (effects: readonly Effect<RtmpServerEvent>[]): void => {
    for (const effect of effects) {
      if (effect.type === "close") throw new Error(effect.reason.message);
      if (effect.type !== "event") continue;
      const { event } = effect;
      if (event.type === "connectRequested") carryOut(session.acceptConnect(0));
      else if (event.type === "publishRequested") carryOut(session.acceptPublish(event.id));
      else if (event.type === "media") demuxer.push(event.messageType, event.timestamp, event.body, 0);
    }
  };
  const started = Bun.nanoseconds();
  for (let at = 0; at < bytes.length; at += read) carryOut(session.receive(bytes.subarray(at, at + read), 0));
  return { micros: (Bun.nanoseconds() - started) / 1000, packets };
}

console.log("chunk size  read size  us per second of stream  packets");
for (const chunkSize of [128, 4096, 60_000]) {
  const bytes = record(chunkSize);
  for (const read of [1448, 16_384, 65_536]) {
    const rounds = Array.from({ length: ROUNDS }, () => run(bytes, read));
    const best = rounds.reduce((a, b) => (b.micros < a.micros ? b : a));
    const cost = (best.micros / SECONDS).toFixed(0);
    console.log(
      `${String(chunkSize).padStart(10)}${String(read).padStart(11)}${cost.padStart(25)}${String(best.packets).padStart(9)}`,
    );
  }
}
