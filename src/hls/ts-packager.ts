import { TsMuxer } from "../formats/mpegts/muxer.ts";
import type { DataEvent, MediaEvent, Packet } from "../media/event.ts";
import { type Millis, rescale, type Ticks } from "../media/time.ts";
import { type Track, type TrackId, VIDEO_TIMESCALE } from "../media/track.ts";
import type { LeadFeed } from "./lead-feed.ts";
import type { Packager } from "./packager.ts";
import type { RenditionSink } from "./rendition.ts";
import type { PackagerPosition } from "./rendition-memory.ts";
import { isSameProgram, selectTsTracks, type TsSkipReason, type TsTrack } from "./ts-tracks.ts";

/** What another packager has emitted before. */
export type TsResumption = {
  readonly tracks: readonly Track[];
  readonly position: PackagerPosition;
  /** The last continuity counter of each PID. */
  readonly counters: ReadonlyMap<number, number>;
};

export type TsPackagerOptions = {
  /** A segment ends at the first keyframe that is this long after its start; with audio only, at this length. */
  readonly targetMs: Millis;
  /** It ends at the first keyframe behind a multiple of `targetMs` of the input's time instead. */
  readonly aligned?: boolean;
  /** A segment without keyframe is cut at this length. */
  readonly maxMs: Millis;
  /** Asked at each frame: a shorter length, once a target duration was announced. */
  readonly limitMs?: () => Millis;
  /** How long audio frames are gathered into one PES packet. */
  readonly maxAudioDelayMs: Millis;
  /** Media sequence number of the first segment. */
  readonly firstMsn: number;
  /** The first segment follows those of an earlier run: EXT-X-DISCONTINUITY stands before it. */
  readonly discontinuity?: boolean;
  /** Wall clock at a monotonic `now`. */
  readonly wallclockAt: (now: Millis) => Millis;
  /** The wall clock from which times count, so that they rise over restarts of the server. Without it they are the input's. */
  readonly epoch?: Millis;
  /** The first media goes on behind that of another packager. */
  readonly resume?: TsResumption;
  /** Told what is written, and where it is cut. */
  readonly feed?: LeadFeed;
  /** Called once for each track and codec that is left out. */
  readonly onSkippedTrack?: (track: TsTrack, reason: TsSkipReason) => void;
};

type Segment = { readonly start: Ticks; readonly independent: boolean };

/** A point of a run's time, 90 kHz, and of the wall clock. */
type Anchor = { readonly time: Ticks; readonly wallclock: Millis };

/** Data tracks count milliseconds. */
const DATA_TIMESCALE = 1000;
/** A frame whose length nothing tells; 90 kHz. */
const UNKNOWN_DURATION = 3000;
/** Other tracks run ahead of the leading one a little; when it is this far behind, it has gone silent. 90 kHz. */
const SILENCE = 90_000;
/** Most that a segment may pass its limit by, for the frame that shows that it is over; 90 kHz. */
const OVERSHOOT = 9000;

/**
 * Cuts a stream into MPEG-TS segments as nginx-rtmp does, and says so in rendition events. Video leads, or the first audio
 * track where there is none: the dts of the leading track decides where a segment begins and ends.
 */
export class TsPackager implements Packager {
  readonly partStart = undefined;
  readonly #target: Ticks;
  readonly #max: Ticks;
  readonly #muxer: TsMuxer;
  readonly #skipped = new Map<TrackId, string>();
  #msn: number;
  #tracks: readonly TsTrack[] = [];
  #timescales = new Map<TrackId, number>();
  #lead: TsTrack | undefined;
  #segment: Segment | undefined;
  #anchor: Anchor | undefined;
  #discontinuity: boolean;
  /** Time of the first packet since which no segment could begin. */
  #waitingSince: Ticks | undefined;
  /** dts of the leading track's last packet; undefined at the start of a run. */
  #lastLead: Ticks | undefined;
  /** Where the last frame of any track ends. */
  #lastEnd: Ticks = 0;
  /** Where what was emitted ends. */
  #emittedEnd: Ticks = 0;
  #ended = false;
  /** Seconds added to all times; undefined before the first tracks. */
  #timeOffset: number | undefined;
  /** Another encoder: its first keyframe ends the segment, so that the next ones come when segments may end. */
  #endsAtKey = false;

