import { describe, expect, test } from "bun:test";
import { COLUMNS, VISIBLE_ROWS } from "./cells.ts";
import { DemoPicture } from "./picture.ts";
import { readStamp, STAMP } from "./stamp.ts";

const TIMES = [0, 1, 999, 43_200_123, 86_399_999];

function levelsAt(time: number): number[] {
  const { luma } = new DemoPicture({ stamp: true }).draw(time);
  const row = Math.floor((STAMP.y + STAMP.height / 2) * VISIBLE_ROWS);
  return Array.from({ length: STAMP.squares }, (_, i) => {
    const column = Math.floor((STAMP.x + ((i + 0.5) / STAMP.squares) * STAMP.width) * COLUMNS);
    return luma[row * COLUMNS + column] ?? 0;
  });
}

describe("a stamp in the picture", () => {
  test.each(TIMES)("is read back: %d ms", (time) => expect(readStamp(levelsAt(time))).toBe(time));

  test("is read back from a dim picture", () =>
    expect(readStamp(levelsAt(1234).map((level) => 40 + level / 3))).toBe(1234));

  test("one wrong square is noticed", () => {
    for (let i = 0; i < STAMP.squares; i++) {
      const levels = levelsAt(43_200_123);
      levels[i] = 255 - (levels[i] ?? 0);
      expect(readStamp(levels)).not.toBe(43_200_123);
      if (i >= 2 + 27) expect(readStamp(levels)).toBeUndefined();
    }
  });

  test("there is none in a picture without", () => {
    expect(readStamp(Array.from({ length: STAMP.squares }, () => 120))).toBeUndefined();
    expect(readStamp([])).toBeUndefined();
  });
});
