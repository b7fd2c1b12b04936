import { describe, expect, test } from "bun:test";
import { Retry } from "./retry.ts";

/** Delays of so many failures one after the other, each at once. */
function delays(count: number, options: { fixed?: number; random?: () => number }): number[] {
  const retry = new Retry({ random: () => 0.5, ...options }, 0);
  let now = 0;
  return Array.from({ length: count }, () => {
    retry.connecting(now);
    const delay = retry.failed("no", now);
    now += delay;
    return delay;
  });
}

describe("Retry", () => {
  test("is due at once, and after a failure when its delay has passed", () => {
    const retry = new Retry({ fixed: 3000, random: Math.random }, 100);
    expect(retry.isDue(100)).toBe(true);
    retry.connecting(100);
    expect(retry.isDue(9999)).toBe(false);
    expect(retry.failed("refused", 200)).toBe(3000);
    expect(retry.isDue(3199)).toBe(false);
    expect(retry.isDue(3200)).toBe(true);
    expect(retry).toMatchObject({ state: "waiting", since: 200, attempts: 1, lastError: "refused" });
  });

  test("waits longer each time, up to half a minute, and no two alike", () => {
    expect(delays(7, {})).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(delays(2, { random: () => 0 })).toEqual([750, 1500]);
    expect(delays(2, { random: () => 0.999 })).toEqual([1250, 2499]);
    expect(delays(40, { random: () => 0.999 }).every((delay) => delay <= 37_500)).toBe(true);
  });

  test("waits as long each time where that is asked for", () => {
    expect(delays(4, { fixed: 3000 })).toEqual([3000, 3000, 3000, 3000]);
  });

  test("begins anew after a good connection, and not after one that was refused at once", () => {
    const retry = new Retry({ random: () => 0.5 }, 0);
    for (const lasted of [0, 0, 500]) {
      retry.connecting(0);
      retry.running(0);
      retry.failed("lost", lasted);
    }
    retry.connecting(1000);
    retry.running(1000);
    expect(retry.failed("lost", 11_000)).toBe(1000);
  });
});
