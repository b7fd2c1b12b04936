import {
  decodeFragments,
  type FragmentedMedia,
  type PlacedSample,
  type TrackFragment,
} from "../../formats/mp4/fragment-reader.ts";
import { type InitSection, type InitTrack, presentationShift } from "../../formats/mp4/init-reader.ts";
import type { SampleEntry } from "../../formats/mp4/sample-entry-reader.ts";
import type { Ticks } from "../../media/time.ts";
import type { VideoConfig } from "../../media/track.ts";
import { describeCodec } from "./codec-string.ts";
import { checkStep } from "./continuity.ts";
import { digestOf } from "./digest.ts";
import type { Note } from "./rules.ts";
import type { FrameDigest, MediaSummary, TrackSummary } from "./summary.ts";
import { VideoFrames } from "./video-frames.ts";

export type SummaryOptions = {
  /** Keep a digest of each frame. */
  readonly withFrames: boolean;
  /** The frames are encrypted: only what is around them can be read. */
  readonly encrypted: boolean;
};

/**
 * Reads a fragmented MP4 segment or part and notes what is wrong inside it.
 * @throws MalformedError when it cannot be read
 */
export function summarizeFragments(
  bytes: Uint8Array,
  init: InitSection,
  options: SummaryOptions,
  note: Note,
): MediaSummary {
  const media = decodeFragments(bytes, init.defaults);
  const readers = new Map<number, FragmentedTrack>();
  const frames: FrameDigest[] = [];
  const covered = new Coverage(media, note);
  let sequence: { first: number; last: number } | undefined;

  for (const fragment of media.fragments) {
    if (fragment.sequence !== undefined) {
      if (sequence && fragment.sequence <= sequence.last) {
        note("fragment-sequence", `${fragment.sequence} follows ${sequence.last}`);
      }
      sequence = { first: sequence?.first ?? fragment.sequence, last: fragment.sequence };
    }
    for (const part of fragment.tracks) {
      const { header } = part;
      checkAddressing(part, note);
      let reader = readers.get(header.trackId);
      if (!reader) {
        const track = init.tracks.find(({ id }) => id === header.trackId);
        if (!track) {
          note("fragment-unknown-track", `traf of track ${header.trackId}`);
          continue;
        }
        const index = header.sampleDescriptionIndex ?? init.defaults.get(track.id)?.sampleDescriptionIndex ?? 1;
        reader = new FragmentedTrack(track, track.entries[index - 1], init.timescale, options, note);
        readers.set(track.id, reader);
      }
      reader.read(bytes, part, covered, options.withFrames ? frames : undefined);
    }
  }
  covered.finish();
  const tracks = [...readers.values()].flatMap((reader) => reader.summary ?? []);
  return { container: "fmp4", tracks, announced: announcedIn(init), sequence, frames };
}

function announcedIn({ tracks }: InitSection): string[] {
  const media = tracks.filter(({ handler }) => handler === "vide" || handler === "soun");
  return media.map(({ id, entries }) => `${id}: ${entries.map(({ codec }) => describeCodec(codec).family).join(" ")}`);
}

const BASE_IS_MOOF = 0x2_0000;

function checkAddressing({ header, decodeTime }: TrackFragment, note: Note): void {
  const { trackId, baseDataOffset, flags } = header;
  if (baseDataOffset !== undefined) note("base-data-offset", `track ${trackId} has base-data-offset ${baseDataOffset}`);
  else if ((flags & BASE_IS_MOOF) === 0) note("default-base-is-moof", `not set for track ${trackId}`);
  if (decodeTime === undefined) note("traf-without-tfdt", `track ${trackId}`);
}

/** Whether the samples lie in the mdat boxes, and fill them. */
class Coverage {
  #used = 0;
  #at = 0;

  constructor(
    private readonly media: FragmentedMedia,
    private readonly note: Note,
  ) {}

