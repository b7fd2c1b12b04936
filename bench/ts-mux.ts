/**
 * Cost of the MPEG-TS muxer: a stream of 30 frames per second and 2.5 Mbit/s with AAC, in CPU milliseconds per second of
 * stream. Usage: bun bench/ts-mux.ts [seconds of stream]
 */
import { TsMuxer } from "../src/formats/mpegts/muxer.ts";
import type { Packet } from "../src/media/event.ts";
import type { AudioTrack, VideoTrack } from "../src/media/track.ts";

const seconds = Number(process.argv[2] ?? 600);
const rounds = 5;

const video: VideoTrack = {
  id: 1,
  kind: "video",
  timescale: 90_000,
  config: {
    codec: "h264",
    record: Uint8Array.of(1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x1f, 1, 0, 3, 0x68, 0xee, 0x3c),
    codecString: "avc1.64001f",
    width: 1280,
    height: 720,
    sar: { width: 1, height: 1 },
  },
};
const audio: AudioTrack = {
  id: 2,
  kind: "audio",
  timescale: 48_000,
  config: {
    codec: "aac",
    record: Uint8Array.of(0x11, 0x90),
    codecString: "mp4a.40.2",
    sampleRate: 48_000,
    channels: 2,
    samplesPerPacket: 1024,
  },
};

// 2.37 Mbit/s of video in groups of 60 frames, the keyframe eight times as large as the others.
const small = Math.round((2_370_000 / 8) * (2 / 67));
const frames = [frame(small * 8, 5), frame(small, 1)] as const;
const sound = new Uint8Array(341).fill(0x21);

let best = Number.POSITIVE_INFINITY;
let bytes = 0;
for (let round = 0; round < rounds; round++) {
  const before = process.cpuUsage();
  bytes = run();
  const { user, system } = process.cpuUsage(before);
  best = Math.min(best, (user + system) / 1000 / seconds);
}
console.log(
  `${best.toFixed(3)} ms of CPU per second of stream (${((bytes * 8) / seconds / 1e6).toFixed(2)} Mbit/s out)`,
);

function run(): number {
  const muxer = new TsMuxer({ maxAudioDelay: 300 });
  muxer.setTracks([video, audio]);
  let total = 0;
  let samples = 0;
  for (let n = 0; n < seconds * 30; n++) {
    if (n % 90 === 0) {
      for (const piece of muxer.takeSegment()) total += piece.length;
      muxer.startSegment();
    }
    const key = n % 60 === 0;
    muxer.write(packet(video.id, n * 3000, key, frames[key ? 0 : 1]));
    for (; samples < ((n + 1) * 48_000) / 30; samples += 1024) muxer.write(packet(audio.id, samples, true, sound));
  }
  for (const piece of muxer.takeSegment()) total += piece.length;
  return total;
}

function packet(track: number, dts: number, key: boolean, data: Uint8Array): Packet {
  return { type: "packet", track, dts, pts: dts, duration: 0, key, data };
}

/** An access unit of one NAL unit, at the odd offset that a message's header leaves it at. */
function frame(size: number, type: number): Uint8Array {
  const data = new Uint8Array(size + 5).fill(0xa5).subarray(5);
  new DataView(data.buffer, data.byteOffset).setUint32(0, size - 4);
  data[4] = 0x60 | type;
  return data;
}
