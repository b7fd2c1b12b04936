import { describe, expect, test } from "bun:test";
import { formatContentRange, parseByteRange } from "./byte-range.ts";

describe("byte range of a body of 1000 bytes", () => {
  const cases: readonly (readonly [string | null, ReturnType<typeof parseByteRange>])[] = [
    [null, undefined],
    ["bytes=0-", { start: 0, end: 1000 }],
    ["bytes=0-1", { start: 0, end: 2 }],
    ["bytes=999-", { start: 999, end: 1000 }],
    ["bytes=500-9007199254740991", { start: 500, end: 1000 }],
    ["bytes=-1", { start: 999, end: 1000 }],
    ["bytes=-5000", { start: 0, end: 1000 }],
    ["BYTES=1-2", { start: 1, end: 3 }],
    ["bytes=1000-", "unsatisfiable"],
    ["bytes=99999999999999999999999-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=2-1", undefined],
    ["bytes=-", undefined],
    ["bytes=0-1,5-6", undefined],
    ["bytes=a-b", undefined],
    ["lines=0-1", undefined],
    ["", undefined],
  ];
  test.each(cases)("%p", (header, range) => {
    expect(parseByteRange(header, 1000)).toEqual(range);
  });

  test("an empty body has no range", () => {
    expect(parseByteRange("bytes=0-", 0)).toBe("unsatisfiable");
    expect(parseByteRange("bytes=-5", 0)).toBe("unsatisfiable");
  });

  test("Content-Range", () => {
    expect(formatContentRange({ start: 5, end: 10 }, 1000)).toBe("bytes 5-9/1000");
    expect(formatContentRange("unsatisfiable", 1000)).toBe("bytes */1000");
  });
});
