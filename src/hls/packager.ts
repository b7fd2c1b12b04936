import { canCarry } from "../formats/mp4/init.ts";
import type { MediaEvent, Packet } from "../media/event.ts";
import type { Millis, Ticks } from "../media/time.ts";
import type { AudioTrack, Track, TrackId, VideoTrack } from "../media/track.ts";
import { chooseTracks, keepsTracks, type MuxedTracks, sameTracks, trackList } from "./muxed-tracks.ts";
import { ParameterSets } from "./parameter-sets.ts";
import { type BegunSegment, type CutPart, PartCutter } from "./part-cutter.ts";
import type { RenditionSink } from "./rendition.ts";
import type { PackagerPosition } from "./rendition-memory.ts";
import { RunClock } from "./run-clock.ts";
import type { SampleRun } from "./sample.ts";
import type { WindowSegment } from "./stored-segment.ts";
import type { PlaylistTargets } from "./targets.ts";

/** Turns the events of one stream into those of a rendition. */
export interface Packager {
  write(event: MediaEvent, now: Millis): void;
  /** Where the part being made begins, in seconds of the input's time; undefined where there are no parts. */
  readonly partStart: number | undefined;
  /** Where what was emitted ends; undefined before there is media. */
  readonly position: PackagerPosition | undefined;
  /** A keyframe does not end the segment before the part that was hinted is made. */
  keepSegment(): void;
  /** Wall clock of a time of the input, in seconds; undefined before there is media. */
  wallclockOf(seconds: number): Millis | undefined;
  /** Whether media of these tracks may follow what was written so far without a discontinuity. */
  continues(tracks: readonly Track[]): boolean;
}

/** What another packager has emitted before. */
export type CmafResumption = {
  readonly tracks: readonly Track[];
  readonly position: PackagerPosition;
  /** Wall clock of its end. */
  readonly wallclock: Millis;
  /** The latest initialization section. */
  readonly init: { readonly number: number; readonly bytes: Uint8Array } | undefined;
  /** The segment that was begun; its number is the packager's first. */
  readonly open: WindowSegment | undefined;
};

export type CmafPackagerOptions = {
  readonly targets: PlaylistTargets;
  /** Emit parts as they are cut. */
  readonly lowLatency: boolean;
  /** Media sequence number of the first segment. Must be above all that were ever used for this stream. */
  readonly firstMsn: number;
  /** The wall clock at a monotonic time. */
  readonly wallclockAt: (now: Millis) => Millis;
  /**
   * The wall clock from which the output's decode times count, so that they rise over restarts of the server: players keep
   * one origin for all segments of a discontinuity number. Without it they are the input's.
   */
  readonly epoch?: Millis;
  /** The first media goes on behind that of another packager. */
  readonly resume?: CmafResumption;
  /** A track that is not in the output, and why. Once per set of tracks. */
  readonly onTrackLeftOut?: (track: Track, reason: string) => void;
};

/** mfhd.sequence_number has 32 bits. */
const MAX_SEQUENCE = 0xffff_ffff;
/** A packet so far behind the others belongs to another timeline; seconds. */
const MAX_STEP_BACK = 10;

/** One run of media: from a start or a discontinuity to the next. */
type Run = {
  readonly cutter: PartCutter;
  readonly clock: RunClock;
  /** When its first packet came. */
  readonly since: Millis;
  /** What came before the first part was cut, should a track be announced late. */
  early: Packet[];
};

