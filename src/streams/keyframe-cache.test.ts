import { describe, expect, test } from "bun:test";
import type { Packet } from "../media/event.ts";
import type { Track } from "../media/track.ts";
import { KeyframeCache } from "./keyframe-cache.ts";
import { Standby } from "./standby.ts";
import { StreamMeter } from "./stats.ts";

const config = {
  codec: "h264",
  record: new Uint8Array(),
  codecString: "avc1.42C01E",
  sar: { width: 1, height: 1 },
} as const;
const video = (id: number, height: number): Track => ({
  id,
  kind: "video",
  timescale: 90_000,
  config: { ...config, width: (height * 16) / 9, height },
});
const audio: Track = {
  id: 1,
  kind: "audio",
  timescale: 48_000,
  config: {
    codec: "aac",
    record: new Uint8Array(),
    codecString: "mp4a.40.2",
    sampleRate: 48_000,
    channels: 2,
    samplesPerPacket: 1024,
  },
};
const LADDER: readonly Track[] = [video(0, 1080), audio, video(2, 720), video(4, 360)];

function packet(track: number, ms: number, key = false, bytes = 100): Packet {
  const dts = ms * (track === 1 ? 48 : 90);
  return { type: "packet", track, dts, pts: dts, duration: 0, key: key || track === 1, data: new Uint8Array(bytes) };
}

const story = (packets: readonly Packet[]) =>
  packets.map(({ track, dts }) => `${track}@${dts / (track === 1 ? 48 : 90)}`);

describe("KeyframeCache of several video tracks", () => {
  test("holds all tracks since the keyframe of the first", () => {
    const cache = new KeyframeCache();
    cache.setTracks(LADDER);
    for (const track of [0, 2, 4]) cache.add(packet(track, 0, true));
    for (const track of [0, 1, 2, 4]) cache.add(packet(track, 33));
    expect(story(cache.packets)).toEqual(["0@0", "2@0", "4@0", "0@33", "1@33", "2@33", "4@33"]);
    for (const track of [0, 2, 4]) cache.add(packet(track, 66, true));
    expect(story(cache.packets)).toEqual(["0@66", "2@66", "4@66"]);
    expect(cache.keyframe?.packet.dts).toBe(66 * 90);
  });

  test("keeps other tracks' pictures of the same moment that came first", () => {
    const cache = new KeyframeCache();
    cache.setTracks(LADDER);
    cache.add(packet(0, 0, true));
    for (const track of [4, 2]) cache.add(packet(track, 33));
    cache.add(packet(4, 66, true));
    cache.add(packet(1, 66));
    cache.add(packet(2, 66, true));
    cache.add(packet(0, 66, true));
    cache.add(packet(0, 99));
    expect(story(cache.packets)).toEqual(["4@66", "1@66", "2@66", "0@66", "0@99"]);
  });

  test("has the room of two, not of any number", () => {
    const single = new KeyframeCache(1000);
    single.setTracks(LADDER.slice(0, 2));
    const several = new KeyframeCache(1000);
    several.setTracks(LADDER);
    for (const cache of [single, several]) for (let i = 0; i < 6; i++) cache.add(packet(0, i * 33, i === 0));
    expect([single.packets.length, several.packets.length]).toEqual([0, 6]);
    for (let i = 0; i < 6; i++) several.add(packet(2, i * 33));
    expect(several.packets.length).toBe(0);
  });
});

test("a source that waits knows when each packet of a group came, also those before the keyframe", () => {
  const standby = new Standby();
  standby.setTracks(LADDER);
  standby.add(packet(0, 0, true), 1000);
  standby.add(packet(2, 0, true), 1001);
  standby.add(packet(2, 33, true), 1033);
  standby.add(packet(0, 33, true), 1034);
  standby.add(packet(1, 33), 1035);
  expect(story(standby.packets)).toEqual(["2@33", "0@33", "1@33"]);
  expect(standby.arrivals).toEqual([1033, 1034, 1035]);
  standby.setTracks(LADDER);
  expect([standby.packets.length, standby.arrivals.length]).toEqual([0, 0]);
});

test("each track's rate is measured, and the first video's is the stream's", () => {
  const meter = new StreamMeter();
  meter.setTracks(LADDER);
  for (let i = 0; i <= 120; i++) {
    const now = (i * 1000) / 30;
    meter.add(packet(0, now, i % 60 === 0, 1000), now);
    if (i % 2 === 0) meter.add(packet(2, now, i % 60 === 0, 500), now);
  }
  const stats = meter.read(4000);
  expect(stats.frameRate).toBeCloseTo(30, 0);
  expect(
    stats.tracks.map(({ id, bitrate, packetRate }) => [id, Math.round(bitrate / 10_000), Math.round(packetRate)]),
  ).toEqual([
    [0, 24, 30],
    [1, 0, 0],
    [2, 6, 15],
    [4, 0, 0],
  ]);
  expect(meter.read(60_000).tracks[0]).toEqual({ id: 0, bitrate: 0, packetRate: 0 });
});

test("frames that come in a bunch are as many a second as they were made", () => {
  const meter = new StreamMeter();
  meter.setTracks(LADDER);
  for (let i = 0; i <= 180; i++) {
    const time = (i * 1000) / 30;
    meter.add(packet(0, time, i % 60 === 0), Math.max(0, time - 3000));
  }
  expect(meter.read(3000).frameRate).toBeCloseTo(30, 0);
});
