import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { TimedEvent } from "../../test/hls/flv-source.ts";
import { checkMedia, follow } from "../../test/hls/follow.ts";
import { OriginBench, toPlaylist } from "../../test/hls/origin-bench.ts";
import { type SyntheticStream, synthesize, videoTrack } from "../../test/hls/synthetic.ts";
import { decodeSamples } from "../formats/mp4/samples.ts";
import { decodeTs } from "../formats/mpegts/demuxer.ts";
import { msnAfter } from "./names.ts";
import type { RenditionEvent } from "./rendition.ts";

setDefaultTimeout(30_000);

const STREAM: SyntheticStream = { seconds: 20.5, fps: 30, gop: 60, audio: true, milliseconds: true };

/** An encoder's media that begins to come at `at` seconds. */
function encoder(at: number, stream: Partial<SyntheticStream> = {}): TimedEvent[] {
  return synthesize({ ...STREAM, start: 10 + at, ...stream }).map((timed) => ({ ...timed, at: timed.at + at * 1000 }));
}

const OTHER_RECORD = Uint8Array.of(1, 0x4d, 0, 0x1e, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68);

function otherRecord({ at, event }: TimedEvent): TimedEvent {
  if (event.type !== "tracks") return { at, event };
  const tracks = event.tracks.map((track) => (track.kind === "video" ? videoTrack(30, OTHER_RECORD) : track));
  return { at, event: { ...event, tracks } };
}

function lost(at: number): TimedEvent {
  return { at: at * 1000, event: { type: "gap", reason: "publisher-lost" } };
}

describe("over a restart of the server", () => {
  /** Two servers of one stream, the second `apart` seconds after the first has begun. */
  function restart(format: string, apart: number): { before: OriginBench; after: OriginBench } {
    const before = new OriginBench(encoder(0, { seconds: 30 }), { format }).run(24);
    before.playlist();
    const wallclockAt = (now: number) => Date.UTC(2026, 0, 1) + apart * 1000 + now;
    const { announced, nextMsn, nextDiscontinuity, numberedAt } = before.output;
    const firstMsn = msnAfter({ nextMsn, nextDiscontinuity, at: numberedAt }, 2000, wallclockAt(0));
    const firstDiscontinuity = nextDiscontinuity - 1;
    const options = { wallclockAt, firstMsn, firstDiscontinuity, announced };
    return { before, after: new OriginBench(encoder(0, { seconds: 30 }), { format }, options) };
  }

  test.each(["cmaf", "mpegts"])("what was announced holds, and all that counts goes on: %s", (format) => {
    const { before, after } = restart(format, 25);
    const old = before.playlist();
    const fresh = after.run(2.5).playlist();
    const next = old.mediaSequence + old.segments.length;
    expect(fresh.targetDuration).toBe(old.targetDuration);
    expect(fresh.partTarget).toBe(old.partTarget);
    expect(fresh.mediaSequence).toBeGreaterThanOrEqual(next);
    expect(fresh.mediaSequence).toBeLessThan(next + 5);
    expect(fresh.discontinuitySequence).toBe(old.discontinuitySequence);
    expect(fresh.segments.some((segment) => segment.discontinuity)).toBe(false);
    expect(timesOf(after, fresh.segments[0]?.uri)).toBeGreaterThan(timesOf(before, old.segments[9]?.uri));
    expect(fresh.segments[0]?.wallclock).toBeGreaterThan(old.segments[9]?.wallclock ?? Number.NaN);
    // Who goes on where it was is answered at once.
    const asked = after.ask("main.m3u8", `_HLS_msn=${next}&_HLS_part=1&_HLS_skip=YES`);
    expect(toPlaylist(asked.answer).segments.length).toBe(fresh.segments.length);
  });

  /** The first decoding time of a segment. */
  function timesOf(bench: OriginBench, uri: string | undefined): number {
    const body = bench.ask(uri ?? "").answer?.body;
    if (!(body instanceof Uint8Array)) throw new Error(`${uri} cannot be had`);
    if (body[0] === 0x47) return decodeTs(body).pes[0]?.pts ?? Number.NaN;
    return decodeSamples(body)[0]?.dts ?? Number.NaN;
  }
});

