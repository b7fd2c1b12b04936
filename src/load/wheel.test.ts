import { describe, expect, test } from "bun:test";
import { type Timed, TimerWheel } from "./wheel.ts";

type Named = Timed & { readonly name: string };
const named = (name: string): Named => ({ name, due: undefined, slot: undefined });

/** Lets time pass in steps, and says who was called when. */
function passTime(wheel: TimerWheel<Named>, from: number, to: number, step = 5): [string, number][] {
  const called: [string, number][] = [];
  for (let now = from; now <= to; now += step) wheel.advance(now, ({ name }) => called.push([name, now]));
  return called;
}

describe("timer wheel", () => {
  test.each([1, 9, 10, 11, 95, 1_000, 10_230, 10_240, 10_250, 25_000])("calls once, %p ms later", (after) => {
    const wheel = new TimerWheel<Named>(1_000);
    wheel.set(named("a"), 1_000 + after);
    const called = passTime(wheel, 1_000, 40_000);
    expect(called.length).toBe(1);
    const late = (called[0]?.[1] ?? Number.NaN) - 1_000 - after;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(20);
  });

  test("armed anew, the last time counts, be it earlier or later", () => {
    const wheel = new TimerWheel<Named>(0);
    const [later, earlier] = [named("later"), named("earlier")];
    wheel.set(later, 100);
    wheel.set(later, 300);
    wheel.set(earlier, 15_000);
    wheel.set(earlier, 200);
    const called = passTime(wheel, 0, 30_000);
    expect(called.map(([name]) => name)).toEqual(["earlier", "later"]);
    expect(called[1]?.[1]).toBeGreaterThanOrEqual(300);
    expect(called[0]?.[1]).toBeLessThan(220);
  });

  test("cancelled, it is not called", () => {
    const wheel = new TimerWheel<Named>(0);
    const timed = named("a");
    wheel.set(timed, 50);
    wheel.set(timed, undefined);
    expect(passTime(wheel, 0, 100)).toEqual([]);
    wheel.set(timed, 150);
    expect(passTime(wheel, 105, 200).length).toBe(1);
  });

  test("may be armed again from the call, also for the past", () => {
    const wheel = new TimerWheel<Named>(0);
    const timed = named("a");
    wheel.set(timed, 10);
    let calls = 0;
    for (let now = 0; now <= 1_000; now += 10) {
      wheel.advance(now, (one) => {
        calls++;
        wheel.set(one, now - 5);
      });
    }
    expect(calls).toBeGreaterThan(90);
    expect(calls).toBeLessThanOrEqual(101);
  });

  test("after a pause all that is due is called", () => {
    const wheel = new TimerWheel<Named>(0);
    for (let n = 0; n < 100; n++) wheel.set(named(String(n)), n * 300);
    const called: string[] = [];
    wheel.advance(60_000, ({ name }) => called.push(name));
    expect(called.length).toBe(100);
  });
});
