import { expect, test } from "bun:test";
import { Histogram } from "./histogram.ts";

test("percentiles of evenly spread values are right to one percent", () => {
  const histogram = new Histogram();
  for (let value = 1; value <= 10_000; value++) histogram.add(value);
  expect(histogram.count).toBe(10_000);
  for (const share of [0.01, 0.5, 0.95, 0.99]) {
    const value = histogram.percentile(share) ?? Number.NaN;
    expect(Math.abs(value / (share * 10_000) - 1)).toBeLessThan(0.011);
  }
  expect(histogram.percentile(1)).toBe(10_000);
  expect(histogram.min).toBe(1);
  expect(histogram.max).toBe(10_000);
});

test("values below zero come first", () => {
  const histogram = new Histogram();
  for (const value of [-500, -20, -20, 0, 30]) histogram.add(value);
  expect(histogram.percentile(0.2)).toBe(-500);
  expect(histogram.percentile(0.5)).toBeCloseTo(-20, 0);
  expect(Math.abs(histogram.percentile(0.8) ?? Number.NaN)).toBeLessThanOrEqual(0.1);
  expect(histogram.percentile(1)).toBe(30);
});

test("one value is all percentiles; none has no percentile", () => {
  const histogram = new Histogram();
  expect(histogram.percentile(0.5)).toBeUndefined();
  expect(histogram.max).toBeUndefined();
  histogram.add(1_234.5);
  expect(histogram.percentile(0)).toBe(1_234.5);
  expect(histogram.percentile(0.99)).toBe(1_234.5);
  histogram.clear();
  expect(histogram.min).toBeUndefined();
});

test("huge values do not fall out", () => {
  const histogram = new Histogram();
  histogram.add(1e15);
  histogram.add(-1e15);
  expect(histogram.percentile(0.5)).toBeLessThan(-1e8);
  expect(histogram.percentile(1)).toBeGreaterThan(1e8);
});
