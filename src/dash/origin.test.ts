import { expect, test } from "bun:test";
import type { TimedEvent } from "../../test/hls/flv-source.ts";
import { type Asked, textOf } from "../../test/hls/origin-bench.ts";
import { synthesize, videoTrack } from "../../test/hls/synthetic.ts";
import { decodeFragments } from "../formats/mp4/fragment-reader.ts";
import { hlsSchema } from "../hls/config.ts";
import { EPOCH } from "../hls/names.ts";
import { HlsOrigin } from "../hls/origin.ts";
import { HlsOutput } from "../hls/output.ts";
import { dashSchema } from "./config.ts";
import { DashOrigin } from "./origin.ts";

const START = EPOCH + 50_000_000_000;

function stage({ isOwn = false, lowLatency = false } = {}) {
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
    firstMsn: 100,
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
  return { output, write, ask, mpd };
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
