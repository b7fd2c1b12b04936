import { describe, expect, test } from "bun:test";
import { type Packaged, packageEvents, WALLCLOCK_AT_START } from "../../test/hls/packaged.ts";
import { AUDIO_ID, audioTrack, packetsOf, synthesize, VIDEO_ID, videoTrack } from "../../test/hls/synthetic.ts";
import { findBox } from "../formats/mp4/boxes.ts";
import type { FragmentSample } from "../formats/mp4/samples.ts";
import type { Packet } from "../media/event.ts";

const PART = 0.4;

function indexOf(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(0);
}

/** Decode time has no holes, nothing is lost, and presentation is where the source had it. */
function expectFaithful(samples: readonly FragmentSample[], packets: readonly Packet[], tolerance: number) {
  expect(samples.map((sample) => indexOf(sample.data))).toEqual(packets.map((packet) => indexOf(packet.data)));
  let worst = 0;
  for (const [i, sample] of samples.entries()) {
    expect(sample.duration).toBeGreaterThan(0);
    const next = samples[i + 1];
    if (next && next.dts !== sample.dts + sample.duration) throw new Error(`hole behind sample ${i}`);
    worst = Math.max(worst, Math.abs(sample.pts - (packets[i] as Packet).pts));
  }
  expect(worst).toBeLessThanOrEqual(tolerance);
}

function expectLegalParts({ parts, segments, targets }: Packaged) {
  // The end of the stream may come where a keyframe was expected.
  const lastMsn = parts[parts.length - 1]?.msn;
  for (const part of parts) {
    expect(part.duration).toBeLessThanOrEqual(targets.part + 1e-9);
    if (!part.isLast && part.msn !== lastMsn) expect(part.duration).toBeGreaterThanOrEqual(0.85 * targets.part);
  }
  for (const segment of segments) {
    const own = parts.filter((part) => part.msn === segment.msn);
    expect(own.map((part) => part.part)).toEqual(own.map((_, index) => index));
    const sum = own.reduce((total, part) => total + Math.round(part.duration * 1e6), 0);
    expect(sum).toBe(Math.round(segment.duration * 1e6));
    expect(segment.bytes.length).toBe(own.length);
    for (const [index, part] of own.entries()) expect(segment.bytes[index]).toBe(part.bytes);
    expect(own[0]?.independent).toBe(segment.independent);
  }
}

const RATES: readonly (readonly [name: string, fps: number, gop: number])[] = [
  ["10", 10, 20],
  ["12", 12, 24],
  ["15", 15, 30],
  ["23.976", 24_000 / 1001, 48],
  ["24", 24, 48],
  ["25", 25, 50],
  ["29.97", 30_000 / 1001, 60],
  ["30", 30, 60],
  ["50", 50, 100],
  ["59.94", 60_000 / 1001, 120],
  ["60", 60, 120],
];

describe.each(RATES)("%s frames per second", (_name, fps, gop) => {
  for (const milliseconds of [false, true]) {
    for (const frameRateKnown of [false, true]) {
      test(`milliseconds ${milliseconds}, rate stated ${frameRateKnown}`, () => {
        const source = synthesize({ seconds: 120, fps, gop, audio: true, milliseconds, frameRateKnown, reorder: 2 });
        const packaged = packageEvents(source, { fixAt: 5000 });
        expectFaithful(packaged.samples(1), packetsOf(source, VIDEO_ID), 0);
        expectFaithful(packaged.samples(2), packetsOf(source, AUDIO_ID), 48);
        expectLegalParts(packaged);
        expect(packaged.targets.part).toBe(PART);
        for (const segment of packaged.segments.slice(0, -1)) {
          expect(segment.independent).toBe(true);
          expect(Math.abs(segment.duration - 2)).toBeLessThan(1 / fps + 0.005);
        }
        // The playlist's time does not leave the media's.
        const total = packaged.segments.reduce((sum, segment) => sum + segment.duration, 0);
        expect(Math.abs(total - 120)).toBeLessThan(2 / fps);
      });
    }
  }

  test("parts are handed over as their last frame comes", () => {
    const source = synthesize({ seconds: 60, fps, gop, audio: true, milliseconds: true });
    const arrival = new Map(
      source.map(({ at, event }) => [
        event.type === "packet" && event.track === VIDEO_ID ? indexOf(event.data) : -1,
        at,
      ]),
    );
    const packaged = packageEvents(source);
    let elapsed = 0;
    for (const [index, part] of packaged.parts.slice(0, -1).entries()) {
      elapsed = part.part === 0 ? part.duration : elapsed + part.duration;
      if (index === 0) continue;
      const last = part.samples.filter((sample) => sample.trackId === 1).pop();
      const late = last ? part.at - (arrival.get(indexOf(last.data)) ?? 0) : Number.POSITIVE_INFINITY;
      // Where the segment may end, the next frame says whether it does.
      expect(late).toBeLessThan(elapsed < 1.8 ? 0.001 : 1000 / fps + 2);
    }
  });
});