describe("while the encoder is away", () => {
  const cases: readonly [what: string, stream: Partial<SyntheticStream>][] = [
    ["picture and sound", {}],
    ["picture only", { audio: false }],
    ["sound only", { fps: 0, gop: 0 }],
    ["25 frames a second, keyframes every 3 s", { fps: 25, gop: 75 }],
    ["B-frames", { reorder: 2 }],
  ];
  for (const [what, stream] of cases) {
    // When it goes: at once behind a part, and in the middle of one.
    for (const goes of [20, 20.17, 20.42]) {
      for (const back of [20.6, 21, 40.05]) {
        test(`${what}: gone at ${goes} s, back at ${back} s`, () => {
          const b = new OriginBench([
            ...encoder(0, { ...stream, seconds: goes }),
            lost(goes + 0.05),
            ...encoder(back, { ...stream, seconds: 12 }),
          ]);
          expect(follow(b, { from: 12, to: back + 10, late: 0.5 })).toEqual([]);
          expect(checkMedia(b)).toEqual([]);
          expect(b.output.state).toBe("live");
          expect(b.playlist().segments.some((segment) => segment.discontinuity)).toBe(false);
        });
      }
    }
  }

  for (const goes of [20, 20.17]) {
    for (const back of [20.6, 40.05]) {
      test(`gone at ${goes} s, back with another configuration at ${back} s`, () => {
        const b = new OriginBench([
          ...encoder(0, { seconds: goes }),
          lost(goes + 0.05),
          ...encoder(back, { seconds: 12 }).map(otherRecord),
        ]);
        expect(follow(b, { from: 12, to: back + 10, late: 0.5 })).toEqual([]);
        expect(checkMedia(b)).toEqual([]);
        expect(b.playlist().segments.filter((segment) => segment.discontinuity).length).toBe(1);
      });
    }
  }

  test("a configuration that changes while the encoder stays breaks no hint", () => {
    for (const at of [20, 20.17, 21.2]) {
      const b = new OriginBench([...encoder(0, { seconds: at }), ...encoder(at, { seconds: 12 }).map(otherRecord)]);
      expect(follow(b, { from: 12, to: at + 10 })).toEqual([]);
      expect(checkMedia(b)).toEqual([]);
      expect(b.playlist().segments.filter((segment) => segment.discontinuity).length).toBe(1);
    }
  });

  test("one that is connected but sends nothing is stood in for as well", () => {
    const b = new OriginBench([...encoder(0), ...encoder(32, { seconds: 12 }).slice(1)]);
    expect(follow(b, { from: 12, to: 42, late: 4 })).toEqual([]);
    expect(checkMedia(b)).toEqual([]);
  });

  test("the frame rate that is told stays the encoder's, also of one that comes back with another", () => {
    const events = [...encoder(0, { frameRateKnown: false }), lost(20.55), ...encoder(40, { fps: 25, gop: 50 })];
    const b = new OriginBench(events);
    const told = [20, 25, 39, 45].map((at) => Math.round(b.run(at).output.renditions[0]?.frameRate ?? 0));
    expect(told).toEqual([30, 30, 30, 25]);
  });

  test("a blocked request never waits long", () => {
    const b = new OriginBench([...encoder(0), lost(20.55)]);
    b.run(20.6);
    for (let at = 21; at < 60; at++) {
      const { mediaSequence, segments } = b.playlist();
      const open = mediaSequence + segments.length - 1;
      const asked = b.ask("main.m3u8", `_HLS_msn=${open}&_HLS_part=${segments.at(-1)?.parts.length}`);
      b.run(at + 0.99);
      expect(asked.answer?.status).toBe(200);
    }
  });

  test("after the grace the playlist ends", () => {
    const b = new OriginBench([...encoder(0), lost(20.55), { at: 31_000, event: { type: "end" } }], { grace: 10 });
    expect(follow(b, { from: 12, to: 35, brokenHints: 1 })).toEqual([]);
    expect(b.playlist().ended).toBe(true);
  });

  test.each(["cmaf", "mpegts"])("every segment begins with a keyframe, before and after: %s", (format) => {
    for (const [goes, back] of [
      [20.04, 20.5],
      [20.04, 21.3],
      [20.5, 21.03],
      [20.5, 40.1],
    ] as const) {
      const b = new OriginBench(
        [...encoder(0, { seconds: goes }), lost(goes + 0.05), ...encoder(back, { seconds: 16 })],
        { format },
      );
      for (const { uri } of b.run(back + 15).playlist().segments) {
        const body = uri === undefined ? undefined : b.ask(uri).answer?.body;
        if (!(body instanceof Uint8Array)) continue;
        const isKey = format === "cmaf" ? decodeSamples(body)[0]?.key : decodeTs(body).pes[0]?.randomAccess;
        expect(isKey).toBe(true);
      }
    }
  });

  test("MPEG-TS goes on as well", () => {
    const b = new OriginBench([...encoder(0), lost(20.55), ...encoder(40, { seconds: 12 })], { format: "mpegts" });
    expect(follow(b, { from: 12, to: 50, late: 0.5 })).toEqual([]);
    expect(b.playlist().segments.some((segment) => segment.discontinuity)).toBe(false);
  });
});

describe("what is copied elsewhere", () => {
  test("is the encoder's media alone, with a discontinuity where that is taken up again", () => {
    const copied: RenditionEvent[] = [];
    const b = new OriginBench(
      [...encoder(0), lost(20.55), ...encoder(40, { seconds: 12 })],
      { format: "mpegts" },
      { onRendition: (event) => copied.push(event) },
    ).run(50);
    expect(follow(b, { from: 50, to: 51 })).toEqual([]);
    const segments = copied.filter((event) => event.type === "segment");
    const seconds = segments.reduce((sum, { duration }) => sum + duration, 0);
    expect(seconds).toBeGreaterThan(20.5 + 8);
    expect(seconds).toBeLessThan(20.5 + 11);
    const marks = copied.flatMap((event) => (event.type === "open" && event.discontinuity ? [event.wallclock] : []));
    expect(marks.map((at) => Math.round((at - Date.UTC(2026, 0, 1)) / 1000))).toEqual([40]);
  });

  test("has what there is at once when the encoder leaves in its first segment", () => {
    const copied: RenditionEvent[] = [];
    const options = { onRendition: (event: RenditionEvent) => copied.push(event) };
    const b = new OriginBench([...encoder(0, { seconds: 3 }), lost(3)], { format: "mpegts", segment: 8 }, options);
    b.run(3.5);
    const lengths = copied.flatMap((event) => (event.type === "segment" ? [event.duration] : []));
    expect(lengths).toHaveLength(1);
    expect(lengths[0]).toBeCloseTo(3, 0);
  });

  test("without a stand-in nothing is made while the encoder is away", () => {
    const b = new OriginBench([...encoder(0), lost(20.55), ...encoder(30, { seconds: 12 })], { standIn: false }).run(
      22,
    );
    const before = b.playlist().segments.length;
    expect(b.run(29).playlist().segments.length).toBe(before);
    expect(b.run(40).playlist().segments.length).toBeGreaterThan(before);
  });
});
