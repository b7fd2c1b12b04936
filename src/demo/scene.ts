import { Canvas, mixColours, type Rgb, type Sprite } from "./canvas.ts";
import { COLUMNS, ROWS } from "./cells.ts";
import { drawText } from "./font.ts";

/** First row of the water. */
export const HORIZON = 56;
/** First row of the colour bars. */
export const BARS = 80;

/** Where the sweep of each second runs, in cells. */
export const TRACK = { x: 17, y: 44, width: 126, height: 3 } as const;
/** The middle of the lighthouse's lamp. */
export const LAMP = { x: 152, y: 35.5 } as const;

/** Everything that stands still. */
export function drawBackground(): Canvas {
  const canvas = new Canvas();
  for (let row = 0; row < HORIZON; row++) {
    const part = row / HORIZON;
    const colour =
      part < 0.6 ? mixColours(0x141a3c, 0x4b3a70, part / 0.6) : mixColours(0x4b3a70, 0xe8956a, (part - 0.6) / 0.4);
    canvas.rectangle(0, row, COLUMNS, 1, colour);
  }
  for (let row = HORIZON; row < BARS; row++) canvas.rectangle(0, row, COLUMNS, 1, waterColour(row));
  for (const [column, row] of STARS) canvas.blend(column, row, 0xffffff, 0.7);

  // Hills on the far bank.
  for (let column = 0; column < COLUMNS; column++) {
    const height = 3.5 + 2.5 * Math.sin(column / 11) + 1.5 * Math.sin(column / 4.3 + 1);
    canvas.rectangle(column, HORIZON - height, 1, height, 0x2b2450);
  }
  canvas.rectangle(TRACK.x - 1, TRACK.y - 1, TRACK.width + 2, TRACK.height + 2, 0x0c1028);
  drawText(canvas, "naru", 7, -2, 3, 0xffffff);
  canvas.bitmap(82, 7, HANGUL_NA, 1, 0xffd9a3);
  canvas.bitmap(93, 7, HANGUL_RU, 1, 0xffd9a3);
  // On even cells, where chroma has its edges too.
  canvas.rectangle(126, 4, 28, 12, 0xd0243c);
  drawText(canvas, "LIVE", 130, 7, 1, 0xffffff);

  drawLanding(canvas, 0, 15);
  drawLanding(canvas, 143, COLUMNS - 143);
  drawLighthouse(canvas);
  const bar = COLUMNS / BAR_COLOURS.length;
  for (const [i, colour] of BAR_COLOURS.entries()) canvas.rectangle(i * bar, BARS, bar, ROWS - BARS, colour);
  return canvas;
}

/** Colour of still water in a row. */
export function waterColour(row: number): Rgb {
  return mixColours(0xc07c72, 0x123a56, Math.min(1, (row - HORIZON) / 14));
}

export const FERRY: Sprite = {
  palette: { f: 0xf04a4a, c: 0xe8ecf2, w: 0x3d5a78, o: 0xf2b66d, h: 0x9e2f3d, k: 0x2a2233, r: 0xf8f8f8 },
  rows: [
    "                k           ",
    "          ooo   kffff       ",
    "          ooo   kffff       ",
    "          kkk   k           ",
    "      cccccccccccccc        ",
    "      cwwcwwcwwcwwcc        ",
    "   cccccccccccccccccccc     ",
    "   cwwcwwcwwcwwcwwcwwccc    ",
    "rrrrrrrrrrrrrrrrrrrrrrrrrrrr",
    " hhhhhhhhhhhhhhhhhhhhhhhhhh ",
    "  hhhhhhhhhhhhhhhhhhhhhhhh  ",
    "    hhhhhhhhhhhhhhhhhhhh    ",
  ],
};

function drawLanding(canvas: Canvas, x: number, width: number): void {
  for (let post = x + 2; post < x + width; post += 5) canvas.rectangle(post, HORIZON + 2, 1, 6, 0x2d1d1f);
  canvas.rectangle(x, HORIZON, width, 2, 0x6b4636);
  canvas.rectangle(x, HORIZON, width, 1, 0x8d6046);
}

function drawLighthouse(canvas: Canvas): void {
  for (let row = 0; row < 17; row++) {
    const half = 2 + row / 9;
    canvas.rectangle(LAMP.x - half, 39 + row, half * 2, 1, row % 6 < 3 ? 0xf4f1ea : 0xc63b46);
  }
  canvas.rectangle(LAMP.x - 3, 38, 6, 1, 0x2a2233);
  canvas.rectangle(LAMP.x - 2, 34, 4, 4, 0x5a5068);
  canvas.rectangle(LAMP.x - 3, 33, 6, 1, 0x2a2233);
  canvas.rectangle(LAMP.x - 1, 32, 2, 1, 0x2a2233);
}

/** 75 % bars of ITU-R BT.801: white, yellow, cyan, green, magenta, red, blue, black. */
const BAR_COLOURS: readonly Rgb[] = [0xbfbfbf, 0xbfbf00, 0x00bfbf, 0x00bf00, 0xbf00bf, 0xbf0000, 0x0000bf, 0x000000];

const STARS: readonly (readonly [column: number, row: number])[] = [
  [3, 21],
  [12, 27],
  [31, 22],
  [44, 2],
  [58, 20],
  [70, 3],
  [77, 24],
  [88, 2],
  [104, 19],
  [110, 4],
  [118, 12],
  [121, 21],
  [138, 22],
  [149, 26],
  [156, 20],
  [9, 36],
  [153, 3],
  [84, 20],
  [48, 24],
];

const HANGUL_NA = [
  "#.....#..",
  "#.....#..",
  "#.....#..",
  "#.....###",
  "#.....#..",
  "#.....#..",
  "#####.#..",
  "......#..",
  "......#..",
];

const HANGUL_RU = [
  ".#######.",
  ".......#.",
  ".#######.",
  ".#.......",
  ".#######.",
  ".........",
  "#########",
  "....#....",
  "....#....",
];
