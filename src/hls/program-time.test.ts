import { expect, test } from "bun:test";
import { ProgramTime } from "./program-time.ts";

/** Segments of 2 s whose runs' clocks are `ahead` of a steady one; what they get, by the same measure. */
function surplus(ahead: readonly number[]): number[] {
  const time = new ProgramTime();
  return ahead.map((ms, index) => {
    const placed = time.open(index * 2000 + ms) - index * 2000;
    time.close(2);
    return placed;
  });
}

test("a clock that goes forward is followed", () => {
  expect(surplus([0, 0, 700, 700, 701, 30_000])).toEqual([0, 0, 700, 700, 701, 30_000]);
});

test("one that goes back is not: nothing begins before the end of what was there, and no step is taken back", () => {
  expect(surplus([1400, 0, 0, 0])).toEqual([1400, 1400, 1400, 1400]);
  expect(surplus([1400, 0, 1500, 0])).toEqual([1400, 1400, 1500, 1500]);
});
