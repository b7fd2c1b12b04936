import { expect, test } from "bun:test";
import type { Packet } from "../media/event.ts";
import type { VideoTrack } from "../media/track.ts";
import { picturesSchema } from "./config.ts";
import { decodeJob, encodeResult, type PictureJob, tileBytes } from "./messages.ts";
import type { WorkerEvents } from "./picture-queue.ts";
import { Pictures, type PicturesOptions } from "./pictures.ts";
import type { PictureAnswer, PictureRequest } from "./request.ts";
import type { BoardWindow } from "./storyboard.ts";

const track = (width = 1280, height = 720): VideoTrack => ({
  id: 0,
  kind: "video",
  timescale: 90_000,
  config: { codec: "h264", record: new Uint8Array([1]), codecString: "", width, height, sar: { width: 1, height: 1 } },
});
const packet = (dts: number): Packet => ({
  type: "packet",
  track: 0,
  dts,
  pts: dts,
  duration: 0,
  key: true,
  data: new Uint8Array([dts & 255]),
});

/** Pictures of one stream, with a worker that does jobs when it is told to, and paints the number of the job. */
class Bench {
  now = 0;
  keyframe: Packet | undefined = packet(1);
  track = track();
  /** Media sequence numbers in the window. */
  segments: number[] = [10, 11, 12];
  readonly jobs: PictureJob[] = [];
  readonly done: PictureJob[] = [];
  #events: WorkerEvents | undefined;
  #cpu = 0;
  readonly pictures: Pictures;

  constructor(options: Partial<PicturesOptions> = {}) {
    this.pictures = new Pictures({
      config: picturesSchema.parse({}),
      missing: undefined,
      keyframe: (path) =>
        path === "live/a" && this.keyframe ? { track: this.track, packet: this.keyframe } : undefined,
      window: (path) => (path === "live/a" ? this.#window() : undefined),
      now: () => this.now,
      onTrouble: () => {},
      start: (events) => {
        this.#events = events;
        return { write: (job) => this.jobs.push(decodeJob(job)), end: () => {}, kill: () => {} };
      },
      ...options,
    });
  }

  ask(asked: PictureRequest, path = "live/a") {
    const answers: PictureAnswer[] = [];
    const cancel = this.pictures.request(path, asked, (answer) => answers.push(answer));
    return { answers, cancel };
  }

  /** Does what there is to do, or fails in it. Tells what that was. */
  work(fails = false): string[] {
    const types: string[] = [];
    for (let job = this.jobs.shift(); job; job = this.jobs.shift()) {
      types.push(job.type);
      this.done.push(job);
      const { id } = job;
      const cpu = ++this.#cpu;
      if (fails) this.#events?.result(encodeResult({ type: "failed", id, cpu, reason: "broken" }));
      else if (job.type === "tile") {
        const samples = new Uint8Array(tileBytes(job.size)).fill(job.keyframe.data[0] ?? 0);
        this.#events?.result(encodeResult({ type: "samples", id, cpu, samples }));
      } else {
        const picture = { format: job.format, width: 2, height: 2, bytes: new Uint8Array([id]) };
        this.#events?.result(encodeResult({ type: "picture", id, cpu, picture }));
      }
    }
    return types;
  }

  until(now: number): void {
    for (; this.now < now; this.now += 100) this.pictures.tick();
    this.pictures.tick();
  }

  #window(): BoardWindow {
    return {
      segments: this.segments.map((msn) => ({ msn, duration: 2, independent: msn !== 13, wallclock: msn * 2000 })),
      expected: 3,
      shape: this.track.config,
      keyframe: (msn) =>
        this.segments.includes(msn)
          ? { codec: "h264", record: new Uint8Array(1), data: new Uint8Array([msn]) }
          : undefined,
    };
  }
}

const THUMBNAIL: PictureRequest = { what: "thumbnail", format: "jpeg", width: undefined };
const SHEET: PictureRequest = { what: "storyboard", format: "jpeg" };
const LIST: PictureRequest = { what: "storyboard", format: "vtt" };

const textOf = (answer: PictureAnswer | undefined) =>
  answer && "body" in answer ? new TextDecoder().decode(answer.body) : "";

