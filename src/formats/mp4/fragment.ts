import type { Ticks } from "../../media/time.ts";

/** One sample of a fragment. `data` is copied once. */
export type Sample = {
  /** Until the next sample of the track; not negative. */
  readonly duration: Ticks;
  /** pts - dts; may be negative. */
  readonly compositionOffset: Ticks;
  readonly key: boolean;
  readonly data: Uint8Array;
};

export type FragmentTrack = {
  /** track_ID of the init section. */
  readonly trackId: number;
  readonly kind: "video" | "audio";
  /** dts of the first sample in the track's timescale; not negative, exact up to 2^53. */
  readonly baseDecodeTime: Ticks;
  readonly samples: readonly Sample[];
};

/**
 * One movie fragment (ISO/IEC 14496-12 8.8): a moof with a traf per track, and one mdat with the tracks' samples one
 * track after the other. Tracks without samples are left out. `sequence` counts up, from 1, in 32 bits.
 * @param allocate gives so many bytes, all of which are written
 */
export function encodeFragment(
  sequence: number,
  tracks: readonly FragmentTrack[],
  allocate: (size: number) => Uint8Array = (size) => new Uint8Array(size),
): Uint8Array {
  let moofSize = BOX + FULL_BOX + 4;
  let dataSize = 0;
  const layouts: Layout[] = [];
  for (const track of tracks) {
    if (track.samples.length === 0) continue;
    const layout = layOut(track);
    layouts.push(layout);
    moofSize += layout.size;
    dataSize += layout.dataSize;
  }
  // Not zeroed by hand: every byte of it is written below.
  const out = allocate(moofSize + BOX + dataSize);
  writeBox(out, 0, moofSize, MOOF);
  writeBox(out, BOX, FULL_BOX + 4, MFHD);
  writeU32(out, BOX + FULL_BOX, sequence);
  let at = BOX + FULL_BOX + 4;
  let dataAt = moofSize + BOX;
  for (const layout of layouts) {
    at = writeTrackFragment(out, at, layout, dataAt);
    const { samples } = layout.track;
    for (let i = 0; i < samples.length; i++) {
      const { data } = samples[i] as Sample;
      out.set(data, dataAt);
      dataAt += data.length;
    }
  }
  writeBox(out, moofSize, BOX + dataSize, MDAT);
  return out;
}

/** Where a track's fields go: in tfhd when all samples agree, else in a column of trun. */
type Layout = {
  readonly track: FragmentTrack;
  readonly tfhdFlags: number;
  readonly trunFlags: number;
  readonly defaultFlags: number;
  /** Of the traf. */
  readonly size: number;
  readonly dataSize: number;
};

const BOX = 8;
const FULL_BOX = 12;
const MOOF = 0x6d6f6f66;
const MFHD = 0x6d666864;
const TRAF = 0x74726166;
const TFHD = 0x74666864;
const TFDT = 0x74666474;
const TRUN = 0x7472756e;
const MDAT = 0x6d646174;

const TFHD_DEFAULT_DURATION = 0x8;
const TFHD_DEFAULT_SIZE = 0x10;
const TFHD_DEFAULT_FLAGS = 0x20;
const TFHD_BASE_IS_MOOF = 0x2_0000;
const TRUN_DATA_OFFSET = 0x1;
const TRUN_FIRST_FLAGS = 0x4;
const TRUN_DURATION = 0x100;
const TRUN_SIZE = 0x200;
const TRUN_FLAGS = 0x400;
const TRUN_COMPOSITION = 0x800;

/** sample_flags (8.8.3.1): depends on no other sample; and depends on others, not a sync sample. */
const KEY_FLAGS = 0x0200_0000;
const DELTA_FLAGS = 0x0101_0000;

const TFDT_SIZE = FULL_BOX + 8;

