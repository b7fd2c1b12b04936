import { MAX_LEVEL } from "./cavlc.ts";

/**
 * The DC half of H.264's residual coding at one quantiser: blocks of 4x4 samples are flat, so their mean is all there is.
 * Levels go out in scan order; differences come back as the decoder will see them, one whole number a block.
 */

/** QP of luma and chroma: the coarsest at which a flat block comes back within about one step of brightness. */
export const QP = 18;

// normAdjust(QP % 6 = 0) is 10, times the flat weight of 16 (8.5.9); QP / 6 is 3.
const LEVEL_SCALE = 160;
const SHIFT = QP / 6;

/** Zig-zag scan of a 4x4 block (8.5.6): raster position of each level. */
const ZIGZAG = [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15] as const;

/** Replaces sixteen wanted differences (raster order) by the decoded ones, and fills `levels`. */
export function codeLumaDc(blocks: Int32Array, levels: Int32Array): void {
  // A decoded difference is level * LEVEL_SCALE / 2^(6 - SHIFT) / 64 after the transform (8.5.10); this is its inverse.
  hadamard4(blocks);
  for (let i = 0; i < 16; i++) {
    const at = ZIGZAG[i] as number;
    const level = quantise(((blocks[at] as number) * 64 * 2 ** (6 - SHIFT)) / LEVEL_SCALE / 16);
    levels[i] = blocks[at] = level;
  }
  hadamard4(blocks);
  for (let i = 0; i < 16; i++) {
    const dc = ((blocks[i] as number) * LEVEL_SCALE + (1 << (5 - SHIFT))) >> (6 - SHIFT);
    blocks[i] = (dc + 32) >> 6;
  }
}

/** The same for the four blocks of one chroma plane (8.5.11). False when all levels are 0. */
export function codeChromaDc(blocks: Int32Array, levels: Int32Array): boolean {
  hadamard2(blocks);
  let any = 0;
  for (let i = 0; i < 4; i++) {
    const level = quantise(((blocks[i] as number) * 64 * 32) / (LEVEL_SCALE << SHIFT) / 4);
    levels[i] = blocks[i] = level;
    any |= level;
  }
  hadamard2(blocks);
  for (let i = 0; i < 4; i++) {
    const dc = (((blocks[i] as number) * LEVEL_SCALE) << SHIFT) >> 5;
    blocks[i] = (dc + 32) >> 6;
  }
  return any !== 0;
}

function quantise(value: number): number {
  return Math.max(-MAX_LEVEL, Math.min(MAX_LEVEL, Math.round(value)));
}

/** 4x4 Hadamard transform in place, its own inverse times 16 (8-328). */
function hadamard4(m: Int32Array): void {
  for (let i = 0; i < 4; i++) butterfly(m, i * 4, 1);
  for (let i = 0; i < 4; i++) butterfly(m, i, 4);
}

function butterfly(m: Int32Array, at: number, step: number): void {
  const a = m[at] as number;
  const b = m[at + step] as number;
  const c = m[at + 2 * step] as number;
  const d = m[at + 3 * step] as number;
  m[at] = a + b + c + d;
  m[at + step] = a + b - c - d;
  m[at + 2 * step] = a - b - c + d;
  m[at + 3 * step] = a - b + c - d;
}

/** 2x2 Hadamard transform in place, its own inverse times 4. */
function hadamard2(m: Int32Array): void {
  const [a, b, c, d] = m as unknown as readonly [number, number, number, number];
  m[0] = a + b + c + d;
  m[1] = a - b + c - d;
  m[2] = a + b - c - d;
  m[3] = a - b - c + d;
}
