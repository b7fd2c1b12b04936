import { expect, test } from "bun:test";
import { sampleAudio as audio, sampleVideo as video } from "../../test/support/sample-tracks.ts";
import { decodeTs } from "../formats/mpegts/demuxer.ts";
import type { MediaEvent, Packet } from "../media/event.ts";
import type { Track, VideoTrack } from "../media/track.ts";
import type { RenditionEvent } from "./rendition.ts";
import { TsPackager, type TsPackagerOptions } from "./ts-packager.ts";

const FRAME = 3000;
const UNIT = Uint8Array.of(0, 0, 0, 3, 0x41, 0xaa, 0xbb);

test("cuts at the first keyframe when the target is reached", () => {
  const { run, segments } = packager();
  run.tracks(video, audio);
  run.play({ frames: 30 * 13, keyEvery: 60 });
  expect(segments()).toEqual([
    { msn: 7, start: 0, duration: 4, independent: true, discontinuity: false },
    { msn: 8, start: 4000, duration: 4, independent: true, discontinuity: false },
    { msn: 9, start: 8000, duration: 4, independent: true, discontinuity: false },
  ]);
});

test("aligned, keyframes behind multiples of the target cut, wherever the segment began", () => {
  const { run, segments } = packager({ targetMs: 3000, aligned: true });
  run.tracks(video);
  run.play({ frames: 30 * 13, keyEvery: 60 });
  expect(segments().map(({ start, duration }) => [start, duration])).toEqual([
    [0, 4],
    [4000, 2],
    [6000, 4],
    [10_000, 2],
  ]);
});

test("a keyframe at exactly the target cuts", () => {
  const { run, segments } = packager({ targetMs: 2000 });
  run.tracks(video);
  run.play({ frames: 121, keyEvery: 60 });
  expect(segments().map(({ duration }) => duration)).toEqual([2, 2]);
});

test("every segment is a whole transport stream whose counters run on", () => {
  const { run, events } = packager();
  run.tracks(video, audio);
  run.play({ frames: 30 * 20, keyEvery: 60 });
  run.write({ type: "end" });
  let counters: ReadonlyMap<number, number> = new Map();
  let pictures = 0;
  for (const event of events) {
    if (event.type !== "segment") continue;
    const decoded = decodeTs(Uint8Array.from(Buffer.concat(event.bytes)), counters);
    counters = decoded.counters;
    expect(decoded.pes[0]?.randomAccess).toBe(true);
    pictures += decoded.pes.filter(({ pid }) => pid === 0x100).length;
  }
  expect(pictures).toBe(600);
  expect(events.at(-1)).toEqual({ type: "end" });
});

test("open stands before its segment, and its wall clock follows the stream's time", () => {
  const { run, events } = packager();
  run.tracks(video);
  run.play({ frames: 30 * 9, keyEvery: 60, jitterMs: 40 });
  const order = events.map((event) => (event.type === "open" ? `open ${event.msn} ${event.wallclock}` : event.type));
  expect(order).toEqual(["open 7 1000000", "segment", "open 8 1004000", "segment", "open 9 1008000"]);
});

test("without keyframe it is cut by force, and not independent until one comes", () => {
  const { run, segments } = packager({ maxMs: 10_000 });
  run.tracks(video, audio);
  run.play({ frames: 30 * 25, keyEvery: 10_000 });
  run.play({ frames: 30 * 6, keyEvery: 60 });
  expect(segments().map(({ duration, independent }) => [duration, independent])).toEqual([
    [10, true],
    [10, false],
    [5, false],
    [4, true],
  ]);
});

test("a stream that never has a keyframe begins when the longest segment would have ended", () => {
  const { run, segments } = packager({ maxMs: 10_000 });
  run.tracks(video, audio);
  run.play({ frames: 30 * 21, keyEvery: 0 });
  expect(segments()).toEqual([{ msn: 7, start: 10_000, duration: 10, independent: false, discontinuity: false }]);
});

test("what comes before the first keyframe is left out", () => {
  const { run, segments } = packager();
  run.tracks(video, audio);
  run.play({ frames: 15, keyEvery: 0 });
  run.play({ frames: 100, keyEvery: 90 });
  expect(segments().map(({ start, duration }) => [start, duration])).toEqual([[500, 3]]);
});

