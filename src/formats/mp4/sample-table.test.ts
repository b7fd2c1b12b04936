import { describe, expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { SampleTable } from "./sample-table.ts";

/** A full box's payload of 32-bit words. */
const words = (...values: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(4 + values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setInt32(4 + index * 4, value);
  return bytes;
};

/** Seven samples in chunks of 2, 2, 3; keyframes 1, 4, 6. */
const BOXES = {
  stts: words(2, 3, 10, 4, 20),
  ctts: words(2, 1, 5, 6, -1),
  stsc: words(2, 1, 2, 1, 3, 3, 1),
  stsz: words(0, 7, 1, 2, 3, 4, 5, 6, 7),
  stco: words(3, 100, 200, 300),
  stss: words(3, 1, 4, 6),
};

const ALL = [
  { dts: 0, compositionOffset: 5, key: true, offset: 100, size: 1 },
  { dts: 10, compositionOffset: -1, key: false, offset: 101, size: 2 },
  { dts: 20, compositionOffset: -1, key: false, offset: 200, size: 3 },
  { dts: 30, compositionOffset: -1, key: true, offset: 203, size: 4 },
  { dts: 50, compositionOffset: -1, key: false, offset: 300, size: 5 },
  { dts: 70, compositionOffset: -1, key: true, offset: 305, size: 6 },
  { dts: 90, compositionOffset: -1, key: false, offset: 311, size: 7 },
];

function rest(table: SampleTable) {
  const samples = [];
  for (let sample = table.peek(); sample; sample = table.peek()) {
    samples.push(sample);
    table.advance();
  }
  return samples;
}

describe("a sample table", () => {
  test("gives samples with their times and places", () => {
    expect(rest(new SampleTable(BOXES))).toEqual(ALL);
  });

  test.each([
    [0, 0],
    [29, 0],
    [30, 3],
    [69, 3],
    [70, 5],
    [1000, 5],
  ])("goes to the keyframe at or before %d", (dts, index) => {
    const table = new SampleTable(BOXES);
    rest(table);
    table.seekKey(dts);
    expect(rest(table)).toEqual(ALL.slice(index));
  });

  test.each([
    [0, 0],
    [11, 2],
    [30, 3],
    [31, 4],
  ])("goes to the sample at or after %d", (dts, index) => {
    const table = new SampleTable(BOXES);
    table.seek(dts);
    expect(rest(table)).toEqual(ALL.slice(index));
  });

  test("of samples of one size, in 64 bits, all of them keyframes", () => {
    const table = new SampleTable({
      stts: words(1, 4, 10),
      stsc: words(1, 1, 4, 1),
      stsz: words(9, 4),
      co64: words(1, 1, 0),
    });
    table.seekKey(25);
    const base = { compositionOffset: 0, key: true, size: 9 };
    expect(rest(table)).toEqual([
      { ...base, dts: 20, offset: 2 ** 32 + 18 },
      { ...base, dts: 30, offset: 2 ** 32 + 27 },
    ]);
  });

  test("that is missing has no samples, and one that is cut is malformed", () => {
    expect(rest(new SampleTable({}))).toEqual([]);
    expect(() => new SampleTable({ ...BOXES, stsz: BOXES.stsz.subarray(0, 20) })).toThrow(MalformedError);
  });
});
