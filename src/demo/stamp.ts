import type { Millis } from "../media/time.ts";
import type { Canvas } from "./canvas.ts";
import { COLUMNS, VISIBLE_ROWS } from "./cells.ts";

/**
 * A time in the picture that a program can read: a row of squares, the first white, the second black, then 27 bits of
 * milliseconds since midnight and 5 bits of checksum, most significant first, white for one.
 */
const TIME_BITS = 27;
const CHECK_BITS = 5;
const BITS = TIME_BITS + CHECK_BITS;
const SQUARE = 4;
const SQUARES = 2 + BITS;
/** On whole macroblocks, so that each square is coded alone. */
const LEFT = 12;
const TOP = 84;

/** Where the row of squares lies, in parts of the picture's width and height, and how many they are. */
export const STAMP = {
  x: LEFT / COLUMNS,
  y: TOP / VISIBLE_ROWS,
  width: (SQUARES * SQUARE) / COLUMNS,
  height: SQUARE / VISIBLE_ROWS,
  squares: SQUARES,
} as const;

/** @param timeOfDay milliseconds since midnight; fractions are cut off */
export function drawStamp(canvas: Canvas, timeOfDay: Millis): void {
  const time = Math.floor(timeOfDay);
  const bits = [1, 0, ...toBits(time, TIME_BITS), ...toBits(checksum(time), CHECK_BITS)];
  for (const [i, bit] of bits.entries()) {
    canvas.rectangle(LEFT + i * SQUARE, TOP, SQUARE, SQUARE, bit ? 0xffffff : 0x000000);
  }
}

/**
 * The time of a stamp, from the brightness of its squares (any scale).
 * @returns undefined when it is not there or cannot be read
 */
export function readStamp(levels: readonly number[]): Millis | undefined {
  const [white = 0, black = 0, ...squares] = levels;
  if (squares.length !== BITS || white - black < MIN_CONTRAST) return undefined;
  const bits = squares.map((level) => (level > (white + black) / 2 ? 1 : 0));
  const time = fromBits(bits.slice(0, TIME_BITS));
  return checksum(time) === fromBits(bits.slice(TIME_BITS)) ? time : undefined;
}

/** Of 255. */
const MIN_CONTRAST = 60;

/** Every bit of the time counts, and neighbours differently. */
const checksum = (time: number): number => (Math.imul(time, 0x9e3779b1) >>> (32 - CHECK_BITS)) ^ 0b10101;

const toBits = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (value >>> (count - 1 - i)) & 1);

const fromBits = (bits: readonly number[]): number => bits.reduce((value, bit) => value * 2 + bit, 0);
