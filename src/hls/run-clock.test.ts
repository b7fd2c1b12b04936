import { describe, expect, test } from "bun:test";
import { RunClock } from "./run-clock.ts";

/** What segments of 2 s get, less a steady 2 s each; `late` says how much later than that each comes. */
function offsets(late: readonly number[], mendedAt = Number.POSITIVE_INFINITY): number[] {
  const clock = new RunClock(0, 0);
  return late.map((ms, index) => {
    if (index === mendedAt) clock.mended();
    return clock.wallclockOf(index * 2, index * 2000 + ms) - index * 2000;
  });
}

describe("program date-times of a run", () => {
  test("go on exactly as the media does, however its arrival jitters", () => {
    const jitter = Array.from({ length: 200 }, (_, i) => (i % 7) * 40);
    expect(new Set(offsets(jitter))).toEqual(new Set([0]));
  });

  test("follow a clock that is not as fast as ours, by a step now and then", () => {
    const drift = Array.from({ length: 1000 }, (_, i) => i * 0.4);
    const seen = offsets(drift);
    expect(Math.abs((seen.at(-1) ?? 0) - 400)).toBeLessThan(160);
    expect(new Set(seen).size).toBeLessThan(4);
  });

  test("take in a long pause that was closed at once, and a short one by steps", () => {
    expect(offsets([0, 0, 8000, 8000], 2)).toEqual([0, 0, 8000, 8000]);
    expect(offsets([0, 0, 400, 400, 400, 400], 2)).toEqual([0, 0, 150, 300, 300, 300]);
    expect(offsets([0, 0, 100, 100], 2)).toEqual([0, 0, 0, 0]);
  });
});
