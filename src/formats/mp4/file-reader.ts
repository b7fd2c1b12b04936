import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import type { MediaEvent, Packet } from "../../media/event.ts";
import { type Millis, rescale } from "../../media/time.ts";
import type { Track } from "../../media/track.ts";
import type { MediaFile, TrackChoice } from "../media-file.ts";
import type { Reading } from "../reading.ts";
import { findBox } from "./boxes.ts";
import { canonicalSample, type FileTrack, fileTracks, toTrack } from "./file-tracks.ts";
import { FragmentSamples } from "./fragment-samples.ts";
import { decodeInit, type InitSection } from "./init-reader.ts";
import type { StoredSample } from "./sample-table.ts";
import { readBoxHead } from "./top-box.ts";

/** A film of a day has less. */
const MAX_MOOV = 64 << 20;
/** Outermost boxes in front of the moov. */
const MAX_BOXES = 10_000;
/** An intra frame of 8K. */
const MAX_SAMPLE = 32 << 20;

/** A sample and the track that it belongs to. */
export type NextSample = { readonly track: FileTrack; readonly sample: StoredSample };

/** Where samples come from in the order of their times. */
export interface SampleOrder {
  /** Undefined at the end. */
  next(): Reading<NextSample | undefined>;
  /** Goes to the last keyframe at or before a time, the edit list counted in. */
  seek(time: Millis): Reading<void>;
}

/**
 * Opens an MP4 file (ISO/IEC 14496-12), with its samples in the moov's tables or in fragments.
 * @throws MalformedError when it is none, or has no media that is known here
 */
export function* openMp4(choice: TrackChoice): Reading<MediaFile> {
  let offset = 0;
  for (let boxes = 0; boxes < MAX_BOXES; boxes++) {
    const box = yield* readBoxHead(offset);
    if (!box) break;
    if (box.type === "moov") {
      if (box.size > MAX_MOOV) throw new MalformedError(`moov of ${box.size} bytes`, offset);
      const moov = yield { offset, length: box.size };
      if (moov.length < box.size) break;
      return yield* openMovie(moov, offset + box.size, choice);
    }
    offset += box.size;
  }
  throw new MalformedError("an MP4 file without a moov");
}

function* openMovie(moov: Uint8Array, end: number, choice: TrackChoice): Reading<MediaFile> {
  const init = decodeInit(moov);
  const tracks = fileTracks(init, moov, choice);
  const isFragmented = init.defaults.size > 0 && tracks.every(({ source }) => source.samples === 0);
  const order = isFragmented ? new FragmentSamples(tracks, init.defaults, end) : new TableSamples(tracks);
  const known: Track[] = [];
  for (const track of tracks) {
    const needsFrame = track.entry.config === undefined;
    const first = needsFrame ? yield* firstOf(order, track) : undefined;
    const frame = first && (yield { offset: first.offset, length: Math.min(first.size, MAX_SAMPLE) });
    if (!needsFrame || frame) known.push(toTrack(track, frame ?? new Uint8Array(0)));
  }
  yield* order.seek(0);
  if (known.length === 0) throw new MalformedError("an MP4 file without media that is known here");
  return new Mp4FileReader(order, known, durationOf(init, moov), leadOf(tracks));
}

/** The first sample of a track, looked for among the first of all. */
function* firstOf(order: SampleOrder, track: FileTrack): Reading<StoredSample | undefined> {
  yield* order.seek(0);
  for (let samples = 0; samples < 1000; samples++) {
    const next = yield* order.next();
    if (!next || next.track === track) return next?.sample;
  }
  return undefined;
}

class Mp4FileReader implements MediaFile {
  #tracksDue = true;

  constructor(
    private readonly order: SampleOrder,
    private readonly tracks: readonly Track[],
    readonly duration: Millis | undefined,
    /** Added to all times, so that none is negative. */
    private readonly lead: Millis,
  ) {}

  *next(): Reading<readonly MediaEvent[] | undefined> {
    if (this.#tracksDue) {
      this.#tracksDue = false;
      return [{ type: "tracks", tracks: this.tracks }];
    }
    for (;;) {
      const next = yield* this.order.next();
      if (!next) return undefined;
      const packet = yield* this.#packet(next);
      if (packet === "cut off") return undefined;
      if (packet) return [packet];
    }
  }

  *seek(time: Millis): Reading<void> {
    // A tick of rounding does not miss a keyframe.
    yield* this.order.seek(time + 1 - this.lead);
  }

  *#packet({ track, sample }: NextSample): Reading<Packet | "cut off" | undefined> {
    const known = this.tracks.find(({ kind }) => kind === track.kind);
    if (!known || sample.size === 0) return undefined;
    if (sample.size > MAX_SAMPLE) throw new MalformedError(`sample of ${sample.size} bytes`, sample.offset);
    const bytes = yield { offset: sample.offset, length: sample.size };
    if (bytes.length < sample.size) return "cut off";
    const { timescale, shift } = track;
    const lead = rescale(this.lead, 1000, known.timescale);
    const ticks = (time: number) => rescale(time, timescale, known.timescale) + lead;
    const dts = Math.max(0, ticks(sample.dts + shift));
    const pts = Math.max(0, ticks(sample.dts + shift + sample.compositionOffset));
    const data = canonicalSample(track, bytes);
    return { type: "packet", track: known.id, dts, pts, duration: 0, key: sample.key, data };
  }
}

/** Edit lists may put decoding before 0; all is later by so much then. */
function leadOf(tracks: readonly FileTrack[]): Millis {
  return Math.max(0, ...tracks.map(({ shift, timescale }) => Math.ceil((-shift * 1000) / timescale)));
}

/** The tables of all tracks, by time. */
class TableSamples implements SampleOrder {
  constructor(private readonly tracks: readonly FileTrack[]) {}

  // biome-ignore lint/correctness/useYield: the tables are in memory
  *next(): Reading<NextSample | undefined> {
    let found: NextSample | undefined;
    let time = Number.POSITIVE_INFINITY;
    for (const track of this.tracks) {
      const sample = track.table.peek();
      if (!sample) continue;
      const at = (sample.dts + track.shift) / track.timescale;
      if (at >= time) continue;
      time = at;
      found = { track, sample };
    }
    found?.track.table.advance();
    return found;
  }

  // biome-ignore lint/correctness/useYield: the tables are in memory
  *seek(time: Millis): Reading<void> {
    let seconds = time / 1000;
    // Video is the first track, and what is heard begins with its keyframe.
    for (const [index, { table, timescale, shift }] of this.tracks.entries()) {
      const dts = Math.max(0, seconds * timescale - shift);
      if (index === 0) table.seekKey(Math.floor(dts));
      else table.seek(Math.ceil(dts));
      const first = table.peek();
      if (index === 0 && first) seconds = (first.dts + shift) / timescale;
    }
  }
}

function durationOf({ duration, timescale, defaults }: InitSection, moov: Uint8Array): Millis | undefined {
  if (timescale === 0) return undefined;
  const fragments = defaults.size > 0 ? fragmentDuration(moov) : 0;
  const ticks = Math.max(duration, fragments);
  return ticks > 0 && ticks < 2 ** 52 ? (ticks * 1000) / timescale : undefined;
}

/** What the mehd says (8.8.2); 0 when there is none, or the file is still being written. */
function fragmentDuration(moov: Uint8Array): number {
  const payload = findBox(moov, "moov/mvex/mehd")?.payload;
  if (!payload) return 0;
  const reader = new ByteReader(payload);
  return reader.u32() >>> 24 === 1 ? reader.u64() : reader.u32();
}
