import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import type { Ticks } from "../../media/time.ts";
import { decodeTfdt, decodeTfhd, decodeTrun, type Tfhd, walkBoxes } from "./boxes.ts";
import type { TrackDefaults } from "./init-reader.ts";

/** The movie fragments of a media segment or a part of one, and where its media data lies. */
export type FragmentedMedia = {
  /** Types of the outermost boxes, in order. */
  readonly boxes: readonly string[];
  readonly fragments: readonly Fragment[];
  /** Bounds of the payload of each mdat. */
  readonly data: readonly { readonly start: number; readonly end: number }[];
};

/** A moof (ISO/IEC 14496-12 8.8.4). */
export type Fragment = {
  readonly offset: number;
  /** Of the mfhd; undefined without one. */
  readonly sequence: number | undefined;
  readonly tracks: readonly TrackFragment[];
};

/** A traf (8.8.6). */
export type TrackFragment = {
  readonly header: Tfhd;
  /** baseMediaDecodeTime of the tfdt; undefined without one. */
  readonly decodeTime: Ticks | undefined;
  readonly samples: readonly PlacedSample[];
};

/** A sample, with defaults filled in, and its place, which may lie outside the file. */
export type PlacedSample = {
  /** From 0 at the first sample where the traf has no tfdt. */
  readonly dts: Ticks;
  readonly compositionOffset: Ticks;
  readonly duration: Ticks;
  /** Not marked as a non-sync sample (8.8.3.1). */
  readonly sync: boolean;
  readonly start: number;
  readonly size: number;
};

/**
 * Reads all movie fragments in `bytes` as a player does, with defaults from trex and every way to address data, so that
 * what is not as HLS wants it can be told.
 * @param defaults trex by track_ID
 * @throws MalformedError for boxes that do not nest, a trun without a tfhd, more than MAX_SAMPLES samples
 */
export function decodeFragments(
  bytes: Uint8Array,
  defaults: ReadonlyMap<number, TrackDefaults> = new Map(),
): FragmentedMedia {
  const boxes: string[] = [];
  const data: { start: number; end: number }[] = [];
  const fragments: MutableFragment[] = [];
  let count = 0;
  for (const box of walkBoxes(bytes)) {
    const { path, payload } = box;
    if (!path.includes("/")) boxes.push(box.type);
    const fragment = fragments[fragments.length - 1];
    const track = fragment?.tracks[fragment.tracks.length - 1];
    if (path === "mdat") {
      data.push({ start: box.offset + box.size - payload.length, end: box.offset + box.size });
    } else if (path === "moof") {
      fragments.push({ offset: box.offset, dataEnd: box.offset, sequence: undefined, tracks: [] });
    } else if (path === "moof/mfhd" && fragment) {
      const reader = new ByteReader(payload);
      reader.skip(4);
      fragment.sequence = reader.u32();
    } else if (path === "moof/traf") {
      fragment?.tracks.push({ header: undefined, decodeTime: undefined, dts: 0, samples: [] });
    } else if (path === "moof/traf/tfhd" && track) {
      track.header = decodeTfhd(payload);
    } else if (path === "moof/traf/tfdt" && track) {
      track.decodeTime = track.dts = decodeTfdt(payload);
    } else if (path === "moof/traf/trun" && fragment && track) {
      count += runLength(payload);
      if (count > MAX_SAMPLES) throw new MalformedError(`more than ${MAX_SAMPLES} samples`, box.offset);
      readRun(fragment, track, payload, box.offset, defaults);
    }
  }
  return { boxes, data, fragments: fragments.map(finish) };
}

/** Of one file; an hour at 240 frames a second has fewer. Runs may have no columns, so bytes are no bound. */
const MAX_SAMPLES = 1_000_000;

const BASE_IS_MOOF = 0x2_0000;
const NON_SYNC = 0x1_0000;

type MutableTrack = {
  header: Tfhd | undefined;
  decodeTime: Ticks | undefined;
  /** Of the next sample. */
  dts: Ticks;
  readonly samples: PlacedSample[];
};

type MutableFragment = {
  readonly offset: number;
  /** Where the data of the latest run ends, from which data without an offset goes on (8.8.7, 8.8.8). */
  dataEnd: number;
  sequence: number | undefined;
  readonly tracks: MutableTrack[];
};

function runLength(payload: Uint8Array): number {
  const reader = new ByteReader(payload);
  reader.skip(4);
  return reader.u32();
}

function readRun(
  fragment: MutableFragment,
  track: MutableTrack,
  payload: Uint8Array,
  offset: number,
  defaults: ReadonlyMap<number, TrackDefaults>,
): void {
  const { header } = track;
  if (!header) throw new MalformedError("trun before its tfhd", offset);
  const run = decodeTrun(payload);
  const extend = defaults.get(header.trackId);
  const isFirstOfTrack = track.samples.length === 0;
  const ownBase = header.baseDataOffset ?? (header.flags & BASE_IS_MOOF ? fragment.offset : undefined);
  // Without a base of its own the first traf begins at the moof, the next where the data of the one before ended.
  const base = ownBase ?? (fragment.tracks[0] === track ? fragment.offset : fragment.dataEnd);
  let at = run.dataOffset !== undefined ? base + run.dataOffset : isFirstOfTrack ? base : fragment.dataEnd;
  run.samples.forEach((sample, index) => {
    const duration = sample.duration ?? header.defaultDuration ?? extend?.duration ?? 0;
    const size = sample.size ?? header.defaultSize ?? extend?.size ?? 0;
    const first = index === 0 ? run.firstSampleFlags : undefined;
    const flags = sample.flags ?? first ?? header.defaultFlags ?? extend?.flags ?? 0;
    track.samples.push({
      dts: track.dts,
      compositionOffset: sample.compositionOffset ?? 0,
      duration,
      sync: (flags & NON_SYNC) === 0,
      start: at,
      size,
    });
    track.dts += duration;
    at += size;
  });
  fragment.dataEnd = at;
}

function finish(fragment: MutableFragment): Fragment {
  const { offset, sequence, tracks } = fragment;
  return {
    offset,
    sequence,
    tracks: tracks.map(({ header, decodeTime, samples }) => {
      if (!header) throw new MalformedError("traf without a tfhd", offset);
      return { header, decodeTime, samples };
    }),
  };
}
