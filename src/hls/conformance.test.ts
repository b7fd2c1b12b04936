import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { TimedEvent } from "../../test/hls/flv-source.ts";
import { checkMedia, follow } from "../../test/hls/follow.ts";
import { OriginBench } from "../../test/hls/origin-bench.ts";
import {
  AUDIO_ID,
  audioTrack,
  type SyntheticStream,
  synthesize,
  VIDEO_ID,
  videoTrack,
} from "../../test/hls/synthetic.ts";

setDefaultTimeout(30_000);

const STREAM: SyntheticStream = { seconds: 20, fps: 30, gop: 60, audio: true, milliseconds: true };

/** One stream that goes on, each piece as another encoder setting would make it, from where the one before ended. */
function pieces(...streams: readonly Partial<SyntheticStream>[]): TimedEvent[] {
  const events: TimedEvent[] = [];
  let at = 0;
  for (const stream of streams) {
    const piece = synthesize({ ...STREAM, start: 10 + at, ...stream });
    const fresh = events.length === 0 ? piece : piece.filter(({ event }) => event.type !== "tracks");
    events.push(...fresh.map((timed) => ({ ...timed, at: timed.at + at * 1000 })));
    at += stream.seconds ?? STREAM.seconds;
  }
  return events;
}

function expectClean(
  events: readonly TimedEvent[],
  to: number,
  config: Record<string, unknown> = {},
  from = 8,
): OriginBench {
  const b = new OriginBench(events, config);
  expect(follow(b, { from, to })).toEqual([]);
  expect(checkMedia(b)).toEqual([]);
  return b;
}

describe("the playlist stays as it must", () => {
  test("without keyframes for 30 s", () => {
    expectClean(pieces({}, { gop: 0, seconds: 30 }, { seconds: 10 }), 59);
  });

  test("without keyframes from 40 % of a segment on", () => {
    expectClean(pieces({ seconds: 16.8 }, { gop: 0, seconds: 30 }, { seconds: 10 }), 55);
  });

  test.each([24, 25, 29.97, 50, 60])("%p frames a second, without keyframes", (fps) => {
    expectClean(pieces({ fps, gop: fps === 29.97 ? 60 : 2 * fps }, { fps, gop: 0, seconds: 20 }), 38);
  });

  test("with keyframes at scene changes", () => {
    const events = pieces({ seconds: 60, gop: 250 }).map(({ at, event }, index) => {
      const isScene = event.type === "packet" && event.track === VIDEO_ID && (index * 7919) % 83 === 0;
      return { at, event: isScene ? { ...event, key: true } : event };
    });
    expectClean(events, 58, {}, 30);
  });

  test("with keyframes twice a second, and every frame a keyframe", () => {
    expectClean(pieces({ gop: 15 }, { gop: 1, seconds: 10 }), 29);
  });

  test("with keyframes farther apart than before, and nearer again", () => {
    expectClean(pieces({}, { gop: 250, seconds: 40 }, { seconds: 20 }), 78);
  });

  test("when the sound stops and comes back", () => {
    const events = pieces({ seconds: 60 }).filter(
      ({ at, event }) => event.type !== "packet" || event.track !== AUDIO_ID || at < 20_000 || at > 30_000,
    );
    expectClean(events, 58);
  });

  test("when the picture stops and comes back", () => {
    const events = pieces({ seconds: 60 }).filter(
      ({ at, event }) => event.type !== "packet" || event.track !== VIDEO_ID || at < 20_000 || at > 30_000,
    );
    expectClean(events, 58);
  });

  test("when sound gets a picture late, and loses it", () => {
    const events = pieces({ seconds: 60 });
    const audio = audioTrack();
    const from = (at: number) => events.findIndex((timed) => timed.at >= at);
    const only: TimedEvent[] = [{ at: 0, event: { type: "tracks", tracks: [audio] } }];
    const both: TimedEvent[] = [{ at: 20_000, event: { type: "tracks", tracks: [videoTrack(30), audio] } }];
    const again: TimedEvent[] = [{ at: 40_000, event: { type: "tracks", tracks: [audio] } }];
    const isSound = ({ event }: TimedEvent) => event.type === "packet" && event.track === AUDIO_ID;
    const b = expectClean(
      [
        ...only,
        ...events.slice(0, from(20_000)).filter(isSound),
        ...both,
        ...events.slice(from(20_000), from(40_000)),
        ...again,
        ...events.slice(from(40_000)).filter(isSound),
      ],
      58,
    );
    expect(b.playlist().segments.filter((segment) => segment.discontinuity).length).toBe(1);
  });

  test("when the encoder changes codec settings, to another size and back", () => {
    const other = videoTrack(30, Uint8Array.of(1, 0x4d, 0, 0x1e, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68));
    const events = [
      ...pieces({ seconds: 60 }),
      { at: 20_000, event: { type: "tracks", tracks: [other, audioTrack()] } } as const,
      { at: 30_150, event: { type: "tracks", tracks: [videoTrack(30), audioTrack()] } } as const,
    ].sort((a, b) => a.at - b.at);
    expectClean(events, 45);
  });

  test("when the frame rate falls below one a part beside sound, and rises again", () => {
    expectClean(pieces({}, { fps: 1, gop: 2, seconds: 20 }, {}), 58);
  });

  test("over pauses of picture and sound", () => {
    const events = pieces({ seconds: 60 }).filter(
      ({ at }) => !((at > 20_500 && at < 22_300) || (at > 30_700 && at < 34_900)),
    );
    const b = new OriginBench(events);
    expect(follow(b, { from: 8, to: 58, late: 4.2 })).toEqual([]);
    expect(checkMedia(b)).toEqual([]);
  });

  test.each([3, 10, 15, 24, 29.97, 50, 60])("%p frames a second", (fps) => {
    expectClean(pieces({ fps, gop: Math.round(2 * fps), seconds: 40 }), 38);
    expectClean(pieces({ fps, gop: Math.round(2 * fps), seconds: 40, audio: false }), 38);
    expectClean(pieces({ fps, gop: Math.round(2 * fps), seconds: 40, reorder: 2, frameRateKnown: false }), 38);
  });

  test.each([
    { part: 0.2, segment: 1 },
    { part: 0.333, segment: 2 },
    { part: 1, segment: 4 },
    { part: 0.5, segment: 6 },
  ])("parts and segments of %p", (config) => {
    expectClean(pieces({ seconds: 60 }), 58, config, 20);
  });

  test("with stamps that jitter by a third of a frame", () => {
    const noise = (index: number) => (((index * 7919) % 100) / 100 - 0.5) * 0.02;
    expectClean(pieces({ seconds: 60, jitter: noise }), 58);
  });
});