test("audio alone is cut at the target", () => {
  const { run, segments } = packager();
  run.tracks(audio);
  run.play({ frames: 30 * 7, keyEvery: 0, video: false });
  expect(segments().map(({ duration, independent }) => [Math.round(duration * 100) / 100, independent])).toEqual([
    [3.01, true],
    [3.01, true],
  ]);
});

test("audio cuts by force while the video is silent", () => {
  const { run, segments } = packager({ targetMs: 3000, maxMs: 6000 });
  run.tracks(video, audio);
  run.play({ frames: 30, keyEvery: 60 });
  run.play({ frames: 30 * 20, keyEvery: 0, video: false });
  const [first, second] = segments();
  expect(first?.duration).toBeCloseTo(6, 1);
  expect([second?.independent, second?.discontinuity]).toEqual([false, false]);
});

test("a publisher that comes back goes on where it was, with its own wall clock", () => {
  const { run, events } = packager();
  run.tracks(video, audio);
  run.play({ frames: 45, keyEvery: 60 });
  run.write({ type: "gap", reason: "publisher-lost" });
  run.wait(20_000);
  run.tracks(video, audio);
  run.play({ frames: 180, keyEvery: 60 });
  const opens = events.filter((event) => event.type === "open");
  expect(opens.map(({ msn, wallclock, discontinuity }) => [msn, wallclock, discontinuity])).toEqual([
    [7, 1_000_000, false],
    [8, 1_021_500, false],
    [9, 1_025_500, false],
  ]);
});

test("a new config begins a new segment with a discontinuity; the same config does not", () => {
  const { run, segments } = packager();
  run.tracks(video, audio);
  run.play({ frames: 30, keyEvery: 60 });
  run.tracks({ ...video }, { ...audio, label: "English" });
  run.play({ frames: 30, keyEvery: 0 });
  expect(segments()).toEqual([]);
  run.tracks({ ...video, config: { ...video.config, record: Uint8Array.of(...video.config.record, 0) } }, audio);
  run.play({ frames: 150, keyEvery: 60 });
  expect(segments().map(({ duration, discontinuity }) => [duration, discontinuity])).toEqual([
    [2, false],
    [4, true],
  ]);
});

test("a config that changes before anything was sent is no discontinuity, unless segments came before", () => {
  for (const discontinuity of [false, true]) {
    const { run, events } = packager({ discontinuity });
    run.tracks(audio);
    run.tracks(video, audio);
    run.play({ frames: 10, keyEvery: 60 });
    expect(events.map((event) => event.type === "open" && event.discontinuity)).toEqual([discontinuity]);
  }
});

test("time that jumps over a whole segment is a discontinuity, and no long segment", () => {
  const { run, segments } = packager();
  run.tracks(video);
  run.play({ frames: 30, keyEvery: 60 });
  run.skip(3600);
  run.play({ frames: 130, keyEvery: 60 });
  expect(segments().map(({ duration, discontinuity }) => [duration, discontinuity])).toEqual([
    [1, false],
    [4, true],
  ]);
});

test("a pause shorter than that is part of its segment", () => {
  const { run, segments } = packager();
  run.tracks(video);
  run.play({ frames: 30, keyEvery: 60 });
  run.skip(6);
  run.play({ frames: 130, keyEvery: 60 });
  expect(segments().map(({ duration, discontinuity }) => [duration, discontinuity])).toEqual([
    [7, false],
    [4, false],
  ]);
});

test("a pause that would make the segment longer than the limit is a discontinuity", () => {
  const { run, segments } = packager({ targetMs: 2000, limitMs: () => 2400 });
  run.tracks(video, audio);
  run.play({ frames: 30, keyEvery: 60 });
  run.skip(3);
  run.play({ frames: 70, keyEvery: 60 });
  const [first, second] = segments();
  expect(first?.duration).toBeCloseTo(1, 1);
  expect(second?.discontinuity).toBe(true);
});

