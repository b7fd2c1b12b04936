import type { BitWriter } from "./bit-writer.ts";

/**
 * Writes residual_block_cavlc() (H.264 7.3.5.3.2) of a luma block whose neighbours have no coefficients (nC 0 to 1).
 * `levels` are in scan order; 16 of them.
 */
export function writeLumaBlock(bits: BitWriter, levels: ArrayLike<number>): void {
  writeBlock(bits, levels, LUMA_COEFF_TOKEN, LUMA_TOTAL_ZEROS);
}

/** Writes residual_block_cavlc() of the chroma DC of one plane in 4:2:0 (nC -1): four levels. */
export function writeChromaDcBlock(bits: BitWriter, levels: ArrayLike<number>): void {
  writeBlock(bits, levels, CHROMA_COEFF_TOKEN, CHROMA_TOTAL_ZEROS);
}

/** Largest magnitude of a level that the profile's codes can carry (9.2.2.1 with level_prefix 15). */
export const MAX_LEVEL = 2000;

/** Codes as `BitWriter.code` takes them, a marking 1 first. */
type Codes = readonly (readonly number[])[];

const values = new Int32Array(16);
const runs = new Int32Array(16);

function writeBlock(bits: BitWriter, levels: ArrayLike<number>, tokens: Codes, zeros: Codes): void {
  let total = 0;
  let run = 0;
  let allZeros = 0;
  // Levels go out from the highest frequency down, each with the number of zeros in front of it.
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] as number;
    if (level === 0) run++;
    else {
      values[total] = level;
      runs[total++] = run;
      allZeros += run;
      run = 0;
    }
  }
  let ones = 0;
  while (ones < 3 && ones < total && Math.abs(values[total - 1 - ones] as number) === 1) ones++;

  bits.code(tokens[total]?.[ones] as number);
  if (total === 0) return;
  for (let i = 1; i <= ones; i++) bits.u((values[total - i] as number) < 0 ? 1 : 0, 1);
  writeLevels(bits, total, ones);

  if (total < levels.length) bits.code(zeros[total - 1]?.[allZeros] as number);
  let left = allZeros;
  for (let i = total - 1; i > 0 && left > 0; i--) {
    const before = runs[i] as number;
    bits.code(RUN_BEFORE[Math.min(left, 7) - 1]?.[before] as number);
    left -= before;
  }
}

/** 9.2.2.1, in reverse: level_prefix and level_suffix of every level that is not a trailing one. */
function writeLevels(bits: BitWriter, total: number, ones: number): void {
  let suffixLength = total > 10 && ones < 3 ? 1 : 0;
  for (let i = total - 1 - ones; i >= 0; i--) {
    const level = values[i] as number;
    let code = level > 0 ? 2 * level - 2 : -2 * level - 1;
    // With fewer than three trailing ones the first other level cannot be a one.
    if (i === total - 1 - ones && ones < 3) code -= 2;
    if (suffixLength === 0) {
      if (code < 14) bits.u(1, code + 1);
      else if (code < 30) bits.u(1, 15).u(code - 14, 4);
      else bits.u(1, 16).u(code - 30, 12);
      suffixLength = 1;
    } else {
      const limit = 15 << suffixLength;
      if (code < limit) bits.u(1, (code >> suffixLength) + 1).u(code & ((1 << suffixLength) - 1), suffixLength);
      else bits.u(1, 16).u(code - limit, 12);
    }
    if (Math.abs(level) > 3 << (suffixLength - 1) && suffixLength < 6) suffixLength++;
  }
}

/** Table 9-5, nC 0 to 1: by total_coeff, then trailing ones. */
const LUMA_COEFF_TOKEN: Codes = [
  [0b1_1],
  [0b1_000101, 0b1_01],
  [0b1_00000111, 0b1_000100, 0b1_001],
  [0b1_000000111, 0b1_00000110, 0b1_0000101, 0b1_00011],
  [0b1_0000000111, 0b1_000000110, 0b1_00000101, 0b1_000011],
  [0b1_00000000111, 0b1_0000000110, 0b1_000000101, 0b1_0000100],
  [0b1_0000000001111, 0b1_00000000110, 0b1_0000000101, 0b1_00000100],
  [0b1_0000000001011, 0b1_0000000001110, 0b1_00000000101, 0b1_000000100],
  [0b1_0000000001000, 0b1_0000000001010, 0b1_0000000001101, 0b1_0000000100],
  [0b1_00000000001111, 0b1_00000000001110, 0b1_0000000001001, 0b1_00000000100],
  [0b1_00000000001011, 0b1_00000000001010, 0b1_00000000001101, 0b1_0000000001100],
  [0b1_000000000001111, 0b1_000000000001110, 0b1_00000000001001, 0b1_00000000001100],
  [0b1_000000000001011, 0b1_000000000001010, 0b1_000000000001101, 0b1_00000000001000],
  [0b1_0000000000001111, 0b1_000000000000001, 0b1_000000000001001, 0b1_000000000001100],
  [0b1_0000000000001011, 0b1_0000000000001110, 0b1_0000000000001101, 0b1_000000000001000],
  [0b1_0000000000000111, 0b1_0000000000001010, 0b1_0000000000001001, 0b1_0000000000001100],
  [0b1_0000000000000100, 0b1_0000000000000110, 0b1_0000000000000101, 0b1_0000000000001000],
];

