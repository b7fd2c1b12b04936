import { BitWriter } from "./bit-writer.ts";
import { writeChromaDcBlock, writeLumaBlock } from "./cavlc.ts";
import { type CellPicture, COLUMNS, createCellPicture, ROWS } from "./cells.ts";
import { codeChromaDc, codeLumaDc } from "./dc-transform.ts";
import { toNalUnit } from "./nal.ts";
import {
  LEVEL_IDC,
  LOG2_MAX_FRAME_NUM,
  PROFILE_COMPATIBILITY,
  PROFILE_IDC,
  pictureParameterSet,
  sequenceParameterSet,
} from "./parameter-sets.ts";

/** One coded frame: NAL units behind 4-byte lengths, as FLV and MP4 carry them. */
export type EncodedFrame = { readonly key: boolean; readonly data: Uint8Array };

const MB_COLUMNS = COLUMNS / 4;
const MB_ROWS = ROWS / 4;
const CHROMA_COLUMNS = COLUMNS / 2;
const MID_GREY = 128;

/**
 * Encodes pictures of flat cells as H.264 Constrained Baseline: changed macroblocks as Intra16x16 with DC prediction and
 * nothing but DC coefficients, the others as P_Skip. One slice a frame, no deblocking. Deterministic.
 */
export class H264Encoder {
  readonly #bits = new BitWriter();
  /** What was asked for when each macroblock was last coded. */
  readonly #source = createCellPicture();
  readonly #decoded = createCellPicture();
  readonly #luma = new Int32Array(16);
  readonly #lumaLevels = new Int32Array(16);
  readonly #chroma = new Int32Array(4);
  readonly #chromaLevels = [new Int32Array(4), new Int32Array(4)] as const;
  #frameNum = 0;
  #idrPicId = 0;
  #started = false;

  /** AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1). */
  readonly record: Uint8Array = decoderConfigurationRecord();

  /** What a decoder shows after the last frame: the arrays are used again by the next one. */
  get decoded(): CellPicture {
    return this.#decoded;
  }

