import { describe, expect, test } from "bun:test";
import { Playout } from "./playout.ts";

function playing(tracks = 1) {
  const stalls: number[] = [];
  const playout = new Playout((duration) => stalls.push(duration));
  playout.begin(tracks);
  return { playout, stalls };
}

describe("playout", () => {
  test("begins where it is told to, when that is loaded", () => {
    const { playout } = playing();
    playout.startAt(0.5);
    playout.append(0, 0.4, 10_000, 0);
    expect(playout.state).toBe("starting");
    expect(playout.wallclock).toBeUndefined();
    playout.append(0, 0.4, 10_400, 50);
    expect(playout.state).toBe("playing");
    expect(playout.wallclock).toBeCloseTo(10_500);
    playout.advance(150);
    expect(playout.wallclock).toBeCloseTo(10_600);
    expect(playout.buffered).toBeCloseTo(0.2);
  });

  test("a stall lasts from the last frame to the next media, however late it is looked at", () => {
    const { playout, stalls } = playing();
    playout.append(0, 1, undefined, 0);
    playout.advance(5_000);
    expect(playout.state).toBe("stalled");
    expect(playout.stalledFor(6_000)).toBeCloseTo(5_000);
    playout.append(0, 1, undefined, 7_000);
    expect(stalls.map(Math.round)).toEqual([6_000]);
    expect(playout.state).toBe("playing");
    playout.advance(7_500);
    expect(playout.buffered).toBeCloseTo(0.5);
  });

  test("what comes at the last moment, or less than a frame after it, is no stall", () => {
    const { playout, stalls } = playing();
    for (let n = 0; n < 10; n++) playout.append(0, 0.4, undefined, n * 410);
    expect(stalls).toEqual([]);
    playout.append(0, 0.4, undefined, 10 * 410 + 20);
    expect(stalls.map(Math.round)).toEqual([30]);
  });

  test("a sliver is not enough to go on with", () => {
    const { playout, stalls } = playing();
    playout.append(0, 1, undefined, 0);
    playout.advance(2_000);
    playout.append(0, 0.05, undefined, 2_000);
    expect(playout.state).toBe("stalled");
    playout.append(0, 0.05, undefined, 2_500);
    expect(stalls).toEqual([1_500]);
  });

  test("the wall clock follows each stretch of media", () => {
    const { playout } = playing();
    playout.append(0, 1, 1_000, 0);
    playout.append(0, 1, 61_000, 0);
    expect(playout.loadedWallclock(0)).toBe(62_000);
    playout.advance(500);
    expect(playout.wallclock).toBeCloseTo(1_500);
    playout.advance(1_500);
    expect(playout.wallclock).toBeCloseTo(61_500);
  });

  test("two tracks play as far as both are loaded", () => {
    const { playout, stalls } = playing(2);
    playout.append(0, 2, undefined, 0);
    expect(playout.state).toBe("starting");
    playout.append(1, 1, undefined, 100);
    expect(playout.state).toBe("playing");
    playout.append(1, 1, undefined, 1_600);
    expect(stalls).toEqual([500]);
    expect(playout.ahead(0)).toBeCloseTo(1);
  });

  test("at another rate it runs out earlier", () => {
    const { playout } = playing();
    playout.append(0, 1, undefined, 0);
    playout.setRate(2, 0);
    playout.advance(600);
    expect(playout.stalledFor(600)).toBeCloseTo(100);
  });

  test("the end of the stream is no stall, but waiting for it was one", () => {
    const early = playing();
    early.playout.append(0, 1, undefined, 0);
    early.playout.complete(500);
    early.playout.advance(2_000);
    expect([early.playout.state, early.stalls]).toEqual(["ended", []]);
    const late = playing();
    late.playout.append(0, 1, undefined, 0);
    late.playout.complete(3_000);
    expect([late.playout.state, late.stalls]).toEqual(["ended", [2_000]]);
  });
});
