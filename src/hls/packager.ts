import { canCarry } from "../formats/mp4/init.ts";
import type { MediaEvent, Packet } from "../media/event.ts";
import type { Millis, Ticks } from "../media/time.ts";
import type { Track, TrackId } from "../media/track.ts";
import { CmafWriter } from "./cmaf-writer.ts";
import type { LeadFeed } from "./lead-feed.ts";
import { chooseTracks, keepsTracks, type MuxedTracks, sameTracks } from "./muxed-tracks.ts";
import { ParameterSets } from "./parameter-sets.ts";
import { type BegunSegment, type CutPart, PartCutter } from "./part-cutter.ts";
import type { RenditionSink } from "./rendition.ts";
import type { PackagerPosition } from "./rendition-memory.ts";
import { RunClock } from "./run-clock.ts";
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
  /** Told what is written, and where it is cut. */
  readonly feed?: LeadFeed;
  /** A track that is not in the output, and why. Once per set of tracks. */
  readonly onTrackLeftOut?: (track: Track, reason: string) => void;
};

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

/**
 * Packages audio and video, muxed, into CMAF segments and parts (ISO/IEC 23000-19; RFC 8216bis). Numbers only rise; a change
 * of tracks or of a codec's configuration, and a hole begin a new run behind a discontinuity. Another encoder of the same
 * tracks goes on without one: the timeline is continuous.
 */
export class CmafPackager implements Packager {
  readonly #options: CmafPackagerOptions;
  readonly #sink: RenditionSink;
  readonly #writer: CmafWriter;
  readonly #parameterSets = new ParameterSets();
  #tracks: MuxedTracks = {};
  #run: Run | undefined;
  #msn: number;
  #discontinuity = false;
  #ended = false;
  #now: Millis = 0;
  /** In whole seconds; undefined before there is media. */
  #timeOffset: number | undefined;
  /** What came before a track was announced late is written again. */
  #isRepeating = false;
  /** Where the media of each track ends that was emitted. */
  readonly #ends = new Map<TrackId, Ticks>();

  constructor(options: CmafPackagerOptions, sink: RenditionSink) {
    this.#options = options;
    this.#sink = sink;
    this.#writer = new CmafWriter(options.lowLatency, sink);
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
    return { timeOffset: this.#timeOffset, sequence: this.#writer.sequence, ends };
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
        this.#options.feed?.end();
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
    if (this.#timeOffset === undefined) this.#setOffset(this.#offsetFor(seconds, wallclock));
    return { cutter: this.#newCutter(), clock: new RunClock(seconds, wallclock), since: now, early: [] };
  }

  #newCutter(begun?: BegunSegment): PartCutter {
    const receiver = {
      part: (part: CutPart) => this.#emitPart(part),
      segmentEnd: (end: Ticks) => this.#emitSegment(end),
      placed: this.#placed,
    };
    return new PartCutter(this.#tracks, this.#options.targets, receiver, begun);
  }

  readonly #placed = (packet: Packet, dts: Ticks): void => {
    if (!this.#isRepeating) this.#options.feed?.packet(packet, dts);
  };

  #setOffset(seconds: number): void {
    this.#timeOffset = seconds;
    this.#writer.timeOffset = seconds;
    this.#options.feed?.begin(seconds);
  }

  #goOn({ tracks, position, wallclock, init, open }: CmafResumption): void {
    this.#tracks = chooseTracks(tracks, canCarry).tracks;
    this.#writer.setTracks(this.#tracks);
    this.#setOffset(position.timeOffset);
    for (const { track, end } of position.ends) this.#ends.set(track, end);
    const pieces = open?.parts.map((part) => part.bytes) ?? [];
    this.#writer.resume({ sequence: position.sequence, init, open: open && { ...open, pieces, parts: pieces.length } });
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
    this.#writer.setTracks(tracks);
    this.#isRepeating = true;
    for (const packet of early) this.#writePacket(packet, since);
    this.#isRepeating = false;
  }

  #endRun(): void {
    const run = this.#run;
    if (!run) return;
    run.cutter.finish();
    this.#run = undefined;
    if (!this.#writer.hasBegun || this.#discontinuity || this.#ended) return;
    this.#discontinuity = true;
    this.#sink({ type: "break" });
    this.#options.feed?.break();
  }

  #emitPart(part: CutPart): void {
    const run = this.#run as Run;
    const { timescale } = run.cutter;
    if (run.early.length > 0) run.early = [];
    if (!this.#writer.isOpen) {
      const wallclock = run.clock.wallclockOf(part.start / timescale, this.#options.wallclockAt(this.#now));
      this.#open(Math.round(wallclock), part, timescale);
    }
    this.#options.feed?.part(part);
    this.#noteEnds(part);
    this.#writer.part(part, timescale);
  }

  #noteEnds({ end, audio: sound }: CutPart): void {
    const { video, audio } = this.#tracks;
    if (video) this.#ends.set(video.id, end);
    const last = sound?.samples[sound.samples.length - 1];
    if (audio && last) this.#ends.set(audio.id, last.start + last.duration);
  }

  #open(wallclock: Millis, { start, startsWithKey }: CutPart, timescale: number): void {
    const msn = this.#msn;
    const discontinuity = this.#discontinuity;
    this.#discontinuity = false;
    this.#writer.open(msn, wallclock, discontinuity, startsWithKey);
    this.#options.feed?.open({ msn, discontinuity, timescale, start });
  }

  #emitSegment(end: Ticks): void {
    if (!this.#writer.isOpen) return;
    this.#msn++;
    this.#writer.close();
    this.#options.feed?.segment(end);
  }
}
