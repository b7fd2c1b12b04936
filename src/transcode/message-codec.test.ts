import { describe, expect, test } from "bun:test";
import { Noise } from "../../test/fuzz/random.ts";
import { survives } from "../../test/fuzz/survives.ts";
import type { FeedEvent } from "../hls/rung-feed.ts";
import type { Track } from "../media/track.ts";
import { FrameReader } from "../media-process/frames.ts";
import { decodeFromTranscoder, decodeToTranscoder, MessageWriter } from "./message-codec.ts";
import { type FromTranscoder, MAX_MESSAGE_BYTES, type RungEvent, type ToTranscoder } from "./messages.ts";
import type { Rung } from "./rung.ts";

const tracks: readonly Track[] = [
  {
    kind: "video",
    id: 1,
    timescale: 90_000,
    config: {
      codec: "h264",
      record: Uint8Array.of(1, 0x64, 0, 31, 255, 0),
      codecString: "avc1.64001F",
      width: 854,
      height: 480,
      sar: { width: 1280, height: 1281 },
      frameRate: 29.97,
      colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
    },
  },
  {
    kind: "audio",
    id: 2,
    timescale: 48_000,
    language: "ko",
    label: "한국어",
    config: {
      codec: "opus",
      record: new Uint8Array(0),
      codecString: "opus",
      sampleRate: 48_000,
      channels: 2,
      samplesPerPacket: 960,
    },
  },
  { kind: "data", id: 3, timescale: 1000 },
];

const rungs: readonly Rung[] = [
  {
    kind: "video",
    name: "480p",
    width: 854,
    height: 480,
    frameDivisor: 2,
    codec: "h264",
    encoder: "libx264",
    bitrate: 1_400_000,
    maxBitrate: 1_800_000,
    bufferSize: 2_800_000,
    preset: "veryfast",
    options: "bframes=2",
    audio: { codec: "copy" },
  },
  { kind: "audio", name: "audio", audio: { codec: "aac", bitrate: 96_000, channels: 2 } },
];

const feed: readonly FeedEvent[] = [
  { type: "begin", start: { format: "cmaf", lowLatency: true, timeOffset: 1_700_000_000, maxAudioDelay: 300 } },
  { type: "tracks", tracks, separateAudio: true },
  { type: "packet", track: 1, dts: 2 ** 40, pts: -3, duration: 0, key: true, data: Uint8Array.of(1, 2, 3) },
  {
    type: "open",
    msn: 6_700_000_000,
    wallclock: 1_764_000_000_123.5,
    discontinuity: true,
    discontinuitySequence: 4,
    timescale: 90_000,
    start: 180_000,
  },
  { type: "part", msn: 6_700_000_000, part: 3, start: 180_000, end: 216_000, lastExpected: true },
  { type: "segment", msn: 6_700_000_000, end: 360_000 },
  { type: "break" },
  { type: "end" },
];
const toTranscoder: readonly ToTranscoder[] = [
  { type: "settings", settings: { rungs, threads: 2 } },
  { type: "startRung", rung: "480p", from: { msn: 17, part: 2 } },
  { type: "startRung", rung: "480p" },
  { type: "stopRung", rung: "480p" },
  { type: "rewind" },
  ...feed.map((event) => ({ type: "feed", event }) as const),
];

const rungEvents: readonly RungEvent[] = [
  { type: "init", init: 17, bytes: Uint8Array.of(9, 8) },
  { type: "open", msn: 17, wallclock: 1_764_000_000_123, discontinuity: false, init: 17 },
  { type: "open", msn: 17, wallclock: 1_764_000_000_123, discontinuity: true, init: undefined },
  {
    type: "part",
    msn: 17,
    part: 1,
    bytes: Uint8Array.of(1, 2),
    duration: 0.4,
    independent: true,
    lastExpected: false,
  },
  { type: "segment", msn: 17, bytes: "parts", duration: 2, independent: true },
  { type: "segment", msn: 17, bytes: [Uint8Array.of(1), Uint8Array.of(2, 3)], duration: 2, independent: false },
  { type: "break" },
  { type: "end" },
];
const fromTranscoder: readonly FromTranscoder[] = [
  { type: "ready", library: "FFmpeg 8" },
  { type: "description", rung: "480p", tracks },
  {
    type: "status",
    status: {
      fed: 3.5,
      done: 3.25,
      speed: 4,
      frames: 90,
      decodeErrors: 1,
      rssBytes: 2 ** 27,
      rungs: [{ name: "480p", fps: 30 }],
    },
  },
  { type: "rungFailed", rung: "480p", reason: "no such encoder" },
  { type: "log", level: "warn", text: "frames that cannot be decoded: 3" },
  ...rungEvents.map((event) => ({ type: "rendition", rung: "480p", event }) as const),
];

function bodies(write: (writer: MessageWriter) => void): Uint8Array[] {
  const writer = new MessageWriter();
  write(writer);
  const found: Uint8Array[] = [];
  writer.lend((bytes) => found.push(...new FrameReader(MAX_MESSAGE_BYTES).push(bytes.slice())));
  return found;
}
const toBodies = bodies((writer) => {
  for (const message of toTranscoder) writer.toTranscoder(message);
});
const fromBodies = bodies((writer) => {
  for (const message of fromTranscoder) writer.fromTranscoder(message);
});

describe("messages of a transcoder", () => {
  test("to it and back", () => expect(toBodies.map(decodeToTranscoder)).toEqual([...toTranscoder]));
  test("from it and back", () => expect(fromBodies.map(decodeFromTranscoder)).toEqual([...fromTranscoder]));

  test("mutated ones give values or MalformedError", () => {
    const noise = new Noise(0x7a5);
    let malformed = 0;
    for (let n = 0; n < 3000; n++) {
      const to = noise.mutate(noise.pick(toBodies));
      const from = noise.mutate(noise.pick(fromBodies));
      if (!survives(() => decodeToTranscoder(to))) malformed++;
      if (!survives(() => decodeFromTranscoder(from))) malformed++;
    }
    expect(malformed).toBeGreaterThan(500);
  });
});
