import type { RenditionView } from "../hls/rendition-view.ts";
import type { WindowSegment } from "../hls/stored-segment.ts";
import type { Millis, Ticks } from "../media/time.ts";
import { ArrivalClock } from "./arrival-clock.ts";
import { MAX_LOOKED_AT, paceOf } from "./pace.ts";
import { readSegmentTimes, readTimescale, type SegmentTimes } from "./segment-times.ts";

/** A stretch of the stream in which its renditions, and how they begin, stay the same (ISO/IEC 23009-1 5.3.2). */
export type TimelinePeriod = {
  /** Of what it has to be played. */
  readonly firstMsn: number;
  /** Number of a segment that would begin with it, where that is long ago. */
  readonly startNumber: number;
  /** On the presentation's timeline: since the epoch, by the wall clock. Seconds. */
  readonly start: number;
  /** The same on the media's timeline. */
  readonly mediaStart: number;
  /** Names of what can be played in it. */
  readonly renditions: readonly string[];
  /** Length of its segments in seconds, where they are even enough to be foretold. */
  readonly pace: number | undefined;
};

/** In ticks of the track. */
export type SegmentPlace = { readonly start: Ticks; readonly duration: Ticks };

/** So much may media times fall behind the wall clock before a period puts them right; seconds. */
const MAX_DRIFT = 1;
/** The same where players stay a few seconds behind the clock. */
const MAX_PACED_DRIFT = 0.3;
/** Part of its length by which a segment may begin elsewhere than foretold: players ask for it so much late. */
const MAX_STRAY = 0.25;

/** Divides a stream into periods, segment by segment as they are complete: what was told of one does not change any more. */
export class DashTimeline {
  readonly #isPaced: boolean;
  readonly #arrivals = new ArrivalClock();
  #epoch: Millis;
  /** What was told does not change. */
  #isPlaced = false;
  readonly #times = new WeakMap<WindowSegment, SegmentTimes>();
  /** By how much presentation is behind decoding in the first segment of a rendition in a period. */
  readonly #delays = new WeakMap<TimelinePeriod, Map<string, Ticks>>();
  readonly #timescales = new WeakMap<Uint8Array, number>();
  #periods: TimelinePeriod[] = [];
  #last: { readonly msn: number; readonly init: number | undefined; readonly end: number } | undefined;

  /**
   * @param epoch from which presentation times count, as the media's do nearly
   * @param isPaced whether segments are to be foretold where they are even: then the epoch becomes that of the media's times
   */
  constructor(epoch: Millis, isPaced = false) {
    this.#epoch = epoch;
    this.#isPaced = isPaced;
  }

  /** From which presentation times count. */
  get epoch(): Millis {
    return this.#epoch;
  }

  /** Those of which something is listed, oldest first. */
  get periods(): readonly TimelinePeriod[] {
    return this.#periods;
  }

  /** Where what is complete ends, on the presentation's timeline. */
  get end(): number | undefined {
    const current = this.#periods[this.#periods.length - 1];
    return current && this.#last && current.start + this.#last.end - current.mediaStart;
  }

  /** Nobody knows any more what was told: periods before the present one need not go on. */
  forget(): void {
    this.#periods = [];
    this.#last = undefined;
    this.#isPlaced = false;
  }

