import { describe, expect, test } from "bun:test";
import type { TimedEvent } from "../../test/hls/flv-source.ts";
import { type Asked, textOf } from "../../test/hls/origin-bench.ts";
import { synthesize, VIDEO_ID, videoTrack } from "../../test/hls/synthetic.ts";
import { decodeFragments } from "../formats/mp4/fragment-reader.ts";
import { hlsSchema } from "../hls/config.ts";
import { EPOCH, pieceName } from "../hls/names.ts";
import { HlsOrigin } from "../hls/origin.ts";
import { HlsOutput } from "../hls/output.ts";
import { dashSchema } from "./config.ts";
import { DashOrigin } from "./origin.ts";

const START = EPOCH + 50_000_000_000;

function stage({ isOwn = false, lowLatency = false, firstMsn = 100 } = {}) {
  const [hls, own] = [new HlsOrigin(), new HlsOrigin()];
  let now = 0;
  const config = dashSchema.parse({ enabled: true, lowLatency });
  const wallclock = () => START + now;
  const dash = new DashOrigin({
    hls,
    own,
    config: (path) => (path.startsWith("live/") ? config : undefined),
    wallclock,
  });
  const output = new HlsOutput({
    path: "live/test",
    config: hlsSchema.parse({ separateAudio: true, standIn: false, grace: 0 }),
    firstMsn,
    wallclockAt: (at) => START + at,
  });
  (isOwn ? own : hls).add(output);
  const write = (events: readonly TimedEvent[], from = 0) => {
    for (const { at, event } of events) {
      now = from + at;
      output.write(event, now);
      dash.tick(now);
    }
  };
  const ask = (resource: string, stream = "live/test"): Asked => {
    const asked: Asked = { count: 0 };
    dash.request({ stream, resource, query: "" }, now, (answer) => {
      asked.answer = answer;
      asked.count++;
    });
    return asked;
  };
  const mpd = () => textOf(ask("index.mpd").answer);
  return { output, write, ask, mpd, now: wallclock };
}

const attributes = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`\\b${name}="([^"]*)"`, "g"))].map((match) => match[1] ?? "");

/** Times and durations of each SegmentTimeline, in ticks. */
function timelines(text: string): { start: number; duration: number }[][] {
  return [...text.matchAll(/<SegmentTimeline>(.*?)<\/SegmentTimeline>/gs)].map(([, lines = ""]) => {
    const entries: { start: number; duration: number }[] = [];
    let end = 0;
    for (const [, t, d, r] of lines.matchAll(/<S(?: t="(\d+)")? d="(\d+)"(?: r="(\d+)")?\/>/g)) {
      if (t !== undefined) end = Number(t);
      for (let n = 0; n <= Number(r ?? 0); n++, end += Number(d)) entries.push({ start: end, duration: Number(d) });
    }
    return entries;
  });
}

test.each([false, true])(
  "what is listed is there, and lies where the manifest says (made for DASH alone: %p)",
  (isOwn) => {
    const { write, ask, mpd } = stage({ isOwn });
    write(synthesize({ seconds: 21, fps: 30, gop: 60, audio: true, reorder: 2 }));
    const text = mpd();
    expect(attributes(text, "contentType")).toEqual(["video", "audio"]);
    const media = attributes(text, "media");
    const inits = attributes(text, "initialization");
    expect(media).toHaveLength(2);
    for (const [index, entries] of timelines(text).entries()) {
      expect(entries.length).toBeGreaterThanOrEqual(9);
      expect(ask(inits[index] ?? "").answer?.status).toBe(200);
      for (const { start, duration } of entries) {
        const { answer } = ask((media[index] ?? "").replace("$Time$", String(start)));
        expect(answer?.status).toBe(200);
        const { fragments } = decodeFragments(answer?.body as Uint8Array);
        expect(fragments.every(({ tracks }) => tracks.length === 1)).toBe(true);
        const samples = fragments.flatMap(({ tracks }) => tracks[0]?.samples ?? []);
        expect((samples[0]?.dts ?? 0) + (samples[0]?.compositionOffset ?? 0)).toBe(start);
        expect(samples.reduce((sum, sample) => sum + sample.duration, 0)).toBe(duration);
      }
    }
    expect(ask((media[0] ?? "").replace("$Time$", "12345")).answer?.status).toBe(404);
  },
);