/** Table 9-5, nC -1. */
const CHROMA_COEFF_TOKEN: Codes = [
  [0b1_01],
  [0b1_000111, 0b1_1],
  [0b1_000100, 0b1_000110, 0b1_001],
  [0b1_000011, 0b1_0000011, 0b1_0000010, 0b1_000101],
  [0b1_000010, 0b1_00000011, 0b1_00000010, 0b1_0000000],
];

/** Tables 9-7 and 9-8: by total_coeff - 1, then total_zeros. */
const LUMA_TOTAL_ZEROS: Codes = [
  [
    0b1_1, 0b1_011, 0b1_010, 0b1_0011, 0b1_0010, 0b1_00011, 0b1_00010, 0b1_000011, 0b1_000010, 0b1_0000011, 0b1_0000010,
    0b1_00000011, 0b1_00000010, 0b1_000000011, 0b1_000000010, 0b1_000000001,
  ],
  [
    0b1_111, 0b1_110, 0b1_101, 0b1_100, 0b1_011, 0b1_0101, 0b1_0100, 0b1_0011, 0b1_0010, 0b1_00011, 0b1_00010,
    0b1_000011, 0b1_000010, 0b1_000001, 0b1_000000,
  ],
  [
    0b1_0101, 0b1_111, 0b1_110, 0b1_101, 0b1_0100, 0b1_0011, 0b1_100, 0b1_011, 0b1_0010, 0b1_00011, 0b1_00010,
    0b1_000001, 0b1_00001, 0b1_000000,
  ],
  [
    0b1_00011, 0b1_111, 0b1_0101, 0b1_0100, 0b1_110, 0b1_101, 0b1_100, 0b1_0011, 0b1_011, 0b1_0010, 0b1_00010,
    0b1_00001, 0b1_00000,
  ],
  [0b1_0101, 0b1_0100, 0b1_0011, 0b1_111, 0b1_110, 0b1_101, 0b1_100, 0b1_011, 0b1_0010, 0b1_00001, 0b1_0001, 0b1_00000],
  [0b1_000001, 0b1_00001, 0b1_111, 0b1_110, 0b1_101, 0b1_100, 0b1_011, 0b1_010, 0b1_0001, 0b1_001, 0b1_000000],
  [0b1_000001, 0b1_00001, 0b1_101, 0b1_100, 0b1_011, 0b1_11, 0b1_010, 0b1_0001, 0b1_001, 0b1_000000],
  [0b1_000001, 0b1_0001, 0b1_00001, 0b1_011, 0b1_11, 0b1_10, 0b1_010, 0b1_001, 0b1_000000],
  [0b1_000001, 0b1_000000, 0b1_0001, 0b1_11, 0b1_10, 0b1_001, 0b1_01, 0b1_00001],
  [0b1_00001, 0b1_00000, 0b1_001, 0b1_11, 0b1_10, 0b1_01, 0b1_0001],
  [0b1_0000, 0b1_0001, 0b1_001, 0b1_010, 0b1_1, 0b1_011],
  [0b1_0000, 0b1_0001, 0b1_01, 0b1_1, 0b1_001],
  [0b1_000, 0b1_001, 0b1_1, 0b1_01],
  [0b1_00, 0b1_01, 0b1_1],
  [0b1_0, 0b1_1],
];

/** Table 9-9 (a). */
const CHROMA_TOTAL_ZEROS: Codes = [
  [0b1_1, 0b1_01, 0b1_001, 0b1_000],
  [0b1_1, 0b1_01, 0b1_00],
  [0b1_1, 0b1_0],
];

/** Table 9-10: by zerosLeft - 1 (the last row from 7 on), then run_before. */
const RUN_BEFORE: Codes = [
  [0b1_1, 0b1_0],
  [0b1_1, 0b1_01, 0b1_00],
  [0b1_11, 0b1_10, 0b1_01, 0b1_00],
  [0b1_11, 0b1_10, 0b1_01, 0b1_001, 0b1_000],
  [0b1_11, 0b1_10, 0b1_011, 0b1_010, 0b1_001, 0b1_000],
  [0b1_11, 0b1_000, 0b1_001, 0b1_011, 0b1_010, 0b1_101, 0b1_100],
  [
    0b1_111, 0b1_110, 0b1_101, 0b1_100, 0b1_011, 0b1_010, 0b1_001, 0b1_0001, 0b1_00001, 0b1_000001, 0b1_0000001,
    0b1_00000001, 0b1_000000001, 0b1_0000000001, 0b1_00000000001,
  ],
];