test("the segment's last part is known to be, so that the hint names the next segment's first", () => {
  const packaged = packageEvents(synthesize({ seconds: 60, fps: 30, gop: 60, audio: true, milliseconds: true }));
  const afterFirst = packaged.parts.filter((part) => part.msn > 1000 && part.msn < 1029);
  expect(afterFirst.length).toBe(28 * 5);
  for (const part of afterFirst) expect(part.lastExpected).toBe(part.isLast);
});

test("a keyframe distance that is no multiple of parts makes the segment's last part short", () => {
  const source = synthesize({ seconds: 60, fps: 30, gop: 75, audio: true, milliseconds: true });
  const packaged = packageEvents(source);
  expectLegalParts(packaged);
  const early = packaged.parts.filter((part) => part.msn > 1002);
  expect(early.filter((part) => part.isLast).every((part) => part.duration < 0.11)).toBe(true);
  for (const part of early) {
    if (part.msn === packaged.parts[packaged.parts.length - 1]?.msn) continue;
    expect(part.lastExpected).toBe(part.isLast);
    const last = part.samples.filter((sample) => sample.trackId === 1).pop();
    expect(part.at - ((last ? indexOf(last.data) : 0) / 30) * 1000).toBeLessThan(34);
  }
});

test("keyframes at irregular distances: no part is cut short in vain", () => {
  const keys = [60, 60, 25, 60, 90, 40, 60, 60, 75, 60, 60];
  const starts = keys.map((_, index) => keys.slice(0, index).reduce((sum, length) => sum + length, 0));
  const source = synthesize({ seconds: 20, fps: 30, gop: 60, audio: true }).map(({ at, event }) =>
    event.type === "packet" && event.track === VIDEO_ID
      ? { at, event: { ...event, key: starts.includes(indexOf(event.data)) } }
      : { at, event },
  );
  const packaged = packageEvents(source);
  expectFaithful(packaged.samples(1), packetsOf(source, VIDEO_ID), 0);
  const short = packaged.parts.filter((part) => !part.isLast && part.duration < 0.85 * PART);
  // One, where a distance that had come twice did not come again.
  expect(short.length).toBeLessThanOrEqual(1);
});

test("audio only: parts and segments by duration, every part independent", () => {
  const source = synthesize({ seconds: 120, fps: 0, gop: 0, audio: true, milliseconds: true });
  const packaged = packageEvents(source, { fixAt: 5000 });
  expectFaithful(packaged.samples(1), packetsOf(source, AUDIO_ID), 48);
  expectLegalParts(packaged);
  expect(packaged.parts.every((part) => part.independent)).toBe(true);
  expect(packaged.targets.duration).toBe(2);
  for (const segment of packaged.segments) expect(segment.duration).toBeLessThanOrEqual(2.499);
});

test("video only", () => {
  const source = synthesize({ seconds: 60, fps: 30, gop: 60, reorder: 2, milliseconds: true });
  const packaged = packageEvents(source);
  expectFaithful(packaged.samples(1), packetsOf(source, VIDEO_ID), 0);
  expectLegalParts(packaged);
  expect(packaged.segments.every((segment) => segment.independent)).toBe(true);
});

test("a frame longer than a part: one frame a part, and PART-TARGET says so", () => {
  const source = synthesize({ seconds: 60, fps: 1, gop: 2, frameRateKnown: true });
  const packaged = packageEvents(source);
  expect(packaged.targets.part).toBe(1);
  expectLegalParts(packaged);
  expectFaithful(packaged.samples(1), packetsOf(source, VIDEO_ID), 0);
});

test("keyframes every 250 frames: TARGETDURATION covers them, every segment is independent", () => {
  const source = synthesize({ seconds: 120, fps: 30, gop: 250, audio: true, milliseconds: true });
  const packaged = packageEvents(source, { fixAt: 8500 });
  expect(packaged.targets.duration).toBe(8);
  for (const segment of packaged.segments.slice(0, -1)) {
    expect(segment.independent).toBe(true);
    expect(Math.abs(segment.duration - 250 / 30)).toBeLessThan(0.04);
  }
});