  constructor(
    private readonly options: TsPackagerOptions,
    private readonly sink: RenditionSink,
  ) {
    this.#target = options.targetMs * 90;
    this.#max = Math.max(options.maxMs, options.targetMs) * 90;
    this.#muxer = new TsMuxer({ maxAudioDelay: options.maxAudioDelayMs });
    this.#msn = options.firstMsn;
    this.#discontinuity = options.discontinuity ?? false;
    if (options.resume) this.#goOn(options.resume);
  }

  get position(): PackagerPosition | undefined {
    const timeOffset = this.#timeOffset;
    if (timeOffset === undefined) return undefined;
    const ends = this.#tracks.flatMap((track) => {
      const end = track.id === this.#lead?.id ? this.#emittedEnd : this.#muxer.soundEnd(track.id);
      return end === undefined ? [] : { track: track.id, end: rescale(end, VIDEO_TIMESCALE, track.timescale) };
    });
    return { timeOffset, sequence: 0, ends };
  }

  /** How long the segment being made is already; 0 between segments. */
  get openMs(): Millis {
    return this.#segment ? Math.max(0, this.#lastEnd - this.#segment.start) / 90 : 0;
  }

  /** Takes the next event of the stream; what it completes is handed to the sink at once. Ignored after `end`. */
  write(event: MediaEvent, now: Millis): void {
    if (this.#ended) return;
    switch (event.type) {
      case "packet":
        this.#packet(event, now);
        break;
      case "tracks":
        this.#setTracks(event.tracks, now);
        break;
      case "data":
        this.#data(event);
        break;
      case "gap":
        // Times are continuous. Whether an encoder that comes next can go on where the one before left off, its `tracks` tell.
        if (event.reason === "lagged") this.#endRun();
        else this.#anchor = undefined;
        this.#endsAtKey = event.reason !== "timeline-reset";
        break;
      case "end":
        this.#close(this.#lastEnd);
        this.#ended = true;
        this.sink({ type: "end" });
        this.options.feed?.end();
        break;
      default:
        event satisfies never;
    }
  }

  keepSegment(): void {}

  /** What comes next is in a segment of its own. */
  endSegment(): void {
    this.#close(this.#lastEnd);
  }

  wallclockOf(seconds: number): Millis | undefined {
    const anchor = this.#anchor;
    return anchor && anchor.wallclock + seconds * 1000 - anchor.time / 90;
  }

  continues(all: readonly Track[]): boolean {
    return isSameProgram(this.#tracks, selectTsTracks(all).tracks);
  }

  #setTracks(all: readonly Track[], now: Millis): void {
    const { epoch, wallclockAt } = this.options;
    if (this.#timeOffset === undefined) {
      this.#timeOffset = epoch === undefined ? 0 : Math.max(0, Math.round((wallclockAt(now) - epoch) / 1000));
      this.#muxer.shift(this.#timeOffset * VIDEO_TIMESCALE);
      this.options.feed?.begin(this.#timeOffset);
    }
    const { tracks, skipped } = selectTsTracks(all);
    for (const { track, reason } of skipped) {
      if (this.#skipped.get(track.id) === track.config.codec) continue;
      this.#skipped.set(track.id, track.config.codec);
      this.options.onSkippedTrack?.(track, reason);
    }
    this.#timescales = new Map(all.map((track) => [track.id, track.timescale]));
    if (isSameProgram(this.#tracks, tracks)) return;
    this.#endRun();
    this.#take(tracks);
  }

  #take(tracks: readonly TsTrack[]): void {
    this.#tracks = tracks;
    this.#lead = tracks.find((track) => track.kind === "video") ?? tracks[0];
    this.#muxer.setTracks(tracks);
  }

  #goOn({ tracks, position, counters }: TsResumption): void {
    this.#timeOffset = position.timeOffset;
    this.#muxer.shift(position.timeOffset * VIDEO_TIMESCALE);
    this.options.feed?.begin(position.timeOffset);
    this.#muxer.continueAfter(counters);
    this.#timescales = new Map(tracks.map((track) => [track.id, track.timescale]));
    this.#take(selectTsTracks(tracks).tracks);
  }

  #packet(packet: Packet, now: Millis): void {
    const lead = this.#lead;
    const timescale = this.#timescales.get(packet.track);
    if (!lead || timescale === undefined || !this.#muxer.has(packet.track)) return;
    const time = rescale(packet.dts, timescale, VIDEO_TIMESCALE);
    const leads = packet.track === lead.id;
    const boundary = leads && packet.key;

    if (this.#segment) this.#cut(this.#segment, time, leads, boundary, now);
    else if (boundary || this.#hasWaited(time)) this.#open(time, boundary, now);
    if (!this.#segment) return;

    const duration = packet.duration > 0 ? rescale(packet.duration, timescale, VIDEO_TIMESCALE) : this.#guess(time);
    this.#lastEnd = Math.max(this.#lastEnd, time + (leads ? duration : 0));
    if (leads) this.#lastLead = time;
    this.#muxer.write(packet);
    this.options.feed?.packet(
      packet,
      leads && lead.kind === "video" ? Math.max(time, this.#segment.start) : packet.dts,
    );
  }

  /** Ends the segment and begins another where `time` asks for it. */
  #cut(segment: Segment, time: Ticks, leads: boolean, boundary: boolean, now: Millis): void {
    const length = time - segment.start;
    const limit = Math.min(this.#max, (this.options.limitMs?.() ?? Number.POSITIVE_INFINITY) * 90);
    const endsHere = boundary && (this.#isDue(segment.start, time) || !segment.independent || this.#endsAtKey);
    if (boundary) this.#endsAtKey = false;
    if (length <= 0 || (length < limit && !endsHere)) return;
    if (!leads && time - (this.#lastLead ?? segment.start) < SILENCE) return;
    if (length > limit + OVERSHOOT && time - this.#lastEnd > this.#target) {
      // A pause that would not fit in.
      this.#endRun();
      this.#open(time, boundary, now);
      return;
    }
    const end = Math.min(time, segment.start + limit + OVERSHOOT);
    this.#close(end);
    this.#open(end, boundary, now);
  }

  #isDue(start: Ticks, time: Ticks): boolean {
    if (!this.options.aligned) return time - start >= this.#target;
    return Math.floor(time / this.#target) > Math.floor(start / this.#target);
  }

  #open(time: Ticks, independent: boolean, now: Millis): void {
    this.#anchor ??= { time, wallclock: this.options.wallclockAt(now) };
    this.#segment = { start: time, independent };
    this.#lastEnd = Math.max(this.#lastEnd, time);
    this.sink({
      type: "open",
      msn: this.#msn,
      start: time,
      wallclock: this.#anchor.wallclock + (time - this.#anchor.time) / 90,
      discontinuity: this.#discontinuity,
      init: undefined,
    });
    const { feed } = this.options;
    feed?.open({ msn: this.#msn, discontinuity: this.#discontinuity, timescale: VIDEO_TIMESCALE, start: time });
    this.#discontinuity = false;
    this.#muxer.startSegment();
  }

  #close(end: Ticks): void {
    const segment = this.#segment;
    if (!segment) return;
    this.#segment = undefined;
    // Players take 0 for a fault.
    const duration = Math.max(end - segment.start, 90);
    this.#emittedEnd = segment.start + duration;
    this.sink({
      type: "segment",
      msn: this.#msn++,
      bytes: this.#muxer.takeSegment(),
      duration: duration / VIDEO_TIMESCALE,
      independent: segment.independent,
    });
    this.options.feed?.segment(segment.start + duration);
  }

  /** What comes next does not continue what was. */
  #endRun(): void {
    this.#close(this.#runEnd());
    this.#anchor = undefined;
    this.#lastLead = undefined;
    this.#waitingSince = undefined;
    if (this.#msn === this.options.firstMsn && !this.options.resume) return;
    if (!this.#discontinuity) this.options.feed?.break();
    this.#discontinuity = true;
  }

  /** How long the last picture was to be shown does not matter any more: to the end of the sound, or for a frame. */
  #runEnd(): Ticks {
    let shown = (this.#lastLead ?? this.#lastEnd) + UNKNOWN_DURATION;
    for (const { id } of this.#tracks) shown = Math.max(shown, this.#muxer.soundEnd(id) ?? 0);
    return Math.min(this.#lastEnd, shown);
  }

  /** No keyframe has come for the length of the longest segment: better to begin without. */
  #hasWaited(time: Ticks): boolean {
    this.#waitingSince ??= time;
    return time - this.#waitingSince >= this.#max;
  }

  #guess(time: Ticks): Ticks {
    const step = time - (this.#lastLead ?? time);
    return step > 0 ? Math.min(step, VIDEO_TIMESCALE) : UNKNOWN_DURATION;
  }

  #data(event: DataEvent): void {
    if (event.kind !== "id3" || !this.#segment) return;
    const timescale = this.#timescales.get(event.track) ?? DATA_TIMESCALE;
    this.#muxer.writeId3(rescale(event.pts, timescale, VIDEO_TIMESCALE), event.value);
  }
}
