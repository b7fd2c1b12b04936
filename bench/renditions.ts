/**
 * What a publish of three tracks costs beside one track of the same bytes, without sockets and in virtual time: RTMP session,
 * demuxer, stream, HLS of low latency. All of it is compiled before it is measured. Rounds alternate.
 *
 *     bun bench/renditions.ts [--streams 6] [--seconds 60] [--rounds 3]
 */

import { createHmac, randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { encodeAudioTag } from "../src/formats/flv/audio-tag.ts";
import { FlvDemuxer } from "../src/formats/flv/demuxer.ts";
import { encodeVideoTag } from "../src/formats/flv/video-tag.ts";
import { hlsSchema } from "../src/hls/config.ts";
import { HlsOutput } from "../src/hls/output.ts";
import { ChunkWriter } from "../src/protocols/rtmp/chunk-writer.ts";
import { encodeCommand } from "../src/protocols/rtmp/message.ts";
import type { RtmpServerEvent } from "../src/protocols/rtmp/server-event.ts";
import { RtmpServerSession } from "../src/protocols/rtmp/server-session.ts";
import type { Effect } from "../src/protocols/session.ts";
import { backupSchema } from "../src/streams/config.ts";
import { Stream } from "../src/streams/stream.ts";

const { values: flags } = parseArgs({
  options: {
    streams: { type: "string", default: "6" },
    seconds: { type: "string", default: "60" },
    rounds: { type: "string", default: "3" },
  },
});
const [streams, seconds, rounds] = [Number(flags.streams), Number(flags.seconds), Number(flags.rounds)];
const RATE = 30;
const GROUP = 60;
const CHUNK_SIZE = 60_000;
const avcC = "0164001effe1001a6764001eacd940a02ff970110000030001000003003c0f162d9601000668ebe3cb22c0";

type Kind = { readonly name: string; readonly kbps: readonly number[] };
const KINDS: readonly Kind[] = [
  { name: "one track", kbps: [5200] },
  { name: "three tracks", kbps: [3000, 1400, 800] },
];

/** What is read from the socket, and when. */
type Read = { readonly at: number; readonly bytes: Uint8Array };

function record({ kbps }: Kind): Read[] {
  const writer = new ChunkWriter();
  let pieces: Uint8Array[] = [Uint8Array.of(3), new Uint8Array(2 * 1536)];
  const send = (csid: number, streamId: number, type: number, timestamp: number, body: Uint8Array) =>
    pieces.push(writer.write({ csid, streamId, type, timestamp, body }));
  send(2, 0, 1, 0, Uint8Array.of(0, 0, CHUNK_SIZE >> 8, CHUNK_SIZE & 0xff));
  writer.chunkSize = CHUNK_SIZE;
  send(3, 0, 20, 0, encodeCommand("connect", 1, { app: "live" }));
  send(3, 1, 20, 0, encodeCommand("publish", 2, null, "bench", "live"));
  const video = (track: number) => ({ track, codec: "avc1" }) as const;
  for (const track of kbps.keys()) {
    send(6, 1, 9, 0, encodeVideoTag({ ...video(track), type: "config", record: Uint8Array.fromHex(avcC) }));
  }
  send(4, 1, 8, 0, encodeAudioTag({ type: "config", track: 0, codec: "mp4a", record: Uint8Array.of(0x11, 0x90) }));
  const reads: Read[] = [];
  let audio = 0;
  for (let frame = 0; frame < seconds * RATE; frame++) {
    const key = frame % GROUP === 0;
    const time = Math.round((frame * 1000) / RATE);
    for (const [track, rate] of kbps.entries()) {
      const data = randomBytes(Math.round((rate * 125) / RATE));
      data.writeUInt32BE(data.length - 4);
      data[4] = key ? 0x65 : 0x41;
      send(6, 1, 9, time, encodeVideoTag({ ...video(track), type: "frames", key, compositionTime: 0, nanos: 0, data }));
    }
    for (; (audio * 1024) / 48 <= time; audio++) {
      const tag = { type: "frames", track: 0, codec: "mp4a", nanos: 0, data: randomBytes(340) } as const;
      send(4, 1, 8, Math.round((audio * 1024) / 48), encodeAudioTag(tag));
    }
    reads.push({ at: time, bytes: new Uint8Array(Buffer.concat(pieces)) });
    pieces = [];
  }
  return reads;
}

const options = {
  chunkSize: CHUNK_SIZE,
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

/** One stream of the server, from what its socket reads. */
class BenchStream {
  readonly output: HlsOutput;
  readonly #session = new RtmpServerSession(options, crypto, 0);
  readonly #demuxer: FlvDemuxer;
  #now = 0;

  constructor(path: string) {
    const stream = new Stream(path, 0, {
      backup: () => backupSchema.parse({}),
      onSinkFailure: (_, error) => {
        throw error;
      },
    });
    this.output = new HlsOutput({ path, config: hlsSchema.parse({}), firstMsn: 1, wallclockAt: (now) => now });
    stream.attach(this.output.write, 0);
    const request = { path, protocol: "rtmp", remote: "", query: "", onClosed: () => {} } as const;
    const publisher = stream.publish(request, 0);
    this.#demuxer = new FlvDemuxer({ onEvent: (event, now) => publisher.write(event, now) });
  }

  read(bytes: Uint8Array, now: number): void {
    this.#now = now;
    this.#run(this.#session.receive(bytes, now));
  }

  #run(effects: readonly Effect<RtmpServerEvent>[]): void {
    for (const effect of effects) {
      if (effect.type === "close") throw new Error(effect.reason.message);
      if (effect.type !== "event") continue;
      const { event } = effect;
      if (event.type === "connectRequested") this.#run(this.#session.acceptConnect(this.#now));
      else if (event.type === "publishRequested") this.#run(this.#session.acceptPublish(event.id));
      else if (event.type === "media") this.#demuxer.push(event.messageType, event.timestamp, event.body, this.#now);
    }
  }
}

/** Milliseconds of CPU for a second of a stream. */
function measure(reads: readonly Read[], renditions: number): number {
  const all = Array.from({ length: streams }, (_, index) => new BenchStream(`live/${index}`));
  const play = (part: readonly Read[]) => {
    // A read has memory of its own.
    for (const { at, bytes } of part) for (const stream of all) stream.read(bytes.slice(), at);
  };
  const half = reads.length >> 1;
  play(reads.slice(0, half));
  const found = all[0]?.output.renditions.length;
  if (found !== renditions) throw new Error(`expected ${renditions} renditions, found ${found}`);
  Bun.gc(true);
  const before = process.cpuUsage();
  play(reads.slice(half));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (seconds / 2) / streams;
}

const recordings = KINDS.map((kind) => ({ ...kind, reads: record(kind), costs: [] as number[] }));
for (let round = 0; round <= rounds; round++) {
  for (const { kbps, reads, costs } of recordings) {
    const cost = measure(reads, kbps.length);
    // The first round is for the compiler.
    if (round > 0) costs.push(cost);
  }
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const one = median(recordings[0]?.costs ?? []);
for (const { name, costs } of recordings) {
  const ms = median(costs);
  console.log(`${name.padEnd(14)} ${ms.toFixed(3)} ms of CPU a second and stream   ${(ms / one).toFixed(2)}`);
}