test("no keyframe at all: cut by force, nothing claims to be independent", () => {
  const source = synthesize({ seconds: 60, fps: 30, gop: 0, audio: true, milliseconds: true });
  const packaged = packageEvents(source, { fixAt: 10_500 });
  expect(packaged.targets.duration).toBe(10);
  expectLegalParts(packaged);
  expectFaithful(packaged.samples(1), packetsOf(source, VIDEO_ID), 0);
  for (const segment of packaged.segments) {
    expect(segment.independent).toBe(false);
    expect(Math.round(segment.duration)).toBeLessThanOrEqual(10);
  }
  expect(packaged.parts.some((part) => part.independent)).toBe(false);
});

test("a longer keyframe distance later is cut by force at what was announced", () => {
  const early = synthesize({ seconds: 20, fps: 30, gop: 60, audio: true });
  const late = synthesize({ seconds: 40, fps: 30, gop: 200, audio: true, start: 30 }).slice(1);
  const source = [...early, ...late.map(({ at, event }) => ({ at: at + 20_000, event }))];
  const packaged = packageEvents(source, { fixAt: 5000 });
  expect(packaged.targets.duration).toBe(2);
  for (const segment of packaged.segments) expect(Math.round(segment.duration)).toBeLessThanOrEqual(2);
  expect(packaged.segments.some((segment) => !segment.independent)).toBe(true);
  // The next keyframe begins a segment at once.
  const firstSamples = packaged.parts
    .filter((part) => part.part === 0)
    .map((part) => part.samples[0] as FragmentSample);
  const keys = packaged.samples(1).filter((sample) => sample.key);
  expect(keys.every((key) => firstSamples.some((sample) => sample.dts === key.dts) || key.dts < 30 * 90_000)).toBe(
    true,
  );
});

describe("variable frame rate", () => {
  test("pull-down, 24 in 30: parts are on time and exact", () => {
    const source = synthesize({
      seconds: 120,
      fps: 30,
      gop: 75,
      audio: true,
      milliseconds: true,
      dropped: (index) => index % 75 !== 0 && index % 5 === 2,
    });
    const packaged = packageEvents(source);
    expectFaithful(packaged.samples(1), packetsOf(source, VIDEO_ID), 0);
    expectLegalParts(packaged);
    const frames = source.filter(({ event }) => event.type === "packet" && event.track === VIDEO_ID);
    const late = packaged.parts
      .slice(3)
      .filter((part) => !part.isLast && !frames.some(({ at }) => Math.abs(at - part.at) < 1e-6));
    expect(late.length).toBe(0);
  });

  test("stamps that jitter by a third of a frame", () => {
    const jitter = (index: number) => ((index * 7919) % 23) / 23 / 90;
    const source = synthesize({ seconds: 120, fps: 30, gop: 60, audio: true, jitter, frameRateKnown: false });
    const packaged = packageEvents(source);
    expectFaithful(packaged.samples(1), packetsOf(source, VIDEO_ID), 0);
    expectLegalParts(packaged);
  });

  test("video that stands still while the sound goes on: parts go on, and nothing is lost", () => {
    const source = synthesize({
      seconds: 60,
      fps: 30,
      gop: 300,
      audio: true,
      dropped: (index) => index > 600 && index < 900,
    });
    const packaged = packageEvents(source);
    expectFaithful(packaged.samples(1), packetsOf(source, VIDEO_ID), 0);
    expectFaithful(packaged.samples(2), packetsOf(source, AUDIO_ID), 48);
    expectLegalParts(packaged);
    const during = packaged.parts.filter((part) => part.at > 21_500 && part.at < 29_500);
    expect(during.length).toBeGreaterThan(18);
    expect(during.every((part) => !part.independent)).toBe(true);
    expect(packaged.events.some((event) => event.type === "break")).toBe(false);
  });

  test("a screen share of a few frames a second beside sound", () => {
    const source = synthesize({ seconds: 60, fps: 2, gop: 4, audio: true, milliseconds: true, frameRateKnown: false });
    const packaged = packageEvents(source);
    expectFaithful(packaged.samples(1), packetsOf(source, VIDEO_ID), 0);
    expectLegalParts(packaged);
    const total = packaged.segments.reduce((sum, segment) => sum + segment.duration, 0);
    expect(Math.abs(total - 60)).toBeLessThan(1);
  });
});