  /** False, and noted, for a sample outside. */
  add(sample: PlacedSample, track: number): boolean {
    const { data } = this.media;
    const end = sample.start + sample.size;
    for (let tried = 0; tried < data.length; tried++) {
      const box = data[(this.#at + tried) % data.length];
      if (!box || sample.start < box.start || end > box.end) continue;
      this.#at = (this.#at + tried) % data.length;
      this.#used += sample.size;
      return true;
    }
    this.note("sample-outside-data", `sample of track ${track} at bytes ${sample.start} to ${end}`);
    return false;
  }

  finish(): void {
    const total = this.media.data.reduce((sum, { start, end }) => sum + end - start, 0);
    if (this.#used < total) this.note("data-without-sample", `${total - this.#used} of ${total} bytes`);
  }
}

/** Players give up on more: two seconds either way. */
const MAX_COMPOSITION_OFFSET = 2;

/** One track of a segment, fragment by fragment. */
class FragmentedTrack {
  readonly #video: VideoFrames | undefined;
  /** From decoding time to presentation: what the edit list adds. */
  readonly #shift: Ticks;
  readonly #kind: TrackSummary["kind"];
  #decodeStart: Ticks | undefined;
  #decodeLast: Ticks = 0;
  #decodeEnd: Ticks = 0;
  #presentationStart = Number.POSITIVE_INFINITY;
  #presentationEnd = Number.NEGATIVE_INFINITY;
  #frames = 0;
  #bytes = 0;
  #beginsWithKey = false;
  #farAway: Ticks | undefined;
  readonly #keys: Ticks[] = [];

  constructor(
    private readonly track: InitTrack,
    private readonly entry: SampleEntry | undefined,
    movieTimescale: number,
    options: SummaryOptions,
    private readonly note: Note,
  ) {
    const { handler } = track;
    this.#kind = handler === "vide" ? "video" : handler === "soun" ? "audio" : "other";
    this.#shift = presentationShift(track, movieTimescale);
    const config = entry?.config;
    const readable = entry && !entry.encrypted && !options.encrypted && !entry.fault;
    if (readable && config && "width" in config) {
      const changeable = entry.format === "avc3" || entry.format === "hev1";
      this.#video = new VideoFrames(config.codec, entry.lengthSize || 4, note, config.record, changeable);
    }
  }

  /** @param digests takes the digest of each frame */
  read(bytes: Uint8Array, part: TrackFragment, covered: Coverage, digests: FrameDigest[] | undefined): void {
    const { samples } = part;
    const [first] = samples;
    if (!first) return;
    const { id, timescale } = this.track;
    if (this.#decodeStart === undefined) {
      this.#decodeStart = first.dts;
    } else if (part.decodeTime !== undefined) {
      const frame = (this.#decodeEnd - this.#decodeStart) / this.#frames;
      checkStep(first.dts - this.#decodeEnd, frame, { name: `track ${id}`, timescale }, this.note);
    }
    for (const sample of samples) {
      const inside = covered.add(sample, id);
      const data = inside ? bytes.subarray(sample.start, sample.start + sample.size) : undefined;
      this.#add(sample, data);
      if (!digests || !data) continue;
      const pts = sample.dts + sample.compositionOffset;
      digests.push({ track: id, dts: sample.dts, pts, size: sample.size, hash: digestOf(data).hash });
    }
    if (this.#farAway !== undefined) {
      this.note("composition-offset", `${(this.#farAway / timescale).toFixed(2)} s in track ${id}`);
      this.#farAway = undefined;
    }
  }

  #add(sample: PlacedSample, data: Uint8Array | undefined): void {
    const { dts, compositionOffset, duration, size } = sample;
    if (this.#kind === "video") {
      const key = this.#isKey(sample, data);
      if (key) this.#keys.push(dts);
      if (this.#frames === 0) this.#beginsWithKey = key;
    }
    const distance = compositionOffset + this.#shift;
    if (Math.abs(distance) > MAX_COMPOSITION_OFFSET * this.track.timescale) this.#farAway = distance;
    this.#presentationStart = Math.min(this.#presentationStart, dts + distance);
    this.#presentationEnd = Math.max(this.#presentationEnd, dts + distance + duration);
    this.#decodeLast = dts;
    this.#decodeEnd = dts + duration;
    this.#frames++;
    this.#bytes += size;
  }

  /** By what the frame says, or by its flag where that cannot be read. */
  #isKey({ sync, dts }: PlacedSample, data: Uint8Array | undefined): boolean {
    if (!this.#video || !data) return sync;
    const { key } = this.#video.read(data);
    const at = `sample at ${(dts / this.track.timescale).toFixed(3)} s`;
    if (sync && !key) this.note("sync-flag-false", at);
    if (!sync && key) this.note("sync-flag-missing", at);
    return key;
  }

  /** Undefined without samples. */
  get summary(): TrackSummary | undefined {
    if (this.#decodeStart === undefined) return undefined;
    const { id, timescale } = this.track;
    return {
      id,
      kind: this.#kind,
      codec: this.#video?.config && this.entry ? codecOf(this.entry, this.#video.config) : (this.entry?.codec ?? ""),
      timescale,
      decodeStart: this.#decodeStart,
      decodeLast: this.#decodeLast,
      decodeEnd: this.#decodeEnd,
      exact: true,
      presentationStart: this.#presentationStart,
      presentationEnd: this.#presentationEnd,
      frames: this.#frames,
      bytes: this.#bytes,
      keys: this.#keys,
      beginsWithKey: this.#beginsWithKey,
      size: this.#kind === "video" ? sizeOf(this.entry, this.#video?.config) : undefined,
    };
  }
}

/** With the sample entry's own format in front. */
function codecOf({ format }: SampleEntry, config: VideoConfig): string {
  return format + config.codecString.slice(4);
}

function sizeOf(
  entry: SampleEntry | undefined,
  latest: VideoConfig | undefined,
): { width: number; height: number } | undefined {
  if (!entry) return undefined;
  const config = latest ?? (entry.config && "width" in entry.config ? entry.config : undefined);
  return config && config.width > 0 ? displaySize(config) : { width: entry.width, height: entry.height };
}

/** With square pixels. */
export function displaySize({ width, height, sar }: VideoConfig): { width: number; height: number } {
  const scaled = sar.width > 0 && sar.height > 0 ? Math.round((width * sar.width) / sar.height) : width;
  return { width: scaled, height };
}