test("a track that MPEG-TS cannot carry is reported once, and the rest plays", () => {
  const told: string[] = [];
  const onSkippedTrack: TsPackagerOptions["onSkippedTrack"] = (track, reason) => told.push(`${track.id} ${reason}`);
  const { run, segments } = packager({ onSkippedTrack });
  const av1: VideoTrack = { ...video, config: { ...video.config, codec: "av1" } };
  const second: VideoTrack = { ...video, id: 3 };
  for (let i = 0; i < 3; i++) run.tracks(av1, audio);
  run.play({ frames: 30 * 4, keyEvery: 60 });
  expect(segments().length).toBe(1);
  run.tracks(video, audio, second);
  run.tracks(video, audio, second);
  expect(told).toEqual(["1 codec", "3 second-video"]);
});

test("nothing that can be carried: no segment, and no fault", () => {
  const { run, events } = packager();
  run.tracks({ ...video, config: { ...video.config, codec: "vp9" } });
  run.play({ frames: 300, keyEvery: 60 });
  run.write({ type: "end" });
  expect(events).toEqual([{ type: "end" }]);
  run.write({ type: "end" });
  expect(events.length).toBe(1);
});

test("timed ID3 goes into the segment", () => {
  const { run, events } = packager();
  run.tracks(video, audio, { id: 9, kind: "data", timescale: 1000 });
  run.play({ frames: 30, keyEvery: 60 });
  run.write({ type: "data", track: 9, pts: 500, kind: "id3", value: Uint8Array.of(0x49, 0x44, 0x33) });
  run.write({ type: "data", track: 9, pts: 500, kind: "amf", value: Uint8Array.of(2) });
  run.write({ type: "end" });
  const segment = events.find((event) => event.type === "segment");
  const { pes } = decodeTs(Uint8Array.from(Buffer.concat(segment?.bytes ?? [])));
  expect(pes.filter(({ pid }) => pid === 0x1f0).map(({ pts }) => pts)).toEqual([45_000 + 63_000]);
});

type Listed = { msn: number; start: number; duration: number; independent: boolean; discontinuity: boolean };

/** A packager with a source in virtual time: 30 frames a second and AAC, from time 0 at `now` 500. */
function packager(changed: Partial<TsPackagerOptions> = {}) {
  const events: RenditionEvent[] = [];
  const options: TsPackagerOptions = {
    targetMs: 3000,
    maxMs: 10_000,
    maxAudioDelayMs: 300,
    firstMsn: 7,
    wallclockAt: (now) => 1_000_000 - 500 + now,
    ...changed,
  };
  const subject = new TsPackager(options, (event) => events.push(event));
  let dts = 0;
  let samples = 0;
  let late = 0;
  const now = () => 500 + late + dts / 90;
  const run = {
    write: (event: MediaEvent) => subject.write(event, now()),
    tracks: (...tracks: Track[]) => run.write({ type: "tracks", tracks }),
    /** Time passes for the clock alone. */
    wait: (ms: number) => void (late += ms),
    /** Time passes for the stream as well, with nothing in it. */
    skip(seconds: number) {
      dts += seconds * 90_000;
      samples += seconds * 48_000;
    },
    play(options: { frames: number; keyEvery: number; video?: boolean; jitterMs?: number }) {
      for (let i = 0; i < options.frames; i++, dts += FRAME) {
        const at = now() + (i % 7 === 3 ? (options.jitterMs ?? 0) : 0);
        const key = options.keyEvery > 0 && i % options.keyEvery === 0;
        if (options.video !== false) subject.write(packet(1, dts, key), at);
        for (; samples / 48_000 < (dts + FRAME) / 90_000; samples += 1024) subject.write(packet(2, samples, true), at);
      }
    },
  };
  const segments = (): Listed[] =>
    events.flatMap((event): Listed[] => {
      if (event.type !== "segment") return [];
      const open = events.find((other) => other.type === "open" && other.msn === event.msn);
      if (open?.type !== "open") throw new Error(`segment ${event.msn} without open`);
      const { msn, duration, independent } = event;
      return [{ msn, start: open.wallclock - 1_000_000, duration, independent, discontinuity: open.discontinuity }];
    });
  return { run, events, segments };
}

function packet(track: number, dts: number, key: boolean): Packet {
  return { type: "packet", track, dts, pts: dts, duration: 0, key, data: UNIT };
}