test("a hole in the sound is kept: what follows stays beside its picture", () => {
  const source = synthesize({ seconds: 30, fps: 30, gop: 60, audio: true }).filter(
    ({ at, event }) => !(event.type === "packet" && event.track === AUDIO_ID && at > 10_000 && at < 10_700),
  );
  const packaged = packageEvents(source);
  expectFaithful(packaged.samples(2), packetsOf(source, AUDIO_ID), 48);
});

test("sound whose clock is 0.1 % fast for an hour stays within 20 ms", () => {
  const source = synthesize({ seconds: 3600, fps: 5, gop: 10, audio: true }).map((timed) => {
    const { event } = timed;
    if (event.type !== "packet" || event.track !== AUDIO_ID) return timed;
    const dts = Math.round(event.dts * 0.999);
    return { ...timed, event: { ...event, dts, pts: dts } };
  });
  const packaged = packageEvents(source);
  expectFaithful(packaged.samples(2), packetsOf(source, AUDIO_ID), 0.02 * 48_000);
});

test("decode time is never negative, also for a stream that starts at 0 with B-frames", () => {
  const packaged = packageEvents(synthesize({ seconds: 10, fps: 30, gop: 60, audio: true, reorder: 2, start: 0 }));
  for (const part of packaged.parts) for (const sample of part.samples) expect(sample.dts).toBeGreaterThanOrEqual(0);
  expect(packaged.samples(1)[0]?.dts).toBe(0);
});

test("decode times count from the epoch, over restarts and exactly in every timescale", () => {
  const source = synthesize({ seconds: 6, fps: 30, gop: 60, audio: true });
  const epoch = WALLCLOCK_AT_START - 40_000_000_400;
  const packaged = packageEvents(source, { epoch });
  const seconds = 40_000_000 - 10;
  expect(packaged.samples(1)[0]?.dts).toBe((seconds + 10) * 90_000);
  expect(packaged.samples(2)[0]?.dts).toBe((seconds + 10) * 48_000);
});

