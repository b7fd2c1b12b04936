/**
 * NAL units in their two framings, the same for H.264 and HEVC: behind 4-byte lengths (ISO/IEC 14496-15 5.2.3, 8.2),
 * our canonical form, and behind start codes (H.264 and HEVC Annex B).
 *
 * Readers here never throw, because one bad frame must not end a publish: an empty NAL unit is skipped, and a length
 * that reaches past the end ends the walk. `toFourByteLengths` removes both, so that what follows it is well-formed.
 */

import { sameBytes } from "../bytes/same-bytes.ts";

/**
 * A cursor over canonical bytes: the end of the NAL unit whose length field stands at `at`, or -1 when no whole one
 * follows. Its bytes are `data[at + 4 .. end)`; the next length field stands at `end`. An empty NAL unit ends at `at + 4`.
 */
export function nalEnd(data: Uint8Array, at: number): number {
  const start = at + 4;
  if (start > data.length) return -1;
  const end = start + readLength(data, at, 4);
  return end > data.length ? -1 : end;
}

/** Calls `visit` with the bounds of each NAL unit of canonical bytes that is not empty. */
export function forEachNal(data: Uint8Array, visit: (start: number, end: number) => void): void {
  for (let at = 0, end = nalEnd(data, 0); end >= 0; at = end, end = nalEnd(data, at)) {
    if (end > at + 4) visit(at + 4, end);
  }
}

/**
 * Lengths of `lengthSize` bytes (1 to 4) made 4. Gives back `data` itself when there is nothing to change. Empty NAL
 * units, and a last one that reaches past the end, are left out: the result is well-formed, and possibly empty.
 */
export function toFourByteLengths(data: Uint8Array, lengthSize: number): Uint8Array {
  let size = 0;
  let whole = lengthSize === 4;
  let at = 0;
  while (at + lengthSize <= data.length) {
    const length = readLength(data, at, lengthSize);
    const end = at + lengthSize + length;
    if (end > data.length) break;
    if (length > 0) size += 4 + length;
    else whole = false;
    at = end;
  }
  if (whole && at === data.length) return data;

  const out = new Uint8Array(size);
  for (let to = 0, from = 0; to < size; ) {
    const length = readLength(data, from, lengthSize);
    const start = from + lengthSize;
    if (length > 0) to = writeNal(out, to, data, start, start + length);
    from = start + length;
  }
  return out;
}

/**
 * Whether `data` starts with a start code and not with a 4-byte length. `00 00 01` alone would be a length of 256 to 511,
 * so it only counts when that length does not fit.
 */
export function looksLikeAnnexB(data: Uint8Array): boolean {
  if (data.length < 4 || data[0] !== 0 || data[1] !== 0) return false;
  if (data[2] === 0) return data[3] === 1 && !isWellFormed(data);
  return data[2] === 1 && !isWellFormed(data);
}

/** Start codes (three or four bytes, with trailing zeros) to 4-byte lengths. Bytes before the first one are left out. */
export function fromAnnexB(data: Uint8Array): Uint8Array {
  const bounds: number[] = [];
  let size = 0;
  for (let start = afterStartCode(data, 0), next: number; start >= 0; start = next) {
    next = afterStartCode(data, start);
    // Zeros before a start code belong to it (B.1.1), and no NAL unit ends in one (7.4.1).
    let end = next < 0 ? data.length : next - 3;
    while (end > start && data[end - 1] === 0) end--;
    if (end === start) continue;
    bounds.push(start, end);
    size += 4 + end - start;
  }
  const out = new Uint8Array(size);
  let to = 0;
  for (let i = 0; i < bounds.length; i += 2) to = writeNal(out, to, data, bounds[i] as number, bounds[i + 1] as number);
  return out;
}

/** The RBSP of `nal`: without emulation prevention bytes (H.264 7.4.1, HEVC 7.4.2). `nal` itself when it has none. */
export function withoutEmulationPrevention(nal: Uint8Array): Uint8Array {
  let count = 0;
  for (let i = 2; i < nal.length; i++) {
    if (nal[i] === 3 && nal[i - 1] === 0 && nal[i - 2] === 0) count++;
  }
  if (count === 0) return nal;
  const out = new Uint8Array(nal.length - count);
  let zeros = 0;
  let to = 0;
  for (let i = 0; i < nal.length; i++) {
    const byte = nal[i] as number;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[to++] = byte;
  }
  return out.subarray(0, to);
}

/** Appends `nal` to a list of parameter sets, unless the same bytes are in it or it is full. */
export function addDistinct(list: Uint8Array[], nal: Uint8Array): void {
  if (list.length < MAX_PARAMETER_SETS && !list.some((other) => sameBytes(other, nal))) list.push(nal);
}

/** Encoders send a few. The bound keeps a hostile frame of thousands from costing quadratic time; avcC holds 31 SPS. */
const MAX_PARAMETER_SETS = 31;

function isWellFormed(data: Uint8Array): boolean {
  let at = 0;
  for (let end = nalEnd(data, 0); end >= 0; end = nalEnd(data, at)) {
    if (end === at + 4) return false;
    at = end;
  }
  return at === data.length;
}

/** Offset behind the next start code at or after `from`, or -1. */
function afterStartCode(data: Uint8Array, from: number): number {
  for (let i = data.indexOf(1, from + 2); i >= 0; i = data.indexOf(1, i + 1)) {
    if (data[i - 1] === 0 && data[i - 2] === 0 && i - 2 >= from) return i + 1;
  }
  return -1;
}

function readLength(data: Uint8Array, at: number, size: number): number {
  let length = 0;
  for (let i = 0; i < size; i++) length = length * 256 + (data[at + i] as number);
  return length;
}

function writeNal(out: Uint8Array, to: number, data: Uint8Array, start: number, end: number): number {
  const length = end - start;
  out[to] = length >>> 24;
  out[to + 1] = length >>> 16;
  out[to + 2] = length >>> 8;
  out[to + 3] = length;
  out.set(data.subarray(start, end), to + 4);
  return to + 4 + length;
}