  /** Looks at what has come. @param renditions the lead first @param now wall clock */
  update(renditions: readonly RenditionView[], now: Millis): void {
    const [lead] = renditions;
    if (!lead) return;
    const { segments } = lead.window;
    const first = segments[0]?.msn;
    if (first === undefined) return;
    // Numbers that go on behind a hole are those of a playlist that began anew.
    if (this.#last && (first > this.#last.msn + 1 || this.#last.msn > (lead.window.lastMsn ?? 0))) this.#periods = [];
    this.#observe(lead, now);
    // One segment alone does not say whether those behind it will be even.
    if (this.#isPaced && segments.length === 1 && !lead.window.ended) return;
    const wasEven = this.#periods[this.#periods.length - 1]?.pace !== undefined;
    const durations = segments.slice(-MAX_LOOKED_AT).map(({ duration }) => duration);
    const pace = this.#isPaced ? paceOf(durations, lead.frameRate, wasEven) : undefined;
    for (const segment of segments) {
      if (this.#periods.length > 0 && segment.msn <= (this.#last?.msn ?? -1)) continue;
      if (isAwaited(segment.msn, lead, renditions)) break;
      this.#add(segment, lead, renditions, pace);
    }
    this.#keepPace(lead, pace);
    while (this.#periods[1] && this.#periods[1].firstMsn <= first) this.#periods.shift();
  }

  /**
   * Where a segment lies on its media's timeline; undefined for what is in no period yet, or cannot be read. Presentation times
   * follow decoding times through a period: a last picture that stands in has none of an encoder's delay, and would overlap.
   */
  placeOf(view: RenditionView, segment: WindowSegment): SegmentPlace | undefined {
    const { msn } = segment;
    const period = this.#periods.findLast(({ firstMsn }) => firstMsn <= msn);
    if (!period || !this.#last || msn > this.#last.msn) return undefined;
    const times = this.#timesOf(view, segment);
    if (!times) return undefined;
    let delays = this.#delays.get(period);
    if (!delays) this.#delays.set(period, (delays = new Map()));
    const delay = delays.get(view.name) ?? times.start - times.cut;
    delays.set(view.name, delay);
    return { start: times.cut + delay, duration: times.duration };
  }

  #timesOf(view: RenditionView, segment: WindowSegment): SegmentTimes | undefined {
    const known = this.#times.get(segment);
    if (known) return known;
    const bytes = view.window.segment(segment.msn);
    const times = bytes && readSegmentTimes(bytes);
    if (times) this.#times.set(segment, times);
    return times;
  }

  /** Ticks per second of what needs an initialization section. */
  timescaleOf(view: RenditionView, init: number | undefined): number | undefined {
    const bytes = init === undefined ? undefined : view.window.init(init);
    if (!bytes) return undefined;
    const timescale = this.#timescales.get(bytes) ?? readTimescale(bytes);
    if (timescale !== undefined) this.#timescales.set(bytes, timescale);
    return timescale;
  }

  #add(
    segment: WindowSegment,
    lead: RenditionView,
    renditions: readonly RenditionView[],
    pace: number | undefined,
  ): void {
    const times = this.#timesOf(lead, segment);
    const timescale = this.timescaleOf(lead, segment.init);
    if (!times || timescale === undefined) return;
    const mediaStart = times.cut / timescale;
    const current = this.#periods[this.#periods.length - 1];
    const follows = current && this.#last?.msn === segment.msn - 1 ? current : undefined;
    const names = renditions.filter((view) => isThere(view, segment.msn)).map(({ name }) => name);
    const wallclock = pace === undefined ? (segment.wallclock - this.#epoch) / 1000 : this.#wallclockOf(mediaStart);
    const begins =
      !follows ||
      segment.discontinuity ||
      segment.init !== this.#last?.init ||
      names.join() !== follows.renditions.join() ||
      renditions.some((view) => hasNewInit(view, segment.msn)) ||
      (follows.pace === undefined) !== (pace === undefined) ||
      strays(follows, segment.msn, mediaStart) ||
      wallclock - (follows.start + mediaStart - follows.mediaStart) > driftOf(pace);
    if (begins) {
      const place = follows
        ? { startNumber: segment.msn, start: this.#startBehind(follows, wallclock, driftOf(pace)), mediaStart }
        : pace === undefined
          ? { startNumber: segment.msn, ...this.#firstPlace(mediaStart, wallclock) }
          : this.#firstPacedPlace(mediaStart, segment, pace);
      if (follows?.firstMsn === segment.msn) this.#periods.pop();
      this.#periods.push({ firstMsn: segment.msn, ...place, renditions: names, pace });
    }
    this.#last = { msn: segment.msn, init: segment.init, end: mediaStart + times.duration / timescale };
  }

  /** Notes when the latest media came. */
  #observe(lead: RenditionView, now: Millis): void {
    const { segments, open, ended } = lead.window;
    const latest = segments[segments.length - 1];
    if (!this.#isPaced || ended || !latest || open?.msn !== latest.msn + 1 || open.discontinuity) return;
    const times = this.#timesOf(lead, latest);
    const timescale = this.timescaleOf(lead, latest.init);
    if (!times || timescale === undefined) return;
    this.#arrivals.observe((times.cut + times.duration) / timescale + open.duration, now);
  }

  /**
   * Players find what is foretold by the clock: times count from when the media's were zero. The period begins there too, so
   * that it is told alike after a restart of the server; FFmpeg leaves out where a period begins.
   */
  #firstPacedPlace(
    mediaStart: number,
    { msn, wallclock }: WindowSegment,
    pace: number,
  ): Pick<TimelinePeriod, "startNumber" | "start" | "mediaStart"> {
    if (!this.#isPlaced) this.#epoch = Math.round((this.#arrivals.offset ?? wallclock / 1000 - mediaStart) * 1000);
    this.#isPlaced = true;
    const before = Math.min(msn, Math.floor(mediaStart / pace));
    const origin = mediaStart - before * pace;
    return { startNumber: msn - before, start: Math.max(0, this.#wallclockOf(origin)), mediaStart: origin };
  }

  /** Seconds since the epoch when a media time came or will come, as early as others did. */
  #wallclockOf(mediaTime: number): number {
    const { offset } = this.#arrivals;
    return mediaTime + (offset === undefined ? 0 : offset - this.#epoch / 1000);
  }

  /** A segment that begins elsewhere than foretold begins a period while it is still being made, so that players know soon. */
  #keepPace({ window: { open } }: RenditionView, pace: number | undefined): void {
    const current = this.#periods[this.#periods.length - 1];
    const last = this.#last;
    if (!current || !last || !open || current.pace === undefined || pace === undefined) return;
    const follows = open.msn === last.msn + 1 && !open.discontinuity && open.init === last.init;
    if (!follows || !strays(current, open.msn, last.end)) return;
    const start = current.start + last.end - current.mediaStart;
    this.#periods.push({ ...current, firstMsn: open.msn, startNumber: open.msn, start, mediaStart: last.end, pace });
  }

  /**
   * The media's times count from the same epoch but for a part of a second: with both lines the same from the epoch on, the
   * first period is told alike before and after a restart of the server.
   */
  #firstPlace(mediaStart: number, wallclock: number): Pick<TimelinePeriod, "start" | "mediaStart"> {
    this.#isPlaced = true;
    const isNear = Math.abs(mediaStart - wallclock) <= MAX_DRIFT;
    return isNear ? { start: 0, mediaStart: 0 } : { start: wallclock, mediaStart };
  }

  /** At the end of the one before, or later where the wall clock says so: a period cannot begin before that. */
  #startBehind(before: TimelinePeriod, wallclock: number, drift: number): number {
    const end = before.start + (this.#last?.end ?? before.mediaStart) - before.mediaStart;
    return wallclock - end > drift ? wallclock : end;
  }
}

function driftOf(pace: number | undefined): number {
  return pace === undefined ? MAX_DRIFT : MAX_PACED_DRIFT;
}

/** Whether a segment begins elsewhere than its period has foretold. */
function strays({ startNumber, mediaStart, pace }: TimelinePeriod, msn: number, start: number): boolean {
  if (pace === undefined) return false;
  return Math.abs(start - mediaStart - (msn - startNumber) * pace) > MAX_STRAY * pace;
}

/** Whether sound of the lead's latest segment is still to come: it is cut a moment later. */
function isAwaited(msn: number, lead: RenditionView, renditions: readonly RenditionView[]): boolean {
  if (lead.window.lastMsn !== msn || lead.window.ended) return false;
  return renditions.some(({ kind, window }) => kind === "audio" && window.open?.msn === msn);
}

function isThere({ window }: RenditionView, msn: number): boolean {
  const first = window.segments[0]?.msn ?? window.open?.msn;
  const last = window.open?.msn ?? window.lastMsn;
  // A rung may be a little behind the lead.
  return first !== undefined && last !== undefined && first <= msn && last >= msn - 1;
}

function hasNewInit({ window }: RenditionView, msn: number): boolean {
  const { segments } = window;
  const index = msn - (segments[0]?.msn ?? msn);
  const [before, segment] = [segments[index - 1], segments[index]];
  return before !== undefined && segment !== undefined && before.init !== segment.init;
}
