import { describe, expect, test } from "bun:test";
import type { TimedEvent } from "../../test/hls/flv-source.ts";
import { MadeRung } from "../../test/hls/made-rung.ts";
import { END, type SyntheticStream, synthesize, videoTrack } from "../../test/hls/synthetic.ts";
import { decodeSamples } from "../formats/mp4/samples.ts";
import { hlsSchema } from "./config.ts";
import { HlsOutput } from "./output.ts";
import type { RenditionEvent } from "./rendition.ts";
import type { FeedEvent, RungPosition } from "./rung-feed.ts";

const FIRST_MSN = 1000;

function newOutput(config: Record<string, unknown>, onRendition?: (event: RenditionEvent) => void): HlsOutput {
  return new HlsOutput({
    path: "live/test",
    config: hlsSchema.parse({ standIn: false, ...config }),
    firstMsn: FIRST_MSN,
    wallclockAt: (now) => Date.UTC(2026, 0, 1) + now,
    isFollowed: true,
    onRendition,
  });
}

function play(output: HlsOutput, events: readonly TimedEvent[]): void {
  for (const { event, at } of events) output.write(event, at);
}

/** The lead's events, and those of a rung that is made of the same packets. */
function both(events: readonly TimedEvent[], config: Record<string, unknown>, delay: number) {
  const lead: RenditionEvent[] = [];
  const rung: RenditionEvent[] = [];
  const output = newOutput(config, (event) => lead.push(event));
  output.follow(new MadeRung((event) => rung.push(event), { delay }).follow, 0);
  play(output, events);
  return { lead, rung };
}

/** Of parts the pictures, which are the same to the tick; sound may be in the part before or behind, as it came. */
function summary(events: readonly RenditionEvent[]): unknown[] {
  return events.map((event) => {
    if (event.type === "segment") return { ...event, bytes: hasInit(event.bytes[0]) };
    return event.type === "part" ? { ...event, bytes: hasInit(event.bytes), pictures: samplesOf([event], 1) } : event;
  });
}

function hasInit(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && new TextDecoder().decode(bytes.subarray(4, 8)) === "ftyp";
}

/** Times and numbers of a track's samples. */
function samplesOf(events: readonly RenditionEvent[], trackId: number): string[] {
  return events.flatMap((event) => {
    if (event.type !== "segment" && event.type !== "part") return [];
    const pieces = event.type === "part" ? [event.bytes] : event.bytes;
    return pieces
      .flatMap((piece) => decodeSamples(piece))
      .filter((sample) => sample.trackId === trackId)
      .map(
        ({ dts, pts, duration, data }) =>
          `${dts} ${pts} ${duration} ${new DataView(data.buffer, data.byteOffset).getUint32(0)}`,
      );
  });
}

/** Where the rung's sound is all there, it is the same. */
function expectSameSound(rung: readonly RenditionEvent[], lead: readonly RenditionEvent[]): void {
  const segments = (list: readonly RenditionEvent[]) => list.filter((event) => event.type === "segment");
  expect(samplesOf(segments(rung), 2)).toEqual(samplesOf(segments(lead), 2));
}

/** Pictures stop for a while, then another configuration follows. */
function withBreak(stream: SyntheticStream): TimedEvent[] {
  const first = synthesize(stream);
  const last = first[first.length - 1]?.at ?? 0;
  const second = synthesize({ ...stream, start: 10 + stream.seconds }).map(({ at, event }) => ({
    at: at + last + 40,
    event:
      event.type === "tracks"
        ? {
            ...event,
            tracks: event.tracks.map((track) =>
              track.kind === "video" ? { ...videoTrack(30), config: { ...videoTrack(30).config, width: 640 } } : track,
            ),
          }
        : event,
  }));
  return [...first, ...second];
}

const STREAMS: readonly (readonly [name: string, events: TimedEvent[]])[] = [
  ["30 fps", synthesize({ seconds: 9, fps: 30, gop: 60, audio: true })],
  [
    "59.94 fps in milliseconds",
    synthesize({ seconds: 9, fps: 60_000 / 1001, gop: 120, audio: true, milliseconds: true }),
  ],
  ["B-frames", synthesize({ seconds: 9, fps: 25, gop: 48, audio: true, reorder: 2, milliseconds: true })],
  ["no sound", synthesize({ seconds: 9, fps: 24, gop: 40 })],
  ["sound alone", synthesize({ seconds: 9, fps: 0, gop: 0, audio: true, milliseconds: true })],
  ["few frames a second", synthesize({ seconds: 20, fps: 2, gop: 8, audio: true })],
  [
    "irregular frames",
    synthesize({ seconds: 9, fps: 30, gop: 60, audio: true, jitter: (index) => (index % 7) * 0.004 }),
  ],
  [
    "missing frames",
    synthesize({
      seconds: 9,
      fps: 30,
      gop: 60,
      audio: true,
      dropped: (index) => index % 5 === 3 || (index > 70 && index < 100),
    }),
  ],
  ["no keyframe but the first", synthesize({ seconds: 25, fps: 30, gop: 10_000, audio: true })],
  ["another configuration", withBreak({ seconds: 5, fps: 30, gop: 60, audio: true })],
];