  /** Encodes the next frame; an IDR picture if `key`, and the first one always. The picture is not kept. */
  encode(picture: CellPicture, key: boolean): EncodedFrame {
    const idr = key || !this.#started;
    this.#started = true;
    this.#frameNum = idr ? 0 : (this.#frameNum + 1) % 2 ** LOG2_MAX_FRAME_NUM;
    this.#writeSliceHeader(idr);
    let skipped = 0;
    for (let row = 0; row < MB_ROWS; row++) {
      for (let column = 0; column < MB_COLUMNS; column++) {
        if (!idr && !this.#changed(picture, column, row)) {
          skipped++;
          continue;
        }
        if (!idr) this.#bits.ue(skipped);
        skipped = 0;
        this.#writeMacroblock(picture, column, row, idr);
      }
    }
    if (skipped > 0) this.#bits.ue(skipped);
    this.#bits.trailing();
    const data = toNalUnit(idr ? NAL_IDR : NAL_SLICE, this.#bits.take(), 4);
    new DataView(data.buffer).setUint32(0, data.length - 4);
    return { key: idr, data };
  }

  /** slice_header() (7.3.3). */
  #writeSliceHeader(idr: boolean): void {
    const bits = this.#bits;
    bits.ue(0); // first_mb_in_slice
    bits.ue(idr ? 7 : 5); // slice_type: all slices of the picture are I, or P
    bits.ue(0); // pic_parameter_set_id
    bits.u(this.#frameNum, LOG2_MAX_FRAME_NUM);
    if (idr) {
      bits.ue(this.#idrPicId);
      this.#idrPicId ^= 1;
      bits.u(0, 2); // no_output_of_prior_pics_flag, long_term_reference_flag
    } else {
      bits.u(0, 1); // num_ref_idx_active_override_flag
      bits.u(0, 1); // ref_pic_list_modification_flag_l0
      bits.u(0, 1); // adaptive_ref_pic_marking_mode_flag
    }
    bits.se(0); // slice_qp_delta
    bits.ue(1); // disable_deblocking_filter_idc
  }

  #changed(picture: CellPicture, column: number, row: number): boolean {
    return (
      differs(picture.luma, this.#source.luma, COLUMNS, column, row, 4) ||
      differs(picture.cb, this.#source.cb, CHROMA_COLUMNS, column, row, 2) ||
      differs(picture.cr, this.#source.cr, CHROMA_COLUMNS, column, row, 2)
    );
  }

  /** macroblock_layer() (7.3.5) of an Intra16x16 macroblock. */
  #writeMacroblock(picture: CellPicture, column: number, row: number, idr: boolean): void {
    this.#codeLuma(picture.luma, column, row);
    const cb = this.#codeChroma(picture.cb, this.#source.cb, this.#decoded.cb, column, row, this.#chromaLevels[0]);
    const cr = this.#codeChroma(picture.cr, this.#source.cr, this.#decoded.cr, column, row, this.#chromaLevels[1]);
    const hasChroma = cb || cr;
    const bits = this.#bits;
    // Tables 7-11 and 7-13: Intra16x16 with DC prediction and no luma AC; P slices count intra types from 5.
    bits.ue((hasChroma ? 7 : 3) + (idr ? 0 : 5));
    bits.ue(0); // intra_chroma_pred_mode: DC
    bits.se(0); // mb_qp_delta
    writeLumaBlock(bits, this.#lumaLevels);
    if (!hasChroma) return;
    writeChromaDcBlock(bits, this.#chromaLevels[0]);
    writeChromaDcBlock(bits, this.#chromaLevels[1]);
  }

  #codeLuma(wanted: Uint8Array, column: number, row: number): void {
    const decoded = this.#decoded.luma;
    const blocks = this.#luma;
    const start = row * 4 * COLUMNS + column * 4;
    // Intra_16x16_DC (8.3.3.3). The edge samples are four equal ones for each cell.
    let sum = 0;
    if (row > 0) for (let i = 0; i < 4; i++) sum += decoded[start - COLUMNS + i] as number;
    if (column > 0) for (let i = 0; i < 4; i++) sum += decoded[start - 1 + i * COLUMNS] as number;
    const prediction = row > 0 && column > 0 ? (sum + 4) >> 3 : row > 0 || column > 0 ? (sum + 2) >> 2 : MID_GREY;

    for (let i = 0; i < 16; i++) {
      const at = start + (i >> 2) * COLUMNS + (i & 3);
      blocks[i] = (wanted[at] as number) - prediction;
      this.#source.luma[at] = wanted[at] as number;
    }
    codeLumaDc(blocks, this.#lumaLevels);
    for (let i = 0; i < 16; i++) {
      decoded[start + (i >> 2) * COLUMNS + (i & 3)] = clip(prediction + (blocks[i] as number));
    }
  }

  /** One plane; false when its levels are all 0. */
  #codeChroma(
    wanted: Uint8Array,
    source: Uint8Array,
    decoded: Uint8Array,
    column: number,
    row: number,
    levels: Int32Array,
  ): boolean {
    const blocks = this.#chroma;
    const start = row * 2 * CHROMA_COLUMNS + column * 2;
    // Intra_Chroma_DC (8.3.4.1-3): above and left of the macroblock beside each 4x4 block; only the diagonal blocks mix both.
    const above = row > 0 ? start - CHROMA_COLUMNS : -1;
    const left = column > 0 ? start - 1 : -1;
    const above0 = above < 0 ? -1 : (decoded[above] as number);
    const above1 = above < 0 ? -1 : (decoded[above + 1] as number);
    const left0 = left < 0 ? -1 : (decoded[left] as number);
    const left1 = left < 0 ? -1 : (decoded[left + CHROMA_COLUMNS] as number);
    const p0 = mean(above0, left0);
    const p1 = first(above1, left0);
    const p2 = first(left1, above0);
    const p3 = mean(above1, left1);

    for (let i = 0; i < 4; i++) {
      const at = start + (i >> 1) * CHROMA_COLUMNS + (i & 1);
      source[at] = wanted[at] as number;
      blocks[i] = (wanted[at] as number) - (i === 0 ? p0 : i === 1 ? p1 : i === 2 ? p2 : p3);
    }
    const coded = codeChromaDc(blocks, levels);
    for (let i = 0; i < 4; i++) {
      const prediction = i === 0 ? p0 : i === 1 ? p1 : i === 2 ? p2 : p3;
      decoded[start + (i >> 1) * CHROMA_COLUMNS + (i & 1)] = clip(prediction + (blocks[i] as number));
    }
    return coded;
  }
}

// nal_ref_idc 3 for IDR pictures, 2 for the others; all are references.
const NAL_IDR = 0x65;
const NAL_SLICE = 0x41;
const NAL_SPS = 0x67;
const NAL_PPS = 0x68;

function decoderConfigurationRecord(): Uint8Array {
  const sps = toNalUnit(NAL_SPS, sequenceParameterSet());
  const pps = toNalUnit(NAL_PPS, pictureParameterSet());
  return Uint8Array.from([
    1,
    PROFILE_IDC,
    PROFILE_COMPATIBILITY,
    LEVEL_IDC,
    0xff, // lengthSizeMinusOne 3
    0xe1, // one SPS
    sps.length >> 8,
    sps.length & 0xff,
    ...sps,
    1,
    pps.length >> 8,
    pps.length & 0xff,
    ...pps,
  ]);
}

/** Whether any value of a macroblock's `size` x `size` differs between two planes. */
function differs(a: Uint8Array, b: Uint8Array, stride: number, column: number, row: number, size: number): boolean {
  const start = row * size * stride + column * size;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = start + y * stride + x;
      if (a[at] !== b[at]) return true;
    }
  }
  return false;
}

/** -1 stands for a neighbour outside the picture. */
function mean(above: number, left: number): number {
  return above >= 0 && left >= 0 ? (above + left + 1) >> 1 : first(above, left);
}

function first(preferred: number, other: number): number {
  return preferred >= 0 ? preferred : other >= 0 ? other : MID_GREY;
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