function layOut(track: FragmentTrack): Layout {
  const { samples } = track;
  const first = samples[0] as Sample;
  const { duration, key } = first;
  const firstSize = first.data.length;
  let sameDuration = true;
  let sameSize = true;
  let restIsDelta = true;
  let restIsKey = true;
  let composed = false;
  let dataSize = 0;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as Sample;
    const size = sample.data.length;
    dataSize += size;
    if (sample.duration !== duration) sameDuration = false;
    if (size !== firstSize) sameSize = false;
    if (sample.compositionOffset !== 0) composed = true;
    if (i === 0) continue;
    if (sample.key) restIsDelta = false;
    else restIsKey = false;
  }

  let tfhdFlags = TFHD_BASE_IS_MOOF;
  let trunFlags = TRUN_DATA_OFFSET;
  let column = 0;
  let tfhdSize = FULL_BOX + 4;
  let trunSize = FULL_BOX + 8;
  if (sameDuration) {
    tfhdFlags |= TFHD_DEFAULT_DURATION;
    tfhdSize += 4;
  } else {
    trunFlags |= TRUN_DURATION;
    column += 4;
  }
  if (sameSize) {
    tfhdFlags |= TFHD_DEFAULT_SIZE;
    tfhdSize += 4;
  } else {
    trunFlags |= TRUN_SIZE;
    column += 4;
  }
  let defaultFlags = KEY_FLAGS;
  if (track.kind === "audio" || (key && restIsKey)) {
    tfhdFlags |= TFHD_DEFAULT_FLAGS;
    tfhdSize += 4;
  } else if (restIsDelta) {
    defaultFlags = DELTA_FLAGS;
    tfhdFlags |= TFHD_DEFAULT_FLAGS;
    tfhdSize += 4;
    if (key) {
      trunFlags |= TRUN_FIRST_FLAGS;
      trunSize += 4;
    }
  } else {
    trunFlags |= TRUN_FLAGS;
    column += 4;
  }
  if (composed) {
    trunFlags |= TRUN_COMPOSITION;
    column += 4;
  }
  const size = BOX + tfhdSize + TFDT_SIZE + trunSize + column * samples.length;
  return { track, tfhdFlags, trunFlags, defaultFlags, size, dataSize };
}

/** @param dataAt where the track's first sample goes, from the start of the moof */
function writeTrackFragment(out: Uint8Array, start: number, layout: Layout, dataAt: number): number {
  const { track, tfhdFlags, trunFlags, defaultFlags, size } = layout;
  const { samples } = track;
  const first = samples[0] as Sample;
  writeBox(out, start, size, TRAF);

  const tfhd = start + BOX;
  writeU32(out, tfhd + 8, tfhdFlags);
  writeU32(out, tfhd + 12, track.trackId);
  let at = tfhd + 16;
  if (tfhdFlags & TFHD_DEFAULT_DURATION) at = writeU32(out, at, first.duration);
  if (tfhdFlags & TFHD_DEFAULT_SIZE) at = writeU32(out, at, first.data.length);
  if (tfhdFlags & TFHD_DEFAULT_FLAGS) at = writeU32(out, at, defaultFlags);
  writeBox(out, tfhd, at - tfhd, TFHD);

  writeBox(out, at, TFDT_SIZE, TFDT);
  writeU32(out, at + 8, 0x0100_0000);
  writeU32(out, at + 12, Math.floor(track.baseDecodeTime / 0x1_0000_0000));
  writeU32(out, at + 16, track.baseDecodeTime >>> 0);

  const trun = at + TFDT_SIZE;
  const end = start + size;
  writeBox(out, trun, end - trun, TRUN);
  writeU32(out, trun + 8, 0x0100_0000 | trunFlags); // version 1: signed composition offsets
  writeU32(out, trun + 12, samples.length);
  at = writeU32(out, trun + 16, dataAt);
  if (trunFlags & TRUN_FIRST_FLAGS) at = writeU32(out, at, KEY_FLAGS);
  if ((trunFlags & (TRUN_DURATION | TRUN_SIZE | TRUN_FLAGS | TRUN_COMPOSITION)) === 0) return end;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as Sample;
    if (trunFlags & TRUN_DURATION) at = writeU32(out, at, sample.duration);
    if (trunFlags & TRUN_SIZE) at = writeU32(out, at, sample.data.length);
    if (trunFlags & TRUN_FLAGS) at = writeU32(out, at, sample.key ? KEY_FLAGS : DELTA_FLAGS);
    if (trunFlags & TRUN_COMPOSITION) at = writeU32(out, at, sample.compositionOffset);
  }
  return end;
}

function writeBox(out: Uint8Array, at: number, size: number, type: number): void {
  writeU32(out, at, size);
  writeU32(out, at + 4, type);
}

/** Also takes negative numbers, as two's complement. Gives the offset behind. */
function writeU32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
  return at + 4;
}
