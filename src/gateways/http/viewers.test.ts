import { describe, expect, test } from "bun:test";
import { Viewers } from "./viewers.ts";

describe("viewers", () => {
  test("are counted once each, per stream", () => {
    const viewers = new Viewers();
    for (let i = 0; i < 10; i++) viewers.saw("live/a", 1, i);
    viewers.saw("live/a", 2, 10);
    viewers.saw("live/b", 1, 10);
    expect(viewers.count("live/a", 10)).toBe(2);
    expect(viewers.count("live/b", 10)).toBe(1);
    expect(viewers.count("live/c", 10)).toBe(0);
  });

  test("leave when they ask for nothing", () => {
    const viewers = new Viewers();
    viewers.saw("live/a", 1, 0);
    viewers.saw("live/a", 2, 10_000);
    expect(viewers.count("live/a", 15_000)).toBe(2);
    expect(viewers.count("live/a", 16_100)).toBe(1);
    expect(viewers.count("live/a", 30_000)).toBe(0);
  });

  test("a crowd is bounded", () => {
    const viewers = new Viewers();
    for (let i = 0; i < 50_000; i++) viewers.saw("live/a", i, 0);
    expect(viewers.count("live/a", 0)).toBe(20_000);
    viewers.saw("live/a", 1_000_000, 20_000);
    viewers.saw("live/a", 1_000_001, 20_000);
    expect(viewers.count("live/a", 20_000)).toBe(1);
  });
});
