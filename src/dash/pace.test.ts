import { expect, test } from "bun:test";
import { paceOf } from "./pace.ts";

test.each<[string, readonly number[], number | undefined, boolean, number | undefined]>([
  ["one says nothing", [2], 30, false, undefined],
  ["even", [2, 2, 2], 30, false, 2],
  ["milliseconds of frames at 29.97", [2.002, 2.001, 2.003, 2.002], 29.97, false, 2.002],
  ["no frame rate", [1.92, 1.92], undefined, false, 1.92],
  ["a stray at first", [2, 2, 0.8, 2], 30, false, undefined],
  ["a stray later", [2, 2, 0.8, 2], 30, true, 2],
  ["two strays", [2, 2, 0.8, 2, 2, 2.7, 2, 2], 30, true, 2],
  ["three", [2, 2, 0.8, 2, 3.3, 2.7, 2, 2], 30, true, undefined],
  ["long ago", [0.8, 2, 2, 2, 2, 2, 2, 2, 2], 30, false, 2],
  ["empty ones", [0, 0, 0], 30, true, undefined],
])("%s", (_, durations, frameRate, wasEven, expected) => {
  const pace = paceOf(durations, frameRate, wasEven);
  if (expected === undefined) expect(pace).toBeUndefined();
  else expect(pace).toBeCloseTo(expected, 4);
});