test("a thumbnail is made once for all who ask, and again when it is old", () => {
  const bench = new Bench();
  const [one, two] = [bench.ask(THUMBNAIL), bench.ask(THUMBNAIL)];
  expect(one.answers).toEqual([]);
  expect(bench.work()).toEqual(["thumbnail"]);
  expect(bench.done[0]).toMatchObject({ width: 480, format: "jpeg", keyframe: { codec: "h264" } });
  expect(one.answers).toMatchObject([{ status: 200, contentType: "image/jpeg", maxAgeSeconds: 5 }]);
  expect(two.answers).toEqual(one.answers);
  bench.keyframe = packet(2);
  bench.now = 3000;
  expect(bench.ask(THUMBNAIL).answers).toMatchObject([{ status: 200, maxAgeSeconds: 2 }]);
  bench.now = 5000;
  const later = bench.ask(THUMBNAIL);
  expect(later.answers).toEqual([]);
  expect(bench.work()).toEqual(["thumbnail"]);
  expect(later.answers).toMatchObject([{ status: 200, maxAgeSeconds: 5 }]);
});

test("without a new keyframe there is no new picture", () => {
  const bench = new Bench();
  bench.ask(THUMBNAIL);
  bench.work();
  bench.now = 50_000;
  expect(bench.ask(THUMBNAIL).answers).toMatchObject([{ status: 200, maxAgeSeconds: 1 }]);
  expect(bench.work()).toEqual([]);
});

test("each width and format is a picture of its own", () => {
  const bench = new Bench();
  const asked = [THUMBNAIL, { ...THUMBNAIL, width: 160 }, { ...THUMBNAIL, format: "webp" as const }];
  const answers = asked.map((each) => bench.ask(each).answers);
  expect(bench.work()).toHaveLength(3);
  expect(new Set(answers.map(([answer]) => answer && "body" in answer && answer.body[0])).size).toBe(3);
});

test("when a new picture takes long the one before is given", () => {
  const bench = new Bench();
  const first = bench.ask(THUMBNAIL);
  bench.work();
  bench.keyframe = packet(2);
  bench.now = 20_000;
  const { answers } = bench.ask(THUMBNAIL);
  bench.until(22_900);
  expect(answers).toEqual([]);
  bench.until(23_100);
  expect(answers).toMatchObject([{ status: 200, body: (first.answers[0] as { body?: Uint8Array }).body }]);
});

test("no picture at all is said so", () => {
  const bench = new Bench();
  expect(bench.ask(THUMBNAIL, "live/none").answers).toMatchObject([{ status: 404 }]);
  expect(bench.ask(LIST, "live/none").answers).toMatchObject([{ status: 404 }]);
  const { answers } = bench.ask(THUMBNAIL);
  bench.work(true);
  expect(answers).toMatchObject([{ status: 503, retryAfterSeconds: 5 }]);
  // The same keyframe is not tried again, the next is.
  expect(bench.ask(THUMBNAIL).answers).toMatchObject([{ status: 503 }]);
  expect(bench.work()).toEqual([]);
  bench.keyframe = packet(2);
  bench.ask(THUMBNAIL);
  expect(bench.work()).toEqual(["thumbnail"]);
});

test("who has gone costs nothing", () => {
  const bench = new Bench();
  // The worker is busy, so that this one waits.
  bench.ask(THUMBNAIL);
  const { cancel, answers } = bench.ask({ ...THUMBNAIL, width: 160 });
  cancel?.();
  expect(bench.work()).toEqual(["thumbnail"]);
  expect(answers).toEqual([]);
});

test("switched off, or without the library", () => {
  const off = new Bench({ config: picturesSchema.parse({ enabled: false }) });
  expect(off.pictures.isAvailable).toBe(false);
  expect(off.ask(THUMBNAIL).answers).toMatchObject([{ status: 404 }]);
  const without = new Bench({ missing: "the media library is not installed" });
  expect(without.pictures.isAvailable).toBe(false);
  expect(without.ask(LIST).answers).toMatchObject([{ status: 404, reason: expect.stringContaining("media library") }]);
  off.pictures.reload(picturesSchema.parse({}));
  expect(off.pictures.isAvailable).toBe(true);
});