describe("runs of media", () => {
  const first = synthesize({ seconds: 5, fps: 30, gop: 60, audio: true });
  const second = (record?: Uint8Array) =>
    synthesize({ seconds: 5, fps: 30, gop: 60, audio: true, start: 40 }).map(({ at, event }) => ({
      at: at + 30_000,
      event: event.type === "tracks" ? { ...event, tracks: [videoTrack(30, record), audioTrack()] } : event,
    }));
  const LEAP = 25;
  /** The same, right behind what came first. */
  const back = (packet: Packet, timescale: number): Packet => ({
    ...packet,
    dts: packet.dts - LEAP * timescale,
    pts: packet.pts - LEAP * timescale,
  });
  const lost = { at: 5000, event: { type: "gap", reason: "publisher-lost" } as const };

  test("a publisher whose times leap continues behind a discontinuity with the same init", () => {
    const { events } = packageEvents([...first, lost, ...second()]);
    expect(events.filter((event) => event.type === "init").map((event) => event.init)).toEqual([1000]);
    const opens = events.filter((event) => event.type === "open");
    expect(opens.map((open) => open.msn)).toEqual(opens.map((_, index) => 1000 + index));
    const at = opens.findIndex((open) => open.discontinuity);
    expect(opens.filter((open) => open.discontinuity).length).toBe(1);
    expect(opens[at]?.wallclock).toBe(WALLCLOCK_AT_START + 30_000);
    // The break comes when the run closes, not when the next begins.
    const names = events.map((event) => event.type);
    expect(names.indexOf("break")).toBe(names.indexOf("open", names.indexOf("break")) - 1);
  });

  test("a publisher whose times go on continues without one, and the program date-time leaps", () => {
    const again = second().map(({ at, event }) => ({
      at,
      event: event.type === "packet" ? back(event, event.track === 1 ? 90_000 : 48_000) : event,
    }));
    const { events, parts } = packageEvents([...first, lost, ...again]);
    expect(events.some((event) => event.type === "break")).toBe(false);
    const opens = events.filter((event) => event.type === "open");
    expect(opens.some((open) => open.discontinuity)).toBe(false);
    const leap = opens.findIndex((open, i) => open.wallclock - (opens[i - 1]?.wallclock ?? open.wallclock) > 20_000);
    expect(leap).toBeGreaterThan(0);
    const ends = new Map<number, number>();
    for (const { trackId, dts, duration } of parts.flatMap(({ samples }) => samples)) {
      expect(dts).toBe(ends.get(trackId) ?? dts);
      ends.set(trackId, dts + duration);
    }
  });

  test("another codec configuration brings an init of its own", () => {
    const { events, samples } = packageEvents([
      ...first,
      lost,
      ...second(Uint8Array.of(1, 0x4d, 0, 0x1e, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68)),
    ]);
    const inits = events.filter((event) => event.type === "init");
    const open = events.find((event) => event.type === "open" && event.discontinuity);
    expect(inits.map((event) => event.init)).toEqual([1000, open?.type === "open" ? open.msn : -1]);
    expect(samples(1).length).toBe(300);
    expect(samples(2).length).toBe(2 * 235);
  });

  test("a change of configuration without a gap", () => {
    const change = second(Uint8Array.of(1, 0x4d, 0, 0x1e, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68));
    const { events } = packageEvents([...first, ...change]);
    expect(events.filter((event) => event.type === "open" && event.discontinuity).length).toBe(1);
  });

  test("times that jump far ahead begin a new run", () => {
    const { events } = packageEvents([...first, ...second().slice(1)]);
    expect(events.filter((event) => event.type === "open" && event.discontinuity).length).toBe(1);
    expect(events.filter((event) => event.type === "segment").every((event) => event.duration <= 2.5)).toBe(true);
  });

  test("sound announced after the first frames joins them without a discontinuity", () => {
    const [, ...rest] = synthesize({ seconds: 5, fps: 30, gop: 60, audio: true });
    const early = rest.filter(({ at, event }) => at < 100 && event.type === "packet" && event.track === VIDEO_ID);
    const later = rest.filter(({ at }) => at >= 100);
    const { events, samples } = packageEvents([
      { at: 0, event: { type: "tracks", tracks: [videoTrack(30)] } },
      ...early,
      { at: 99, event: { type: "tracks", tracks: [videoTrack(30), audioTrack()] } },
      ...later,
    ]);
    expect(events.filter((event) => event.type === "init").length).toBe(1);
    expect(events.filter((event) => event.type === "open" && event.discontinuity).length).toBe(0);
    expect(samples(1).length).toBe(150);
  });

  test("the init section has a track for each", () => {
    const { events } = packageEvents(first);
    const init = events.find((event) => event.type === "init");
    expect(init?.type === "init" && findBox(init.bytes, "moov/trak/mdia/minf/stbl/stsd")).toBeTruthy();
  });
});

test("program date-time runs with the media", () => {
  const { events } = packageEvents(synthesize({ seconds: 60, fps: 30, gop: 60, audio: true, milliseconds: true }));
  const opens = events.filter((event) => event.type === "open");
  for (const [index, open] of opens.entries()) {
    expect(Math.abs(open.wallclock - WALLCLOCK_AT_START - index * 2000)).toBeLessThanOrEqual(40);
  }
});

test("program date-time leaves out a pause that the timeline has closed", () => {
  const before = synthesize({ seconds: 20.5, fps: 30, gop: 60, audio: true });
  const after = synthesize({ seconds: 20, fps: 30, gop: 60, audio: true, start: 30.5 }).slice(1);
  for (const pause of [0, 8000]) {
    const { events } = packageEvents([
      ...before,
      { at: 20_500 + pause, event: { type: "gap", reason: "timeline-reset" } },
      ...after.map(({ at, event }) => ({ at: at + 20_500 + pause, event })),
    ]);
    const opens = events.filter((event) => event.type === "open");
    const last = opens[opens.length - 1];
    expect(opens.some(({ discontinuity }) => discontinuity)).toBe(false);
    expect(Math.abs((last?.wallclock ?? 0) - (WALLCLOCK_AT_START + 38_500 + pause))).toBeLessThan(50);
  }
});

test("program date-time follows the wall clock of an encoder that is 500 ppm fast", () => {
  const source = synthesize({ seconds: 7200, fps: 5, gop: 10, audio: false }).map((timed) => ({
    ...timed,
    at: timed.at * (1 - 0.0005),
  }));
  const { events } = packageEvents(source);
  for (const event of events) {
    if (event.type !== "open") continue;
    const arrived = (event.msn - 1000) * 2000 * (1 - 0.0005);
    expect(Math.abs(event.wallclock - WALLCLOCK_AT_START - arrived)).toBeLessThan(250);
  }
});