describe.each(STREAMS)("a rung made of the lead's packets is the lead: %s", (name, events) => {
  for (const delay of [0, 1, 45]) {
    test(`CMAF, ${delay} frames late`, () => {
      const { lead, rung } = both([...events, { at: 99_999, event: END }], {}, delay);
      expect(lead.filter((event) => event.type === "segment").length).toBeGreaterThan(2);
      expect(summary(rung)).toEqual(summary(lead));
      expectSameSound(rung, lead);
    });
  }

  test("without parts", () => {
    const { lead, rung } = both([...events, { at: 99_999, event: END }], { lowLatency: false }, 3);
    expect(summary(rung)).toEqual(summary(lead));
  });

  test("MPEG-TS: the same cuts", () => {
    const { lead, rung } = both(events, { format: "mpegts" }, 3);
    const cuts = (list: readonly RenditionEvent[]) =>
      list.flatMap((event): object[] => {
        if (event.type === "segment") return [{ ...event, bytes: undefined }];
        // The names of files are those of the lead's segments.
        return event.type === "open" ? [{ ...event, start: undefined }] : [];
      });
    const made = cuts(rung);
    expect(made.length).toBeGreaterThan(name === "no keyframe but the first" ? 1 : 3);
    expect(made).toEqual(cuts(lead).slice(0, made.length));
    // What the encoder still holds, and the segment that is open.
    expect(cuts(lead).length - made.length).toBeLessThanOrEqual(1);
  });
});

test("a rung goes on behind what another has made, in the middle of a segment", () => {
  const events = synthesize({ seconds: 13, fps: 30, gop: 60, audio: true });
  const half = events.findIndex(({ at }) => at > 9_100);
  for (const [position, expected] of [
    [{ msn: FIRST_MSN + 3, part: 2 }, "part 1003.2"],
    [{ msn: FIRST_MSN + 3, part: 5 }, "segment 1003"],
    [{ msn: FIRST_MSN + 4, part: 0 }, "init 1004"],
  ] as const satisfies readonly (readonly [RungPosition, string])[]) {
    const lead: RenditionEvent[] = [];
    const rung: RenditionEvent[] = [];
    const output = newOutput({}, (event) => lead.push(event));
    play(output, events.slice(0, half));
    output.follow(new MadeRung((event) => rung.push(event), { from: position, delay: 2 }).follow, 9_100);
    play(output, events.slice(half));
    const name = (event: RenditionEvent | undefined) => {
      if (event?.type === "part") return `part ${event.msn}.${event.part}`;
      if (event?.type === "segment") return `segment ${event.msn}`;
      return event?.type === "init" ? `init ${event.init}` : event?.type;
    };
    expect(name(rung[0])).toBe(expected);
    const lengths = (list: readonly RenditionEvent[]) =>
      list.flatMap((event) => (event.type === "segment" && event.msn >= position.msn ? [event.duration] : []));
    expect(lengths(rung)).toEqual(lengths(lead).slice(0, lengths(rung).length));
    expect(lengths(rung).length).toBeGreaterThanOrEqual(2);
    const parts = (list: readonly RenditionEvent[]) =>
      list.flatMap((event) =>
        event.type === "part" ? [{ ...event, bytes: undefined, pictures: samplesOf([event], 1) }] : [],
      );
    const made = parts(rung);
    const from = parts(lead).findIndex(({ msn, part }) => msn === made[0]?.msn && part === made[0]?.part);
    expect(made).toEqual(parts(lead).slice(from, from + made.length));
  }
});

test("the backlog begins with a segment, and is three segments long", () => {
  const output = newOutput({});
  const events = synthesize({ seconds: 21, fps: 30, gop: 60, audio: true });
  play(output, events);
  const seen: FeedEvent[] = [];
  output.follow((event) => seen.push(event), 21_000);
  expect(seen[0]?.type).toBe("begin");
  expect(seen[1]?.type).toBe("tracks");
  const opened = seen.flatMap((event) => (event.type === "open" ? [event.msn] : []));
  const ended = seen.flatMap((event) => (event.type === "segment" ? [event.msn] : []));
  expect(ended.length).toBe(3);
  expect(opened.slice(0, 3)).toEqual(ended);
  const first = seen.find((event) => event.type === "packet" && event.track === 1);
  expect(first?.type === "packet" && first.key).toBe(true);
});

test.each(STREAMS)("frames never stand on the wrong side of a cut: %s", (_name, events) => {
  const output = newOutput({});
  const tracks = new Map<number, number>();
  let lead: number | undefined;
  let timescale = 1;
  let waiting: number[] = [];
  let latest = Number.NEGATIVE_INFINITY;
  let cuts = 0;
  output.follow((event) => {
    if (event.type === "tracks") {
      for (const track of event.tracks) tracks.set(track.id, track.timescale);
      lead = (event.tracks.find((track) => track.kind === "video") ?? event.tracks[0])?.id;
    } else if (event.type === "open") timescale = event.timescale;
    else if (event.type === "part" || event.type === "segment") {
      cuts++;
      for (const dts of waiting) expect(dts).toBeLessThan(event.end);
      latest = event.end;
      waiting = [];
    } else if (event.type === "packet" && event.track === lead) {
      expect(event.dts).toBeGreaterThanOrEqual(latest);
      waiting.push(event.dts);
    }
  }, 0);
  play(output, events);
  expect(timescale).toBeGreaterThan(1);
  expect(cuts).toBeGreaterThan(10);
});

test("a segment begins with a keyframe wherever the lead's does", () => {
  const keys: boolean[] = [];
  const output = newOutput({});
  let isFirst = false;
  output.follow((event) => {
    if (event.type === "segment") isFirst = true;
    if (event.type !== "packet" || event.track !== 1 || !isFirst) return;
    isFirst = false;
    keys.push(event.key);
  }, 0);
  play(output, synthesize({ seconds: 19, fps: 60_000 / 1001, gop: 120, audio: true, milliseconds: true }));
  expect(keys.length).toBeGreaterThan(6);
  expect(keys.every((key) => key)).toBe(true);
});
