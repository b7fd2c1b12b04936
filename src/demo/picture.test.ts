import { describe, expect, test } from "bun:test";
import { COLUMNS } from "./cells.ts";
import { DemoPicture, FLASH_MS, formatClock } from "./picture.ts";
import { LAMP, TRACK } from "./scene.ts";

const CLOCKS: readonly [timeOfDay: number, text: string][] = [
  [0, "00:00:00.000"],
  [33.9, "00:00:00.033"],
  [3_723_004, "01:02:03.004"],
  [86_399_999, "23:59:59.999"],
  [86_400_000, "00:00:00.000"],
  [-1, "23:59:59.999"],
];

test.each(CLOCKS)("clock at %d ms", (timeOfDay, text) => {
  expect(formatClock(timeOfDay)).toBe(text);
});

describe("DemoPicture", () => {
  const picture = new DemoPicture();
  const lampAt = (time: number): number => picture.draw(time).luma[Math.floor(LAMP.y) * COLUMNS + LAMP.x] as number;
  const sweptAt = (time: number): number => {
    const { luma } = picture.draw(time);
    const start = (TRACK.y + 1) * COLUMNS + TRACK.x;
    return luma.subarray(start, start + TRACK.width).reduce((lit, y) => lit + (y > 100 ? 1 : 0), 0);
  };

  test("flashes at full seconds only", () => {
    for (const second of [0, 41, 3600]) {
      expect(lampAt(second * 1000)).toBeGreaterThan(220);
      expect(lampAt(second * 1000 + FLASH_MS - 1)).toBeGreaterThan(220);
      expect(lampAt(second * 1000 + FLASH_MS)).toBeLessThan(120);
      expect(lampAt(second * 1000 + 999)).toBeLessThan(120);
    }
  });

  test("sweeps evenly through each second", () => {
    for (const part of [0.25, 0.5, 0.75]) {
      expect(Math.abs(sweptAt(5000 + part * 1000) - part * TRACK.width)).toBeLessThanOrEqual(1);
    }
  });

  test("is the same at the same time, and moves from frame to frame", () => {
    const first = picture.draw(12_345).luma.slice();
    expect(picture.draw(12_378).luma).not.toEqual(first);
    expect(picture.draw(12_345).luma).toEqual(first);
  });

  test("stays within the limited range", () => {
    for (let time = 0; time < 24_000; time += 1777) {
      const { luma, cb, cr } = picture.draw(time);
      for (const [plane, high] of [
        [luma, 235],
        [cb, 240],
        [cr, 240],
      ] as const) {
        expect(Math.min(...plane)).toBeGreaterThanOrEqual(16);
        expect(Math.max(...plane)).toBeLessThanOrEqual(high);
      }
    }
  });
});