test("presentation times are those of the wall clock", () => {
  const { write, mpd } = stage();
  write(synthesize({ seconds: 12, fps: 30, gop: 60, audio: true }));
  const text = mpd();
  expect(text).toContain(`availabilityStartTime="${new Date(EPOCH).toISOString()}"`);
  expect(text).toContain('start="PT0S"');
  const last = timelines(text)[0]?.at(-1);
  const end = ((last?.start ?? 0) + (last?.duration ?? 0)) / 90_000;
  // The last segment of two seconds is not complete.
  expect(Math.abs(EPOCH + end * 1000 - (START + 10_000))).toBeLessThan(1000);
  const told = Date.parse(/utc:direct:2014" value="([^"]+)"/.exec(text)?.[1] ?? "");
  expect(Math.abs(told - (START + 12_000))).toBeLessThan(50);
});

test("another codec configuration is another period, right behind the one before", () => {
  const { write, mpd } = stage();
  const first = synthesize({ seconds: 10, fps: 30, gop: 60, audio: true });
  write(first);
  const before = mpd();
  const other = videoTrack(30, new Uint8Array([1, 100, 0, 32, 255, 225, 0, 0, 1, 0, 0]));
  write(
    synthesize({ seconds: 10, fps: 30, gop: 60, audio: true, start: 10 }).map(({ at, event }) =>
      event.type === "tracks"
        ? { at, event: { ...event, tracks: event.tracks.map((track) => (track.kind === "video" ? other : track)) } }
        : { at, event },
    ),
  );
  const text = mpd();
  const periods = [...text.matchAll(/<Period id="(\d+)" start="PT([\d.]+)S"/g)];
  expect(periods).toHaveLength(2);
  // What was told of the first has not changed.
  expect(before).toContain(periods[0]?.[0] ?? "none");
  expect(Number(periods[1]?.[2]) - (START - EPOCH) / 1000).toBeCloseTo(10, 1);
  expect(new Set(attributes(text, "initialization").filter((name) => name.startsWith("main"))).size).toBe(2);
  const offsets = attributes(text, "presentationTimeOffset").map(Number);
  expect((offsets[2] ?? 0) / 90_000).toBeCloseTo((offsets[3] ?? 0) / 48_000, 3);
});

test("a period that has begun before the window keeps its name and its start", () => {
  const { write, mpd } = stage();
  const events = synthesize({ seconds: 80, fps: 25, gop: 50, audio: true });
  const middle = events.findIndex(({ at }) => at >= 12_000);
  write(events.slice(0, middle));
  const head = /<Period [^>]*>/.exec(mpd())?.[0] ?? "none";
  write(events.slice(middle));
  expect(mpd()).toContain(head);
  expect(timelines(mpd())[0]?.length).toBeLessThan(20);
});

test("an ended stream says how long it was", () => {
  const { write, mpd } = stage();
  write([...synthesize({ seconds: 10, fps: 30, gop: 60, audio: true }), { at: 10_100, event: { type: "end" } }]);
  const text = mpd();
  const start = (START - EPOCH) / 1000;
  expect(Number(/mediaPresentationDuration="PT([\d.]+)S"/.exec(text)?.[1]) - start).toBeCloseTo(10, 0);
  expect(text).not.toContain("minimumUpdatePeriod");
});

test("nothing where there is no DASH, and nobody who publishes", () => {
  const { ask } = stage();
  expect(ask("index.mpd", "other/test").answer).toMatchObject({ status: 404, reason: "this application has no DASH" });
  expect(ask("index.mpd", "live/nobody").answer?.status).toBe(404);
});

/** Sound and pictures whose keyframes come after so many seconds each. */
function withKeyframes(distances: readonly number[]): TimedEvent[] {
  const starts = new Set([0]);
  let seconds = 0;
  for (const distance of distances) starts.add(Math.round((seconds += distance) * 30));
  return synthesize({ seconds, fps: 30, gop: 0, audio: true }).map(({ at, event }) => {
    if (event.type !== "packet" || event.track !== VIDEO_ID) return { at, event };
    return { at, event: { ...event, key: starts.has(Math.round(at * 0.03)) } };
  });
}

/** Periods, and of what is foretold which number a player makes of the time. */
function foretold(text: string) {
  const [epoch = ""] = attributes(text, "availabilityStartTime");
  return text.split("<Period ").flatMap((period) => {
    const start = Number(/start="PT([\d.]+)S/.exec(period)?.[1]);
    const [duration, first] = [attributes(period, "duration")[0], attributes(period, "startNumber")[0]];
    if (duration === undefined || first === undefined) return [];
    const length = Number(duration) / 90_000;
    const offset = Number(attributes(period, "presentationTimeOffset")[0]) / 90_000;
    const numberAt = (wallclock: number) =>
      Number(first) + Math.floor(((wallclock - Date.parse(epoch)) / 1000 - start) / length);
    return [{ start, length, offset, first: Number(first), last: attributes(period, "endNumber")[0], numberAt }];
  });
}

function pieces(ask: (resource: string) => Asked, name: string): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (;;) {
    const { answer } = ask(pieceName(name, found.length));
    if (!(answer?.body instanceof Uint8Array) || answer.body.length === 0) return found;
    found.push(answer.body);
  }
}

describe("low latency", () => {
  test("segments are found by the clock, and read while they are made", () => {
    const { write, ask, mpd, now } = stage({ lowLatency: true });
    const events = synthesize({ seconds: 13, fps: 30, gop: 60, audio: true, reorder: 2, milliseconds: true });
    const middle = events.findIndex(({ at }) => at >= 9_300);
    write(events.slice(0, middle));
    const text = mpd();
    expect(text).toContain('minimumUpdatePeriod="PT1S"');
    expect(text).toContain('<Latency target="2000"');
    expect(attributes(text, "availabilityTimeOffset")).toEqual(["1.6", "1.6"]);
    const [period] = foretold(text);
    const number = period?.numberAt(now()) ?? 0;
    for (const template of attributes(text, "media")) {
      const name = (at: number) => template.replace("$Number$", String(at));
      expect(ask(name(number - 1)).answer?.body).toBeInstanceOf(Uint8Array);
      const open = ask(name(number)).answer;
      expect(open).toMatchObject({ status: 200, body: { kind: "growing" } });
      const begun = pieces(ask, name(number));
      expect(begun.length).toBeGreaterThanOrEqual(2);
      const next = ask(name(number + 1));
      const after = ask(pieceName(name(number), begun.length));
      expect([next.count, after.count]).toEqual([0, 0]);
      expect(ask(name(number + 2)).answer?.status).toBe(404);
    }
    const waiting = attributes(text, "media").map((template) => ask(template.replace("$Number$", String(number + 1))));
    write(events.slice(middle));
    for (const { answer, count } of waiting) {
      expect(count).toBe(1);
      expect(answer?.body).toEqual({ kind: "growing" });
    }
    for (const template of attributes(text, "media")) {
      const name = template.replace("$Number$", String(number));
      const whole = ask(name).answer?.body as Uint8Array;
      expect(Buffer.concat(pieces(ask, name)).equals(whole)).toBe(true);
    }
  });

  test("a segment of another length begins a period, while the one behind it is being made", () => {
    const { write, mpd, now } = stage({ lowLatency: true });
    const events = withKeyframes([2, 2, 2, 2, 2, 2.8, 2, 2, 2]);
    const middle = events.findIndex(({ at }) => at >= 13_300);
    write(events.slice(0, middle));
    const told = mpd();
    const [first, second] = foretold(told);
    if (!first || !second) throw new Error(`no second period: ${told}`);
    expect(Number(first.last) + 1).toBe(second.first);
    expect(second.start - first.start).toBeCloseTo(second.offset - first.offset, 2);
    expect(second.numberAt(now())).toBe(second.first);
    write(events.slice(middle));
    const [, later] = foretold(mpd());
    expect(later).toMatchObject({ start: second.start, first: second.first });
    // Of three segments behind it the last is open.
    expect(later?.numberAt(now() - 500)).toBe(second.first + 2);
  });

  test("when nobody has read for a while there is one period again", () => {
    const firstMsn = 50_000_000;
    const { write, mpd, now } = stage({ lowLatency: true, firstMsn });
    const events = withKeyframes([2, 2, 2, 2, 2, 2.8, ...new Array<number>(70).fill(2)]);
    const middle = events.findIndex(({ at }) => at >= 16_000);
    write(events.slice(0, middle));
    expect(foretold(mpd())).toHaveLength(2);
    write(events.slice(middle));
    const [period, none] = foretold(mpd());
    expect(none).toBeUndefined();
    expect(period?.start).toBeLessThan(period?.length ?? 0);
    // The last segment is open.
    expect(period?.numberAt(now() - 500)).toBe(firstMsn + 75);
  });

  test("what is uneven is listed, as without low latency", () => {
    const { write, mpd } = stage({ lowLatency: true });
    write(withKeyframes([2, 3.1, 2.4, 4, 2, 2.9, 3.5]));
    const text = mpd();
    expect(foretold(text)).toEqual([]);
    expect(timelines(text)[0]?.length).toBeGreaterThan(3);
    expect(text).not.toContain("ServiceDescription");
  });

  test("a stream that turns uneven is listed from then on", () => {
    const { write, mpd } = stage({ lowLatency: true });
    write(withKeyframes([2, 2, 2, 2, 3, 4, 2.3, 3.3, 2.7, 4.1]));
    const text = mpd();
    expect(foretold(text)).toHaveLength(2);
    expect(timelines(text)[0]?.length).toBeGreaterThanOrEqual(3);
    expect(text.lastIndexOf("<SegmentTimeline>")).toBeGreaterThan(text.lastIndexOf("startNumber"));
  });

  test("behind the end nobody is answered at once", () => {
    const { write, ask, mpd } = stage({ lowLatency: true });
    write([...synthesize({ seconds: 8, fps: 30, gop: 60, audio: true }), { at: 8_100, event: { type: "end" } }]);
    const [last = ""] = attributes(mpd(), "endNumber");
    expect(ask(`main/${last}.m4s`).answer?.status).toBe(200);
    expect(ask(`main/${Number(last) + 1}.m4s`).count).toBe(0);
    expect(ask(`main/${Number(last) + 2}.m4s`).answer?.status).toBe(404);
  });
});
