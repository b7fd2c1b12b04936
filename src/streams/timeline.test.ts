import { describe, expect, test } from "bun:test";
import type { Packet } from "../media/event.ts";
import type { AudioTrack, Track, VideoTrack } from "../media/track.ts";
import { TIMELINE_START, Timeline } from "./timeline.ts";

const video: VideoTrack = {
  id: 0,
  kind: "video",
  timescale: 90_000,
  config: {
    codec: "h264",
    record: new Uint8Array(),
    codecString: "avc1.42C01E",
    width: 640,
    height: 360,
    sar: { width: 1, height: 1 },
  },
};
const audio: AudioTrack = {
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
const data = new Uint8Array(1);

function packet(track: Track, ms: number, compositionMs = 0): Packet {
  const at = (value: number) => Math.round((value * track.timescale) / 1000);
  return { type: "packet", track: track.id, dts: at(ms), pts: at(ms + compositionMs), duration: 0, key: true, data };
}

function timeline(tracks: readonly Track[] = [video, audio], start?: number): Timeline {
  const made = new Timeline(start);
  made.setTracks(tracks);
  return made;
}

const seconds = (track: Track, placed: Packet) => placed.dts / track.timescale;

/** Interleaved 30 fps video and AAC, stamps in milliseconds as RTMP has them. */
function* source(fromMs: number, count: number): Generator<{ track: Track; ms: number }> {
  let audioFrame = 0;
  for (let frame = 0; frame < count; frame++) {
    const videoMs = fromMs + (frame * 1000) / 30;
    for (; fromMs + (audioFrame * 1024) / 48 <= videoMs; audioFrame++) {
      yield { track: audio, ms: Math.round(fromMs + (audioFrame * 1024) / 48) };
    }
    yield { track: video, ms: Math.round(videoMs) };
  }
}

describe("Timeline", () => {
  test("keeps a clean source as it is, from its start on", () => {
    const t = timeline();
    for (const { track, ms } of source(5_000, 300)) {
      const placed = t.place(packet(track, ms, 66), 0);
      expect(Math.abs(seconds(track, placed) - (TIMELINE_START + (ms - 5_000) / 1000))).toBeLessThan(0.003);
    }
    expect(t.counters).toEqual({ resets: 0, repaired: 0, holes: 0 });
  });

  test("audio runs on the sample clock, not on rounded milliseconds", () => {
    const t = timeline([audio]);
    let last: number | undefined;
    for (let i = 0; i < 1000; i++) {
      const placed = t.place(packet(audio, Math.round((i * 1024) / 48)), 0);
      if (last !== undefined) expect(placed.dts - last).toBe(1024);
      last = placed.dts;
    }
  });

  test("audio stays within 5 ms of jittering stamps' true clock and follows a drifting one", () => {
    const t = timeline([audio]);
    // The encoder's sound card runs 0.05 % fast against its stamps: after ten minutes 300 ms.
    for (let i = 0; i < 28_000; i++) {
      const ms = ((i * 1024) / 48) * 1.0005;
      const placed = t.place(packet(audio, Math.round(ms)), 0);
      expect(Math.abs(seconds(audio, placed) - TIMELINE_START - ms / 1000)).toBeLessThan(0.012);
    }
    expect(t.counters.resets).toBe(0);
  });

  for (const [name, jumpMs] of [
    ["an hour forward", 3_600_000],
    ["an hour back", -3_600_000],
    ["two seconds back", -2_000],
  ] as const) {
    test(`a jump of ${name} is closed, audio and video stay in sync, nothing is lost`, () => {
      const t = timeline();
      const out: { track: Track; at: number; source: number }[] = [];
      for (const { track, ms } of source(10_000_000, 300))
        out.push({ track, at: seconds(track, t.place(packet(track, ms), 0)), source: ms });
      for (const { track, ms } of source(10_010_000 + jumpMs, 300)) {
        out.push({ track, at: seconds(track, t.place(packet(track, ms), 0)), source: ms - jumpMs });
      }
      expect(t.counters.resets).toBe(1);
      for (const track of [video, audio]) {
        const times = out.filter((o) => o.track === track);
        for (let i = 1; i < times.length; i++) {
          const step = (times[i]?.at ?? 0) - (times[i - 1]?.at ?? 0);
          expect(step).toBeGreaterThan(0);
          expect(step).toBeLessThan(0.1);
        }
      }
      const shift = (track: Track) => {
        const last = out.filter((o) => o.track === track).at(-1);
        return (last?.at ?? 0) - (last?.source ?? 0) / 1000;
      };
      expect(Math.abs(shift(video) - shift(audio))).toBeLessThan(0.02);
    });
  }

  describe("of several video tracks", () => {
    const ladder: readonly VideoTrack[] = [video, { ...video, id: 2 }, { ...video, id: 4 }];

    test("frames that had the same stamp have it still, over jumps and stamps that stand still", () => {
      const t = timeline([...ladder, audio]);
      const stamps = [0, 33, 66, 66, 133, 3_600_000, 3_600_033, 3_600_020, 3_600_100, 500, 533, 566];
      let last = 0;
      for (const ms of stamps) {
        const placed = ladder.map((track) => t.place(packet(track, ms), 0).dts);
        t.place(packet(audio, ms), 0);
        expect(new Set(placed).size).toBe(1);
        expect(placed[0]).toBeGreaterThan(last);
        last = placed[0] as number;
      }
      expect(t.counters.resets).toBe(2);
    });

    test("all follow a jump that only one of them takes for one", () => {
      const t = timeline(ladder);
      for (const track of ladder) t.place(packet(track, 0), 0);
      // The others are a frame ahead when the clock jumps.
      for (const track of ladder.slice(1)) t.place(packet(track, 33), 0);
      const placed = ladder.map((track) => t.place(packet(track, 5_020), 0).dts);
      expect(new Set(placed).size).toBe(1);
      expect(t.counters.resets).toBe(1);
    });

    test("what was sent before a jump and comes behind it stays where it was", () => {
      const t = timeline(ladder);
      for (const ms of [0, 33]) for (const track of ladder) t.place(packet(track, ms), 0);
      t.place(packet(ladder[0] as Track, 900_000), 0);
      expect(t.place(packet(ladder[1] as Track, 66), 0).dts).toBe(TIMELINE_START * 90_000 + 66 * 90);
      const after = ladder.map((track) => t.place(packet(track, 900_066), 0).dts);
      expect(new Set(after).size).toBe(1);
    });
  });

  test("stamps that stand still or go back a little are moved on by one tick", () => {
    const t = timeline([video]);
    const dts = [0, 33, 33, 20, 100].map((ms) => t.place(packet(video, ms), 0).dts);
    for (let i = 1; i < dts.length; i++) expect(dts[i]).toBeGreaterThan(dts[i - 1] as number);
    expect(dts[4]).toBe(TIMELINE_START * 90_000 + 9_000);
    expect(t.counters.repaired).toBe(2);
  });

  test("missing stamps are replaced by the time of arrival", () => {
    const t = timeline([video]);
    let last = 0;
    for (let i = 0; i < 300; i++) last = t.place(packet(video, 0), i * 33.3).dts;
    expect(last / 90_000 - TIMELINE_START).toBeGreaterThan(9);
    expect(last / 90_000 - TIMELINE_START).toBeLessThan(10.5);
  });

  test("stamps that come back after having been missing are followed", () => {
    const t = timeline([video]);
    for (let i = 0; i < 300; i++) t.place(packet(video, 0), i * 33.3);
    const before = t.end;
    for (let i = 1; i < 100; i++) t.place(packet(video, i * 33), 10_000 + i * 33);
    expect(t.end - before).toBeGreaterThan(2.5);
  });

  test("a pause of the source stays a pause", () => {
    const t = timeline([video]);
    t.place(packet(video, 0), 0);
    expect(seconds(video, t.place(packet(video, 3000), 0))).toBe(TIMELINE_START + 3);
    expect(t.counters).toEqual({ resets: 0, repaired: 0, holes: 1 });
  });

  test("only the track that jumped moves", () => {
    const t = timeline();
    for (const { track, ms } of source(0, 30)) t.place(packet(track, ms), 0);
    const jumped = t.place(packet(audio, 3_601_000), 0);
    expect(seconds(audio, jumped)).toBeLessThan(TIMELINE_START + 1.2);
    expect(seconds(video, t.place(packet(video, 1000), 0))).toBe(TIMELINE_START + 1);
  });

  test("presentation times stay exact where decoding times were moved, and nonsense is dropped", () => {
    const t = timeline([video]);
    t.place(packet(video, 100), 0);
    expect(t.place(packet(video, 90, 40), 0).pts).toBe(TIMELINE_START * 90_000 + 30 * 90);
    const wild = t.place(packet(video, 200, 16_777_000), 0);
    expect(wild.pts).toBe(wild.dts);
  });

  test("a second publisher begins where the first ended", () => {
    const first = timeline();
    for (const { track, ms } of source(0, 300)) first.place(packet(track, ms), 0);
    const second = timeline([video, audio], first.end);
    const placed = second.place(packet(video, 77_000), 0);
    expect(seconds(video, placed)).toBeCloseTo(first.end, 4);
  });

  test("a track that changes its sample rate keeps its place", () => {
    const t = timeline([audio]);
    for (let i = 0; i < 100; i++) t.place(packet(audio, Math.round((i * 1024) / 48)), 0);
    const other: AudioTrack = { ...audio, timescale: 44_100 };
    t.setTracks([other]);
    const placed = t.place(packet(other, Math.round((100 * 1024) / 48)), 0);
    expect(seconds(other, placed)).toBeGreaterThan(TIMELINE_START + 2.1);
    expect(seconds(other, placed)).toBeLessThan(TIMELINE_START + 2.17);
  });
});
