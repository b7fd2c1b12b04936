import { describe, expect, test } from "bun:test";
import { plotLatency } from "./plot.ts";
import { distributionOf, reportOf, type Sample } from "./sample.ts";

const sampleAt = (i: number, changes: Partial<Sample> = {}): Sample => ({
  shownAt: 1000 + i * 40,
  glass: 1300 + (i % 10),
  sinceServer: 1290,
  buffered: 1100,
  playbackRate: 1,
  ...changes,
});
const counters = { droppedPictures: 2, shownPictures: 100 };

test("a distribution", () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(distributionOf(values)).toEqual({ least: 1, median: 50, p95: 95, p99: 99, most: 100 });
  expect(distributionOf([7])).toEqual({ least: 7, median: 7, p95: 7, p99: 7, most: 7 });
  expect(() => distributionOf([])).toThrow(RangeError);
});

describe("a report", () => {
  test("says what each stage adds, so that they make up the whole", () => {
    const report = reportOf(
      Array.from({ length: 50 }, (_, i) => sampleAt(i)),
      counters,
    );
    expect(report.glass.median).toBe(1304);
    expect(report.stages).toEqual({ encoderToServer: 14, serverToBuffer: 190, playerBuffer: 1100 });
    expect(report).toMatchObject({ pictures: 50, unreadable: 0, stalls: 0, longestPause: 40, droppedPictures: 2 });
  });

  test("counts pauses and pictures that could not be read", () => {
    const samples = [sampleAt(0), sampleAt(1, { glass: undefined }), sampleAt(20, { sinceServer: undefined })];
    const report = reportOf(samples, counters);
    expect(report).toMatchObject({ pictures: 3, unreadable: 1, stalls: 1, longestPause: 760 });
  });

  test("knows no stages where the page does not tell", () => {
    expect(reportOf([sampleAt(0, { sinceServer: undefined })], counters).stages).toBeUndefined();
  });

  test("needs a picture that could be read", () => {
    expect(() => reportOf([sampleAt(0, { glass: undefined })], counters)).toThrow(RangeError);
  });
});

test("a plot is well-formed, of bounded size, and escapes its title", () => {
  const samples = Array.from({ length: 20_000 }, (_, i) => sampleAt(i));
  const svg = plotLatency(samples, "a <b> & c");
  expect(svg).toContain("a &#60;b&#62; &#38; c");
  expect(svg.length).toBeLessThan(60_000);
  const opened = svg.match(/<(?!\/)\w+/g)?.length ?? 0;
  const closed = (svg.match(/\/>/g)?.length ?? 0) + (svg.match(/<\/\w+>/g)?.length ?? 0);
  expect(closed).toBe(opened);
  expect(svg).not.toContain("NaN");
});
