import { type CellPicture, COLUMNS, ROWS } from "./cells.ts";

/** Red, green, blue as 0xRRGGBB, full range. */
export type Rgb = number;

/** Rows of characters of equal length; each character stands for a colour, a space for nothing. */
export type Sprite = { readonly rows: readonly string[]; readonly palette: Readonly<Record<string, Rgb>> };

/** A grid of coloured cells to draw on, `COLUMNS` x `ROWS`. What falls outside is cut off. Places may be fractions. */
export class Canvas {
  /** Red, green, blue of each cell, by rows. */
  readonly #rgb = new Float32Array(COLUMNS * ROWS * 3);

  copyFrom(other: Canvas): void {
    this.#rgb.set(other.#rgb);
  }

  /** Mixes a colour into one cell; `alpha` 0 to 1. */
  blend(column: number, row: number, colour: Rgb, alpha = 1): void {
    if (column < 0 || column >= COLUMNS || row < 0 || row >= ROWS) return;
    const at = (row * COLUMNS + column) * 3;
    const rgb = this.#rgb;
    rgb[at] = mix(rgb[at] as number, colour >> 16, alpha);
    rgb[at + 1] = mix(rgb[at + 1] as number, (colour >> 8) & 0xff, alpha);
    rgb[at + 2] = mix(rgb[at + 2] as number, colour & 0xff, alpha);
  }

  /** A rectangle; edges between cells are mixed by how much of the cell they cover. */
  rectangle(x: number, y: number, width: number, height: number, colour: Rgb, alpha = 1): void {
    for (let row = Math.floor(y); row < y + height; row++) {
      const covered = alpha * overlap(row, y, y + height);
      for (let column = Math.floor(x); column < x + width; column++) {
        this.blend(column, row, colour, covered * overlap(column, x, x + width));
      }
    }
  }

  /** A disc with soft edges. */
  disc(x: number, y: number, radius: number, colour: Rgb, alpha = 1): void {
    for (let row = Math.floor(y - radius - 1); row <= y + radius + 1; row++) {
      for (let column = Math.floor(x - radius - 1); column <= x + radius + 1; column++) {
        const inside = radius + 0.5 - Math.hypot(column + 0.5 - x, row + 0.5 - y);
        this.blend(column, row, colour, alpha * Math.max(0, Math.min(1, inside)));
      }
    }
  }

  /** A bitmap of `#` and other characters, each enlarged to `scale` x `scale` cells. */
  bitmap(x: number, y: number, rows: readonly string[], scale: number, colour: Rgb): void {
    for (const [row, line] of rows.entries()) {
      for (let column = 0; column < line.length; column++) {
        if (line[column] === "#") this.rectangle(x + column * scale, y + row * scale, scale, scale, colour);
      }
    }
  }

  /** A sprite at a fractional place, so that it moves smoothly; `mirrored` looks the other way. */
  sprite(sprite: Sprite, x: number, y: number, mirrored: boolean): void {
    for (const [row, line] of sprite.rows.entries()) {
      for (let i = 0; i < line.length; i++) {
        const colour = sprite.palette[line[mirrored ? line.length - 1 - i : i] as string];
        if (colour !== undefined) this.#hold(x + i, y + row, colour);
      }
    }
    this.#release();
  }

  /** Y'CbCr BT.709 limited range; chroma is the mean of two by two cells. */
  toPicture(picture: CellPicture): void {
    const rgb = this.#rgb;
    const half = COLUMNS / 2;
    const sums = new Float32Array(half * 3);
    for (let row = 0; row < ROWS; row++) {
      if (row % 2 === 0) sums.fill(0);
      for (let column = 0; column < COLUMNS; column++) {
        const at = (row * COLUMNS + column) * 3;
        const r = rgb[at] as number;
        const g = rgb[at + 1] as number;
        const b = rgb[at + 2] as number;
        picture.luma[row * COLUMNS + column] = 16.5 + brightness(r, g, b) * (219 / 255);
        const sum = (column >> 1) * 3;
        sums[sum] = (sums[sum] as number) + r / 4;
        sums[sum + 1] = (sums[sum + 1] as number) + g / 4;
        sums[sum + 2] = (sums[sum + 2] as number) + b / 4;
      }
      if (row % 2 === 0) continue;
      for (let column = 0; column < half; column++) {
        const r = sums[column * 3] as number;
        const b = sums[column * 3 + 2] as number;
        const y = brightness(r, sums[column * 3 + 1] as number, b);
        const at = (row >> 1) * half + column;
        picture.cb[at] = 128.5 + ((b - y) / 1.8556) * (224 / 255);
        picture.cr[at] = 128.5 + ((r - y) / 1.5748) * (224 / 255);
      }
    }
  }

  // A sprite's cells that share a place must add up before they cover what is behind, or seams show through.
  readonly #covered = new Map<number, [alpha: number, red: number, green: number, blue: number]>();

  #hold(x: number, y: number, colour: Rgb): void {
    for (let row = Math.floor(y); row < y + 1; row++) {
      for (let column = Math.floor(x); column < x + 1; column++) {
        if (column < 0 || column >= COLUMNS || row < 0 || row >= ROWS) continue;
        const alpha = overlap(column, x, x + 1) * overlap(row, y, y + 1);
        const at = row * COLUMNS + column;
        const sum = this.#covered.get(at) ?? [0, 0, 0, 0];
        sum[0] += alpha;
        sum[1] += alpha * (colour >> 16);
        sum[2] += alpha * ((colour >> 8) & 0xff);
        sum[3] += alpha * (colour & 0xff);
        this.#covered.set(at, sum);
      }
    }
  }

  #release(): void {
    for (const [cell, [alpha, ...sum]] of this.#covered) {
      for (const [i, value] of sum.entries()) {
        const at = cell * 3 + i;
        this.#rgb[at] = (this.#rgb[at] as number) * Math.max(0, 1 - alpha) + value;
      }
    }
    this.#covered.clear();
  }
}

/** A colour between two; `part` 0 is the first. */
export function mixColours(from: Rgb, to: Rgb, part: number): Rgb {
  const channel = (shift: number): number =>
    Math.round(mix((from >> shift) & 0xff, (to >> shift) & 0xff, part)) << shift;
  return channel(16) | channel(8) | channel(0);
}

function mix(from: number, to: number, part: number): number {
  return from + (to - from) * part;
}

/** How much of the cell that begins at `cell` lies between `from` and `to`. */
function overlap(cell: number, from: number, to: number): number {
  return Math.max(0, Math.min(cell + 1, to) - Math.max(cell, from));
}

/** BT.709 luma of 0 to 255. */
function brightness(r: number, g: number, b: number): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
