import { describe, expect, test } from "bun:test";
import { Lag } from "./lag.ts";
import { type Burden, type Burdened, Overload } from "./overload.ts";

/** A transcoder that is behind by what the test says. */
class Member implements Burdened {
  lag = 0;
  speed = 0.95;
  readonly burdens: Burden[];
  readonly events: string[] = [];

  constructor(
    readonly priority: number,
    costs: Readonly<Record<string, number>>,
  ) {
    this.burdens = Object.entries(costs).map(([rung, cost]) => ({ rung, cost }));
  }

  get burden(): number {
    return this.lag;
  }

  isTooSlow(): boolean {
    return this.lag > 3 && this.burdens.length > 0;
  }

  shed(rung: string): void {
    this.burdens.splice(
      this.burdens.findIndex((burden) => burden.rung === rung),
      1,
    );
    this.events.push(`-${rung}`);
  }

  startOver(): void {
    this.events.push("again");
  }

  restore(rung: string): void {
    this.burdens.push({ rung, cost: 1 });
    this.events.push(`+${rung}`);
  }
}

/** From 0.2 s on; returns when something happened. */
function run(overload: Overload, from: number, seconds: number, each?: (now: number) => void): void {
  for (let now = from; now < from + seconds * 1000; now += 200) {
    each?.(now);
    overload.tick(now);
  }
}

describe("overload", () => {
  test("sheds lowest priority first, of that the dearest, one at a time", () => {
    const overload = new Overload();
    const [low, high] = [new Member(0, { a: 3, b: 1 }), new Member(1, { c: 9 })];
    overload.add(high);
    overload.add(low);
    high.lag = 5;
    run(overload, 0, 3);
    expect(low.events).toEqual(["-a"]);
    run(overload, 3000, 5);
    expect(low.events).toEqual(["-a", "-b"]);
    expect(high.events).toEqual([]);
    run(overload, 8000, 5);
    expect(high.events).toEqual(["-c"]);
  });

  test("restores after a calm time, the last first; what proves too much waits twice as long", () => {
    const overload = new Overload();
    const member = new Member(0, { a: 3, b: 2, c: 1 });
    overload.add(member);
    member.lag = 5;
    run(overload, 0, 8);
    expect(member.events).toEqual(["-a", "-b"]);
    member.lag = 0.3;
    expect(overload.isBusy(8000)).toBe(true);
    run(overload, 8000, 29);
    expect(member.events).toHaveLength(2);
    run(overload, 37_000, 3);
    expect(member.events).toEqual(["-a", "-b", "+b"]);
    expect(overload.isBusy(40_000)).toBe(false);

    member.lag = 5;
    run(overload, 42_000, 1);
    const after = member.events.length;
    expect(after).toBe(4);
    member.lag = 0;
    run(overload, 43_000, 58);
    expect(member.events).toHaveLength(after);
    run(overload, 101_000, 4);
    expect(member.events).toHaveLength(after + 1);
  });

  test("once it goes well, the next follows sooner", () => {
    const overload = new Overload();
    const member = new Member(0, { a: 3, b: 2, c: 1 });
    overload.add(member);
    Object.assign(member, { lag: 5, speed: 0.1 });
    run(overload, 0, 4);
    expect(member.events).toEqual(["-a", "-b"]);
    member.lag = 0;
    run(overload, 4000, 31);
    expect(member.events).toEqual(["-a", "-b", "+b"]);
    run(overload, 35_000, 10);
    expect(member.events).toEqual(["-a", "-b", "+b", "+a"]);
  });

  test("what is left and comes too late begins anew", () => {
    const overload = new Overload();
    const [first, second] = [new Member(0, { a: 4, b: 3 }), new Member(1, { c: 2 })];
    overload.add(first);
    overload.add(second);
    first.lag = 15;
    run(overload, 0, 1);
    expect(first.events).toEqual(["-a", "again"]);
    expect(second.events).toEqual([]);
  });

  test("the slower, the more at once", () => {
    const overload = new Overload();
    const member = new Member(0, { a: 4, b: 3, c: 2, d: 1 });
    overload.add(member);
    Object.assign(member, { lag: 5, speed: 0.5 });
    run(overload, 0, 1);
    expect(member.events).toEqual(["-a", "-b"]);
  });

  test("does not restore while anything lags", () => {
    const overload = new Overload();
    const [first, second] = [new Member(0, { a: 3 }), new Member(0, { b: 1 })];
    overload.add(first);
    overload.add(second);
    second.lag = 5;
    run(overload, 0, 1);
    expect(first.events).toEqual(["-a"]);
    second.lag = 2;
    run(overload, 1000, 100);
    expect(first.events).toEqual(["-a"]);
  });

  test("one that is gone is not restored", () => {
    const overload = new Overload();
    const member = new Member(0, { a: 3, b: 1 });
    overload.add(member);
    member.lag = 5;
    run(overload, 0, 1);
    overload.remove(member);
    run(overload, 1000, 100);
    expect(member.events).toEqual(["-a"]);
  });
});

describe("lag", () => {
  test.each<[string, (second: number) => number, boolean]>([
    ["little is no overload", () => 1, false],
    ["catching up is no overload", (second) => Math.max(0.5, 12 - second), false],
    ["nor is it after a slow start", (second) => (second < 4 ? 6 + second : 10 - (second - 4) * 0.3), false],
    ["staying behind is", () => 6, true],
    ["so is falling behind", (second) => 0.5 + second * 0.4, true],
    ["and gaining next to nothing", (second) => 12 - second * 0.05, true],
  ])("%s", (_, lagAt, expected) => {
    const lag = new Lag(0);
    let isTooSlow = false;
    for (let now = 0; now < 20_000; now += 200) {
      lag.measure(lagAt(now / 1000), now);
      isTooSlow ||= lag.isTooSlow(now);
    }
    expect(isTooSlow).toBe(expected);
  });
});
