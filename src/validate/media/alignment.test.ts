import { describe, expect, test } from "bun:test";
import { RenditionAlignment } from "./alignment.ts";
import type { MediaSummary, TrackSummary } from "./summary.ts";

const TIMESCALE = 90_000;
const DAWN = Date.UTC(2026, 0, 1);

/** Pictures from `start` on, 25 a second. */
function summary(start: number, duration: number): MediaSummary {
  const [first, end] = [start * TIMESCALE, (start + duration) * TIMESCALE];
  const track: Partial<TrackSummary> = {
    kind: "video",
    timescale: TIMESCALE,
    frames: duration * 25,
    presentationStart: first,
    decodeStart: first,
    decodeEnd: end,
  };
  return { container: "fmp4", tracks: [track as TrackSummary], announced: [], frames: [] };
}

/** What is found where one rendition has these segments, and another begins the last of them `late` seconds later. */
function found(durations: readonly number[], late = 0): string[] {
  const rules: string[] = [];
  const alignment = new RenditionAlignment((rule) => rules.push(rule));
  for (const [rendition, known] of [
    ["low", durations.length - 1],
    ["high", durations.length],
    ["low", durations.length],
  ] as const) {
    let start = 100;
    for (const [msn, duration] of durations.slice(0, known).entries()) {
      const isLast = msn === durations.length - 1;
      // The second time only what is new.
      if (!(rendition === "low" && known === durations.length && !isLast)) {
        const at = start + (isLast && rendition === "low" ? late : 0);
        const info = {
          ...{ rendition, uri: `${rendition}/${msn}`, msn, duration, discontinuity: false, discontinuitySequence: 0 },
          ...{ programDateTime: DAWN + at * 1000, independentClaimed: true, targetDuration: 2, gap: false },
        };
        alignment.add(info, summary(at, duration));
      }
      start += duration;
    }
  }
  return rules;
}

describe("boundaries of renditions", () => {
  test("the same", () => expect(found([2, 2, 2])).toEqual([]));

  test("a short segment is not taken for the one behind it, which the other rendition does not have yet", () => {
    expect(found([2, 0.6, 2])).toEqual([]);
    expect(found([2, 0.96, 2])).toEqual([]);
  });

  test("half a second off", () => expect(found([2, 2, 2], 0.5)).toEqual(["rendition-boundaries"]));
});
