import { expect, test } from "bun:test";
import { fitInto } from "./fit.ts";

const SQUARE = { width: 1, height: 1 };

test.each([
  ["the same shape, but for rounding", [1280, 720, SQUARE], [854, 480, SQUARE], [854, 480]],
  [
    "the source's own samples are kept",
    [720, 576, { width: 16, height: 15 }],
    [450, 360, { width: 16, height: 15 }],
    [450, 360],
  ],
  ["wider: bars above and below", [1280, 544, SQUARE], [640, 360, SQUARE], [640, 272]],
  ["narrower: bars at the sides", [640, 480, SQUARE], [640, 360, SQUARE], [480, 360]],
  ["upright in a wide frame", [1080, 1920, SQUARE], [640, 360, SQUARE], [202, 360]],
  ["narrower by its samples", [720, 576, { width: 16, height: 15 }], [640, 360, SQUARE], [480, 360]],
  ["a line", [4000, 2, SQUARE], [640, 360, SQUARE], [640, 2]],
] as const)("%s", (_, [width, height, sar], [frameWidth, frameHeight, frameSar], [fitWidth, fitHeight]) => {
  const fit = fitInto({ width, height, sar }, { width: frameWidth, height: frameHeight, sar: frameSar });
  expect(fit).toEqual({ width: fitWidth, height: fitHeight });
});
