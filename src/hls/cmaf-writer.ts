import { sameBytes } from "../bytes/same-bytes.ts";
import { SlabAllocator } from "../bytes/slab.ts";
import { encodeFragment, type FragmentTrack } from "../formats/mp4/fragment.ts";
import { encodeInit } from "../formats/mp4/init.ts";
import type { Millis, Ticks } from "../media/time.ts";
import type { AudioTrack, VideoTrack } from "../media/track.ts";
import { type MuxedTracks, trackList } from "./muxed-tracks.ts";
import type { RenditionSink } from "./rendition.ts";
import type { SampleRun } from "./sample.ts";

/** A part to be written: from `start` to `end` on the playlist's timeline. */
export type WrittenPart = {
  readonly start: Ticks;
  readonly end: Ticks;
  readonly video: SampleRun | undefined;
  readonly audio: SampleRun | undefined;
  /** A keyframe is in it. */
  readonly independent: boolean;
  readonly lastExpected: boolean;
};

/** Where another writer was. */
export type WriterPosition = {
  /** Of its latest movie fragment. */
  readonly sequence: number;
  readonly init?: { readonly number: number; readonly bytes: Uint8Array };
  /** The segment that it has begun: its parts so far, and their bytes as far as they are known. */
  readonly open?: {
    readonly msn: number;
    readonly pieces: readonly Uint8Array[];
    readonly parts: number;
    /** Seconds. */
    readonly duration: number;
    readonly independent: boolean;
  };
};

type OpenSegment = {
  readonly msn: number;
  readonly pieces: Uint8Array[];
  readonly independent: boolean;
  /**
   * Its first fragment comes behind the initialization section: VLC does not ask for EXT-X-MAP again behind a discontinuity,
   * and FFmpeg never does.
   */
  initFirst: boolean;
  parts: number;
  durationUs: number;
};

/** mfhd.sequence_number has 32 bits. */
const MAX_SEQUENCE = 0xffff_ffff;

/** Writes what was cut as initialization sections, fragments and segments (ISO/IEC 23000-19), and says so in rendition events. */
export class CmafWriter {
  /** Added to decode times, in whole seconds, so that it is exact in every timescale. */
  timeOffset = 0;
  /** Parts leave the window in the order in which they came. */
  readonly #memory = new SlabAllocator();
  readonly #lowLatency: boolean;
  readonly #sink: RenditionSink;
  #tracks: MuxedTracks = {};
  #segment: OpenSegment | undefined;
  #sequence = 0;
  #init: { readonly number: number; readonly bytes: Uint8Array } | undefined;
  #nextInit: Uint8Array | undefined;

  /** @param lowLatency parts are handed out as they are written */
  constructor(lowLatency: boolean, sink: RenditionSink) {
    this.#lowLatency = lowLatency;
    this.#sink = sink;
  }

  /** Whether a segment was ever begun. */
  get hasBegun(): boolean {
    return this.#init !== undefined;
  }

  /** Of the latest movie fragment. */
  get sequence(): number {
    return this.#sequence;
  }

  get isOpen(): boolean {
    return this.#segment !== undefined;
  }

  /** Of the segments to come. Call it between two. */
  setTracks(tracks: MuxedTracks): void {
    this.#tracks = tracks;
    const list = trackList(tracks);
    this.#nextInit = list.length > 0 ? encodeInit(list) : undefined;
  }

  open(msn: number, wallclock: Millis, discontinuity: boolean, independent: boolean): void {
    const bytes = this.#nextInit;
    if (bytes && !(this.#init && sameBytes(bytes, this.#init.bytes))) {
      // Named after the segment, so that the name is never used for other bytes.
      this.#init = { number: msn, bytes };
      this.#sink({ type: "init", init: msn, bytes });
    }
    this.#nextInit = undefined;
    this.#sink({ type: "open", msn, wallclock, discontinuity, init: this.#init?.number });
    this.#segment = { msn, pieces: [], independent, initFirst: discontinuity, parts: 0, durationUs: 0 };
  }

  /** Goes on behind another writer. */
  resume({ sequence, init, open }: WriterPosition): void {
    this.#sequence = sequence;
    this.#init = init;
    if (!open) return;
    const { msn, pieces, parts, duration, independent } = open;
    const durationUs = Math.round(duration * 1e6);
    this.#segment = { msn, pieces: [...pieces], independent, initFirst: false, parts, durationUs };
  }

  /** @param timescale ticks per second of the part's start and end */
  part({ start, end, video, audio, independent, lastExpected }: WrittenPart, timescale: number): void {
    const segment = this.#segment;
    if (!segment) return;
    const fragment = encodeFragment(this.#nextSequence(), this.#fragmentTracks(video, audio), this.#memory.take);
    const bytes = segment.initFirst ? this.#withInit(fragment) : fragment;
    segment.initFirst = false;
    const durationUs = toMicros(end, timescale) - toMicros(start, timescale);
    segment.pieces.push(bytes);
    segment.durationUs += durationUs;
    const part = segment.parts++;
    if (!this.#lowLatency) return;
    const duration = durationUs / 1e6;
    this.#sink({ type: "part", msn: segment.msn, part, bytes, duration, independent, lastExpected });
  }

  /** Ends the segment, if one was begun. */
  close(): void {
    const segment = this.#segment;
    if (!segment) return;
    this.#segment = undefined;
    const { msn, pieces, durationUs, independent } = segment;
    this.#sink({ type: "segment", msn, bytes: pieces, duration: durationUs / 1e6, independent });
  }

  #withInit(fragment: Uint8Array): Uint8Array {
    const init = this.#init?.bytes ?? new Uint8Array(0);
    const bytes = new Uint8Array(init.length + fragment.length);
    bytes.set(init);
    bytes.set(fragment, init.length);
    return bytes;
  }

  #nextSequence(): number {
    this.#sequence = this.#sequence === MAX_SEQUENCE ? 1 : this.#sequence + 1;
    return this.#sequence;
  }

  #fragmentTracks(videoRun: SampleRun | undefined, audioRun: SampleRun | undefined): FragmentTrack[] {
    const { video, audio } = this.#tracks;
    const tracks: FragmentTrack[] = [];
    if (video && videoRun) tracks.push(this.#fragmentTrack(1, video, videoRun));
    if (audio && audioRun) tracks.push(this.#fragmentTrack(video ? 2 : 1, audio, audioRun));
    return tracks;
  }

  #fragmentTrack(trackId: number, track: VideoTrack | AudioTrack, run: SampleRun): FragmentTrack {
    const offset = this.timeOffset * track.timescale;
    return { trackId, kind: track.kind, baseDecodeTime: run.baseDecodeTime + offset, samples: run.samples };
  }
}

/** Whole microseconds: durations that are differences of these add up exactly, in the playlist's text too. */
function toMicros(ticks: Ticks, timescale: number): number {
  return Math.round((ticks * 1e6) / timescale);
}
