import type { Canvas, Rgb } from "./canvas.ts";

/** Height of every glyph, in dots. */
export const GLYPH_HEIGHT = 7;

/** Draws text in dots of `scale` x `scale` cells; characters without a glyph are left out. */
export function drawText(canvas: Canvas, text: string, x: number, y: number, scale: number, colour: Rgb): void {
  let at = x;
  for (const character of text) {
    const glyph = GLYPHS[character];
    if (!glyph) continue;
    canvas.bitmap(at, y, glyph, scale, colour);
    at += ((glyph[0] as string).length + 1) * scale;
  }
}

/** Width of the text in cells, without the gap behind its last character. */
export function textWidth(text: string, scale: number): number {
  let dots = -1;
  for (const character of text) {
    const glyph = GLYPHS[character];
    if (glyph) dots += (glyph[0] as string).length + 1;
  }
  return Math.max(0, dots) * scale;
}

const GLYPHS: Readonly<Record<string, readonly string[]>> = {
  "0": [".###.", "#...#", "#..##", "#.#.#", "##..#", "#...#", ".###."],
  "1": ["..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###."],
  "2": [".###.", "#...#", "....#", "...#.", "..#..", ".#...", "#####"],
  "3": ["#####", "...#.", "..#..", "...#.", "....#", "#...#", ".###."],
  "4": ["...#.", "..##.", ".#.#.", "#..#.", "#####", "...#.", "...#."],
  "5": ["#####", "#....", "####.", "....#", "....#", "#...#", ".###."],
  "6": ["..##.", ".#...", "#....", "####.", "#...#", "#...#", ".###."],
  "7": ["#####", "....#", "...#.", "..#..", ".#...", ".#...", ".#..."],
  "8": [".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."],
  "9": [".###.", "#...#", "#...#", ".####", "....#", "...#.", ".##.."],
  ":": ["..", "##", "##", "..", "##", "##", ".."],
  ".": ["..", "..", "..", "..", "..", "##", "##"],
  L: ["#....", "#....", "#....", "#....", "#....", "#....", "#####"],
  I: ["###", ".#.", ".#.", ".#.", ".#.", ".#.", "###"],
  V: ["#...#", "#...#", "#...#", "#...#", "#...#", ".#.#.", "..#.."],
  E: ["#####", "#....", "#....", "####.", "#....", "#....", "#####"],
  n: [".....", ".....", "#.##.", "##..#", "#...#", "#...#", "#...#"],
  a: [".....", ".....", ".###.", "....#", ".####", "#...#", ".####"],
  r: [".....", ".....", "#.##.", "##..#", "#....", "#....", "#...."],
  u: [".....", ".....", "#...#", "#...#", "#...#", "#..##", ".##.#"],
};
