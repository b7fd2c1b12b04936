/** The demo's picture is a grid of flat cells, each this many luma samples wide and high. */
export const CELL_SIZE = 4;
export const COLUMNS = 160;
/** Rows that are shown. */
export const VISIBLE_ROWS = 90;
/** Rows that are coded: whole macroblocks of four rows. */
export const ROWS = 92;

/** Frames per second. */
export const FRAME_RATE = 30;

/** One picture: Y'CbCr BT.709, limited range. Luma is one value a cell, chroma one value for two by two cells. */
export type CellPicture = {
  /** `COLUMNS` x `ROWS`. */
  readonly luma: Uint8Array;
  /** `COLUMNS / 2` x `ROWS / 2`. */
  readonly cb: Uint8Array;
  readonly cr: Uint8Array;
};

/** A picture of zeros (which is green). */
export function createCellPicture(): CellPicture {
  const chroma = (COLUMNS / 2) * (ROWS / 2);
  return { luma: new Uint8Array(COLUMNS * ROWS), cb: new Uint8Array(chroma), cr: new Uint8Array(chroma) };
}
