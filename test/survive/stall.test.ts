import { describe, expect, test } from "bun:test";
import type { Look } from "../support/watched-player.ts";
import { type Absence, measurePlayback } from "./stall.ts";

const measure = (looks: readonly Look[], since = 0, absence?: Absence) =>
  measurePlayback(looks, { since, until: 30_000 }, 25, absence);

/** Looks every 200 ms at 25 pictures a second for 30 s, with freezes of `[second, seconds]`. */
function looksWith(...freezes: readonly (readonly [at: number, seconds: number])[]): Look[] {
  const looks: Look[] = [];
  let pictures = 0;
  for (let at = 0; at <= 30_000; at += 200) {
    if (!freezes.some(([from, seconds]) => at > from * 1000 && at < (from + seconds) * 1000)) pictures += 5;
    looks.push({ at, pictures });
  }
  return looks;
}

describe("measuring playback", () => {
  test("steady: no freeze longer than the distance of looks", () => {
    expect(measure(looksWith())).toEqual({ longestFreeze: 0.2, longestStall: 0.2, endRate: 1 });
  });

  test("a freeze without an absence is a stall", () => {
    expect(measure(looksWith([10, 3])).longestStall).toBe(3);
  });

  test("what was before the beginning does not count", () => {
    expect(measure(looksWith([10, 3]), 14_000).longestStall).toBe(0.2);
  });

  test("an absence excuses as much as it is long, wherever the player noticed it", () => {
    const absence = { from: 8_000, to: 11_000 };
    expect(measure(looksWith([12, 3]), 0, absence).longestStall).toBe(0.2);
    expect(measure(looksWith([12, 5]), 0, absence).longestStall).toBe(2);
    expect(measure(looksWith([12, 5]), 0, absence).longestFreeze).toBe(5);
  });

  test("it excuses once, and not what was before it", () => {
    const absence = { from: 8_000, to: 11_000 };
    expect(measure(looksWith([12, 3], [20, 3]), 0, absence).longestStall).toBe(3);
    expect(measure(looksWith([4, 3]), 0, absence).longestStall).toBe(3);
  });

  test("a player that does not go on stalls until the end", () => {
    const playback = measure(looksWith([10, 30]));
    expect(playback.longestStall).toBe(20);
    expect(playback.endRate).toBe(0);
  });

  test("one that is no longer there to be looked at does too", () => {
    expect(measure(looksWith().filter((look) => look.at < 12_000)).longestStall).toBe(18.2);
  });

  test("never having looked is no success", () => {
    expect(measure([])).toEqual({ longestFreeze: 30, longestStall: 30, endRate: 0 });
  });
});