test("a storyboard has a tile for each segment, and a list of them", () => {
  const bench = new Bench();
  const list = bench.ask(LIST);
  expect(bench.work()).toEqual(["tile", "tile", "tile"]);
  // 3 segments, and room for those that have left: one row of 10. 10, 11, 12 have the places 0, 1, 2.
  expect(textOf(list.answers[0])).toBe(
    [
      "WEBVTT\n\nNOTE\n00:00:00.000 is 1970-01-01T00:00:20.000Z\n",
      "00:00:00.000 --> 00:00:02.000\nstoryboard.jpg?n=12#xywh=0,0,160,90\n",
      "00:00:02.000 --> 00:00:04.000\nstoryboard.jpg?n=12#xywh=160,0,160,90\n",
      "00:00:04.000 --> 00:00:06.000\nstoryboard.jpg?n=12#xywh=320,0,160,90\n",
    ].join("\n"),
  );
  const sheet = bench.ask(SHEET);
  expect(bench.work()).toEqual(["sheet"]);
  expect(sheet.answers).toMatchObject([{ status: 200, contentType: "image/jpeg" }]);
  expect(bench.done[3]).toMatchObject({ columns: 10, rows: 1, tile: { width: 160, height: 90 } });
  const tiles = bench.done[3]?.type === "sheet" ? bench.done[3].tiles : [];
  expect(tiles.map(({ place, samples }) => [place, samples[0]])).toEqual([
    [0, 10],
    [1, 11],
    [2, 12],
  ]);
});

test("as the window goes on, only what is new is made, and keeps its place", () => {
  const bench = new Bench();
  bench.ask(SHEET);
  expect(bench.work()).toEqual(["tile", "tile", "tile", "sheet"]);
  bench.segments = [12, 13, 14];
  expect(bench.ask(SHEET).answers).toHaveLength(1);
  bench.now = 5000;
  const { answers } = bench.ask(LIST);
  // 13 does not begin with a keyframe: 12 stands for it, too.
  expect(bench.work()).toEqual(["tile"]);
  expect(textOf(answers[0])).toContain("00:00:00.000 --> 00:00:04.000\nstoryboard.jpg?n=14#xywh=320,0,160,90\n");
  expect(textOf(answers[0])).toContain("00:00:04.000 --> 00:00:06.000\nstoryboard.jpg?n=14#xywh=640,0,160,90\n");
  expect(bench.ask(SHEET).answers).toEqual([]);
  expect(bench.work()).toEqual(["sheet"]);
});

test("what is not there in time is left out, and there the next time", () => {
  const bench = new Bench();
  const { answers } = bench.ask(LIST);
  const [first, ...rest] = bench.jobs.splice(0);
  if (!first || rest.length > 0) throw new Error("one job at a time");
  bench.jobs.push(first);
  bench.until(3900);
  expect(answers).toEqual([]);
  bench.until(4100);
  expect(answers).toMatchObject([{ status: 503 }]);
  bench.now = 9000;
  const again = bench.ask(LIST);
  expect(bench.work()).toEqual(["tile", "tile", "tile"]);
  expect(textOf(again.answers[0]).match(/xywh/g)).toHaveLength(3);
});

test("a segment that cannot be decoded has no tile", () => {
  const bench = new Bench();
  const { answers } = bench.ask(LIST);
  bench.work(true);
  expect(answers).toMatchObject([{ status: 503 }]);
  bench.segments = [12, 14];
  const next = bench.ask(LIST);
  expect(bench.work()).toEqual(["tile"]);
  expect(textOf(next.answers[0]).match(/-->.*/g)).toEqual(["--> 00:00:04.000"]);
});

test("another shape of picture begins the storyboard anew", () => {
  const bench = new Bench();
  bench.ask(SHEET);
  bench.work();
  bench.track = track(720, 1280);
  bench.now = 5000;
  bench.ask(SHEET);
  expect(bench.work()).toEqual(["tile", "tile", "tile", "sheet"]);
  expect(bench.done[7]).toMatchObject({ tile: { width: 90, height: 160 } });
});

test("when there is no picture yet it is waited for longer", () => {
  const bench = new Bench();
  const { answers } = bench.ask(THUMBNAIL);
  bench.until(7900);
  expect(answers).toEqual([]);
  bench.until(8100);
  expect(answers).toMatchObject([{ status: 503 }]);
});