type OpenSegment = {
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

/**
 * Packages audio and video, muxed, into CMAF segments and parts (ISO/IEC 23000-19; RFC 8216bis). Numbers only rise; a change
 * of tracks or of a codec's configuration, and a hole begin a new run behind a discontinuity. Another encoder of the same
 * tracks goes on without one: the timeline is continuous.
 */
export class CmafPackager implements Packager {
  readonly #options: CmafPackagerOptions;
  /** Parts leave the window in the order in which they came. */
  readonly #memory = new SlabAllocator();
  readonly #sink: RenditionSink;
  readonly #parameterSets = new ParameterSets();
  #tracks: MuxedTracks = {};
  #run: Run | undefined;
  #segment: OpenSegment | undefined;
  #msn: number;
  #sequence = 0;
  #init: { readonly number: number; readonly bytes: Uint8Array } | undefined;
  #nextInit: Uint8Array | undefined;
  #discontinuity = false;
  #ended = false;
  #now: Millis = 0;
  /** Added to decode times, in whole seconds, so that it is exact in every timescale. */
  #timeOffset: number | undefined;
  /** Where the media of each track ends that was emitted. */
  readonly #ends = new Map<TrackId, Ticks>();

  constructor(options: CmafPackagerOptions, sink: RenditionSink) {
    this.#options = options;
    this.#sink = sink;
    this.#msn = options.firstMsn;
    if (options.resume) this.#goOn(options.resume);
  }

  /** Frames per second as seen in the present run; undefined until that can be told. */
  get frameRate(): number | undefined {
    return this.#run?.cutter.frameRate;
  }

  get partStart(): number | undefined {
    return this.#run?.cutter.partStart;
  }

  get position(): PackagerPosition | undefined {
    if (this.#timeOffset === undefined) return undefined;
    const ends = [...this.#ends].map(([track, end]) => ({ track, end }));
    return { timeOffset: this.#timeOffset, sequence: this.#sequence, ends };
  }

  write(event: MediaEvent, now: Millis): void {
    if (this.#ended) return;
    this.#now = now;
    switch (event.type) {
      case "packet":
        this.#writePacket(event, now);
        return;
      case "tracks":
        this.#setTracks(event.tracks, now);
        return;
      case "gap":
        // Times are continuous. Whether an encoder that comes next can go on where the one before left off, its `tracks` tell.
        if (event.reason === "lagged") this.#endRun();
        else this.#run?.clock.mended();
        if (event.reason !== "timeline-reset") this.#run?.cutter.endAtKey();
        return;
      case "data":
        return;
      case "end":
        this.#ended = true;
        this.#endRun();
        this.#sink({ type: "end" });
        return;
      default:
        event satisfies never;
    }
  }

  keepSegment(): void {
    this.#run?.cutter.keepSegment();
  }

  wallclockOf(seconds: number): Millis | undefined {
    return this.#run?.clock.at(seconds);
  }

  continues(all: readonly Track[]): boolean {
    return sameTracks(chooseTracks(all, canCarry).tracks, this.#tracks);
  }

  #writePacket(packet: Packet, now: Millis): void {
    const { video, audio } = this.#tracks;
    const track = packet.track === video?.id ? video : packet.track === audio?.id ? audio : undefined;
    if (!track) return;
    const seconds = packet.dts / track.timescale;
    if (this.#run && this.#isElsewhere(seconds, this.#run.cutter.end)) this.#endRun();
    const run = (this.#run ??= this.#begin(seconds, now));
    if (run.cutter.untouched) run.early.push(packet);
    if (track === video) run.cutter.video(this.#parameterSets.apply(packet));
    else run.cutter.audio(packet);
  }

  #begin(seconds: number, now: Millis): Run {
    const wallclock = this.#options.wallclockAt(now);
    this.#timeOffset ??= this.#offsetFor(seconds, wallclock);
    return { cutter: this.#newCutter(), clock: new RunClock(seconds, wallclock), since: now, early: [] };
  }

  #newCutter(begun?: BegunSegment): PartCutter {
    const receiver = { part: (part: CutPart) => this.#emitPart(part), segmentEnd: () => this.#emitSegment() };
    return new PartCutter(this.#tracks, this.#options.targets, receiver, begun);
  }

  #goOn({ tracks, position, wallclock, init, open }: CmafResumption): void {
    this.#tracks = chooseTracks(tracks, canCarry).tracks;
    this.#timeOffset = position.timeOffset;
    this.#sequence = position.sequence;
    for (const { track, end } of position.ends) this.#ends.set(track, end);
    this.#init = init;
    this.#segment = open && toOpenSegment(open);
    const { video, audio } = this.#tracks;
    if (video) this.#parameterSets.set(video.config);
    const lead = video ?? audio;
    const end = lead && this.#ends.get(lead.id);
    if (!lead || end === undefined) return;
    const { parts = [], duration = 0, independent = true } = open ?? {};
    const bytes = parts.reduce((sum, part) => sum + part.bytes.length, 0);
    const elapsed = Math.round(duration * lead.timescale);
    const cutter = this.#newCutter({ end, parts: parts.length, duration: elapsed, bytes, independent });
    this.#run = { cutter, clock: new RunClock(end / lead.timescale, wallclock), since: 0, early: [] };
  }

  #offsetFor(seconds: number, wallclock: Millis): number {
    const { epoch } = this.#options;
    return epoch === undefined ? 0 : Math.max(0, Math.round((wallclock - epoch) / 1000 - seconds));
  }

  /** A hole longer than a segment, or a step back: the times of both sides do not belong on one timeline. */
  #isElsewhere(seconds: number, end: number | undefined): boolean {
    if (end === undefined) return false;
    return seconds - end > this.#options.targets.segment || end - seconds > MAX_STEP_BACK;
  }

  #setTracks(all: readonly Track[], now: Millis): void {
    const { tracks, leftOut } = chooseTracks(all, canCarry);
    if (sameTracks(tracks, this.#tracks)) return;
    const run = this.#run;
    const early = run?.cutter.untouched && keepsTracks(this.#tracks, tracks) ? run.early : [];
    const since = run?.since ?? now;
    if (early.length > 0) this.#run = undefined;
    else this.#endRun();
    this.#tracks = tracks;
    if (tracks.video) this.#parameterSets.set(tracks.video.config);
    for (const { track, reason } of leftOut) this.#options.onTrackLeftOut?.(track, reason);
    const list = trackList(tracks);
    this.#nextInit = list.length > 0 ? encodeInit(list) : undefined;
    for (const packet of early) this.#writePacket(packet, since);
  }

  #endRun(): void {
    const run = this.#run;
    if (!run) return;
    run.cutter.finish();
    this.#run = undefined;
    if (!this.#init || this.#discontinuity || this.#ended) return;
    this.#discontinuity = true;
    this.#sink({ type: "break" });
  }

  #emitPart(part: CutPart): void {
    const run = this.#run as Run;
    const { timescale } = run.cutter;
    if (run.early.length > 0) run.early = [];
    const segment = (this.#segment ??= this.#open(
      run.clock.wallclockOf(part.start / timescale, this.#options.wallclockAt(this.#now)),
      part.startsWithKey,
    ));
    const fragment = encodeFragment(this.#nextSequence(), this.#fragmentTracks(part), this.#memory.take);
    const bytes = segment.initFirst ? this.#withInit(fragment) : fragment;
    segment.initFirst = false;
    const durationUs = toMicros(part.end, timescale) - toMicros(part.start, timescale);
    this.#noteEnds(part);
    segment.pieces.push(bytes);
    segment.durationUs += durationUs;
    const index = segment.parts++;
    if (!this.#options.lowLatency) return;
    const { independent, lastExpected } = part;
    const duration = durationUs / 1e6;
    this.#sink({ type: "part", msn: this.#msn, part: index, bytes, duration, independent, lastExpected });
  }

  #noteEnds({ end, audio: sound }: CutPart): void {
    const { video, audio } = this.#tracks;
    if (video) this.#ends.set(video.id, end);
    const last = sound?.samples[sound.samples.length - 1];
    if (audio && last) this.#ends.set(audio.id, last.start + last.duration);
  }

  #open(wallclock: Millis, independent: boolean): OpenSegment {
    const bytes = this.#nextInit;
    if (bytes && !(this.#init && sameBytes(bytes, this.#init.bytes))) {
      // Named after the segment, so that the name is never used for other bytes.
      this.#init = { number: this.#msn, bytes };
      this.#sink({ type: "init", init: this.#msn, bytes });
    }
    this.#nextInit = undefined;
    this.#sink({
      type: "open",
      msn: this.#msn,
      wallclock: Math.round(wallclock),
      discontinuity: this.#discontinuity,
      init: this.#init?.number,
    });
    const initFirst = this.#discontinuity;
    this.#discontinuity = false;
    return { pieces: [], independent, initFirst, parts: 0, durationUs: 0 };
  }

  #withInit(fragment: Uint8Array): Uint8Array {
    const init = this.#init?.bytes ?? new Uint8Array(0);
    const bytes = new Uint8Array(init.length + fragment.length);
    bytes.set(init);
    bytes.set(fragment, init.length);
    return bytes;
  }

  #emitSegment(): void {
    const segment = this.#segment;
    if (!segment) return;
    this.#segment = undefined;
    const { pieces, durationUs, independent } = segment;
    const msn = this.#msn++;
    this.#sink({ type: "segment", msn, bytes: pieces, duration: durationUs / 1e6, independent });
  }

  #nextSequence(): number {
    this.#sequence = this.#sequence === MAX_SEQUENCE ? 1 : this.#sequence + 1;
    return this.#sequence;
  }

  #fragmentTracks(part: CutPart): FragmentTrack[] {
    const { video, audio } = this.#tracks;
    const tracks: FragmentTrack[] = [];
    if (video && part.video) tracks.push(this.#fragmentTrack(1, video, part.video));
    if (audio && part.audio) tracks.push(this.#fragmentTrack(video ? 2 : 1, audio, part.audio));
    return tracks;
  }

  #fragmentTrack(trackId: number, track: VideoTrack | AudioTrack, run: SampleRun): FragmentTrack {
    const offset = (this.#timeOffset ?? 0) * track.timescale;
    return { trackId, kind: track.kind, baseDecodeTime: run.baseDecodeTime + offset, samples: run.samples };
  }
}

function toOpenSegment({ parts, duration, independent }: WindowSegment): OpenSegment {
  const pieces = parts.map(({ bytes }) => bytes);
  return { pieces, independent, initFirst: false, parts: parts.length, durationUs: Math.round(duration * 1e6) };
}

/** Whole microseconds: durations that are differences of these add up exactly, in the playlist's text too. */
function toMicros(ticks: number, timescale: number): number {
  return Math.round((ticks * 1e6) / timescale);
}
