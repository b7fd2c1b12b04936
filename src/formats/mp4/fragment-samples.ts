import { MalformedError } from "../../bytes/errors.ts";
import type { Millis } from "../../media/time.ts";
import type { Reading } from "../reading.ts";
import type { NextSample, SampleOrder } from "./file-reader.ts";
import type { FileTrack } from "./file-tracks.ts";
import { decodeFragments } from "./fragment-reader.ts";
import type { TrackDefaults } from "./init-reader.ts";
import { readBoxHead } from "./top-box.ts";

const MAX_MOOF = 16 << 20;
/** Places that are remembered. */
const MAX_POINTS = 50_000;

type Point = { readonly time: Millis; readonly offset: number };

/** Samples of movie fragments (ISO/IEC 14496-12 8.8), one fragment in memory at a time. */
export class FragmentSamples implements SampleOrder {
  #offset: number;
  #queue: readonly NextSample[] = [];
  #at = 0;
  /** Where each track goes on without a tfdt. */
  readonly #goesOn = new Map<number, number>();
  /** Fragments that begin with a keyframe, as far as they have been looked for. */
  #points: Point[] = [];
  #scannedTo: number;

  constructor(
    private readonly tracks: readonly FileTrack[],
    private readonly defaults: ReadonlyMap<number, TrackDefaults>,
    /** Of the first box behind the moov. */
    private readonly start: number,
  ) {
    this.#offset = this.#scannedTo = start;
  }

  *next(): Reading<NextSample | undefined> {
    while (this.#at >= this.#queue.length) {
      const fragment = yield* this.#nextFragment();
      if (!fragment) return undefined;
      this.#queue = fragment.samples;
      this.#at = 0;
    }
    return this.#queue[this.#at++];
  }

  *seek(time: Millis): Reading<void> {
    this.#queue = [];
    this.#at = 0;
    this.#goesOn.clear();
    this.#offset = this.start;
    if (time <= 0) return;
    yield* this.#scan(time);
    for (const point of this.#points) {
      if (point.time > time) break;
      this.#offset = point.offset;
    }
    const fragment = yield* this.#nextFragment();
    if (!fragment) return;
    // The last keyframe in it that is not too late.
    const [lead] = this.tracks;
    const { samples } = fragment;
    const isKey = (one: NextSample) => one.track === lead && one.sample.key && timeOf(one) <= time;
    const first = Math.max(0, samples.findLastIndex(isKey));
    this.#queue = samples.slice(first);
  }

  *#nextFragment(): Reading<{ readonly samples: readonly NextSample[]; readonly offset: number } | undefined> {
    for (;;) {
      const offset = this.#offset;
      const box = yield* readBoxHead(offset);
      if (!box) return undefined;
      this.#offset = offset + box.size;
      if (box.type !== "moof") continue;
      if (box.size > MAX_MOOF) throw new MalformedError(`moof of ${box.size} bytes`, offset);
      const bytes = yield { offset, length: box.size };
      if (bytes.length < box.size) return undefined;
      return { samples: this.#samplesOf(bytes, offset), offset };
    }
  }

  #samplesOf(moof: Uint8Array, offset: number): NextSample[] {
    const samples: NextSample[] = [];
    for (const { tracks } of decodeFragments(moof, this.defaults).fragments) {
      for (const fragment of tracks) {
        const { header, decodeTime } = fragment;
        const track = this.tracks.find(({ id }) => id === header.trackId);
        const base = header.baseDataOffset === undefined ? offset : 0;
        const shift = decodeTime === undefined ? (this.#goesOn.get(header.trackId) ?? 0) : 0;
        for (const { dts, compositionOffset, sync, start, size, duration } of fragment.samples) {
          const sample = { dts: dts + shift, compositionOffset, key: sync, offset: base + start, size };
          this.#goesOn.set(header.trackId, dts + shift + duration);
          if (sample.offset < 0) throw new MalformedError("a sample before the file", offset);
          if (track) samples.push({ track, sample });
        }
      }
    }
    return samples.sort((a, b) => timeOf(a) - timeOf(b));
  }

  /** Looks for fragments that begin with a keyframe: one after the other, from where it was last looked. */
  *#scan(time: Millis): Reading<void> {
    const last = this.#points.at(-1);
    if (last && last.time > time) return;
    const back = this.#offset;
    this.#offset = this.#scannedTo;
    for (;;) {
      const fragment = yield* this.#nextFragment();
      if (!fragment) break;
      this.#scannedTo = this.#offset;
      const first = fragment.samples.find(({ track }) => track === this.tracks[0]);
      if (!first?.sample.key) continue;
      this.#points.push({ time: timeOf(first), offset: fragment.offset });
      if (this.#points.length > MAX_POINTS) this.#points = this.#points.filter((_, index) => index % 2 === 0);
      if (timeOf(first) > time) break;
    }
    this.#offset = back;
    this.#goesOn.clear();
  }
}

/** Of decoding, with what the edit list adds. */
function timeOf({ track, sample }: NextSample): Millis {
  return ((sample.dts + track.shift) * 1000) / track.timescale;
}
