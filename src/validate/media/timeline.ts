import type { SegmentInfo } from "../finding.ts";
import { checkStep } from "./continuity.ts";
import { checkDuration, isMedia, ROUNDING, seconds } from "./playlist-checks.ts";
import type { MediaRuleId, Note } from "./rules.ts";
import { frameTicks, type MediaSummary, secondsBetween, type TrackSummary, ticksBetween } from "./summary.ts";

/** Notes a breach in the segment with this URL. */
export type NoteAt = (rule: MediaRuleId, where: string, message: string) => void;

type Entry = { readonly info: SegmentInfo; readonly summary: MediaSummary | undefined };

/**
 * Follows the segments of one rendition in the order of their media sequence numbers, whatever the order in which they come,
 * and notes where one does not go on from the one before it.
 */
export class RenditionTimeline {
  readonly #waiting = new Map<number, Entry>();
  #last: Entry | undefined;
  #run: Run | undefined;

  constructor(private readonly note: NoteAt) {}

  /** Whether this segment was added, or is too old to be. */
  knows(msn: number): boolean {
    return this.#waiting.has(msn) || (this.#last !== undefined && msn <= this.#last.info.msn);
  }

  /** @param summary undefined for a segment that could not be read: a gap in what can be compared */
  add(info: SegmentInfo, summary: MediaSummary | undefined): void {
    this.#waiting.set(info.msn, { info, summary });
    this.#advance(MAX_WAITING);
  }

  /** No more segments will come. */
  finish(): void {
    this.#advance(0);
    if (this.#last) this.#checkAlone(this.#last);
    this.#last = undefined;
  }

  /** Goes on while the next one is there; when too many wait, the missing one will not come. */
  #advance(most: number): void {
    for (;;) {
      const next = this.#last ? this.#waiting.get(this.#last.info.msn + 1) : undefined;
      const entry = next ?? (this.#waiting.size > most ? this.#lowest() : undefined);
      if (!entry) return;
      this.#waiting.delete(entry.info.msn);
      this.#follow(entry);
    }
  }

  #lowest(): Entry | undefined {
    const msn = Math.min(...this.#waiting.keys());
    return this.#waiting.get(msn);
  }

  #follow(entry: Entry): void {
    const before = this.#last;
    this.#last = entry;
    const { info, summary } = entry;
    const goesOn = before?.summary && summary && info.msn === before.info.msn + 1 && !info.discontinuity;
    if (!goesOn) {
      if (before) this.#checkAlone(before);
      this.#run = undefined;
    }
    if (goesOn) {
      const note: Note = (rule, message) => this.note(rule, info.uri, message);
      checkChange(before.summary, summary, note);
      if (!this.#checkSteps(before.summary, summary, note)) {
        this.#checkAlone(before);
        this.#run = undefined;
      } else {
        this.#checkDuration(before, summary);
      }
    }
    if (!summary) return;
    this.#run ??= new Run(this.note);
    this.#run.add(info, summary);
  }

  /** False where times jump, so that nothing behind can be compared with what was before. */
  #checkSteps(before: MediaSummary, after: MediaSummary, note: Note): boolean {
    const pairs = sharedTracks(before, after);
    const steps = pairs.map(([a, b]) => secondsBetween(a, a.decodeEnd, b.decodeStart));
    const lowest = Math.min(...steps);
    const highest = Math.max(...steps);
    const together = highest - lowest < JUMP / 2;
    if (pairs.length > 0 && together && (lowest > JUMP || highest < -JUMP)) {
      note("timeline-jump", `times go ${lowest > 0 ? "forward" : "back"} by ${seconds(Math.abs(lowest))}`);
      return false;
    }
    for (const [a, b] of pairs) checkTrackStep(a, b, note);
    checkCounters(before, after, note);
    if (before.sequence && after.sequence && after.sequence.first <= before.sequence.last) {
      note("fragment-sequence-across", `${after.sequence.first} follows ${before.sequence.last}`);
    }
    return true;
  }

  #checkDuration({ info, summary }: Entry, after: MediaSummary): void {
    if (!summary) return;
    // Where the last frame's duration is a guess, the first of the next segment tells it.
    const tracks = summary.tracks.filter(isMedia).map((track) => {
      const next = track.exact ? undefined : after.tracks.find(({ id }) => id === track.id);
      return next ? { ...track, decodeEnd: next.decodeStart } : track;
    });
    checkDuration("segment-duration", info.duration, tracks, (rule, message) => this.note(rule, info.uri, message));
  }

  #checkAlone({ info, summary }: Entry): void {
    if (!summary) return;
    const tracks = summary.tracks.filter(isMedia);
    checkDuration("segment-duration", info.duration, tracks, (rule, message) => this.note(rule, info.uri, message));
  }
}

/** Segments that wait for one before them; requests are answered out of order by a few. */
const MAX_WAITING = 6;

/** All tracks together further off than this: a new timeline; seconds. */
const JUMP = 0.5;

/** Where frames have no duration, a step this long is a gap; seconds. */
const GUESSED_GAP = 0.5;

function sharedTracks(before: MediaSummary, after: MediaSummary): [TrackSummary, TrackSummary][] {
  if (before.container !== after.container) return [];
  return before.tracks.filter(isMedia).flatMap((track): [TrackSummary, TrackSummary][] => {
    const next = after.tracks.find(({ id, kind, timescale }) => {
      return id === track.id && kind === track.kind && timescale === track.timescale;
    });
    return next ? [[track, next]] : [];
  });
}

function checkChange(before: MediaSummary, after: MediaSummary, note: Note): void {
  if (before.container !== after.container) {
    note("tracks-changed", `${before.container} before, ${after.container} now`);
    return;
  }
  if (before.announced.join() !== after.announced.join()) {
    note("tracks-changed", `${before.announced.join(", ")} before, ${after.announced.join(", ")} now`);
    return;
  }
  for (const [a, b] of sharedTracks(before, after)) {
    const was = describe(a);
    const is = describe(b);
    if (was !== is) note("encoding-changed", `${was} before, ${is} now`);
  }
}

function describe({ codec, size }: TrackSummary): string {
  return size ? `${codec} ${size.width}x${size.height}` : codec;
}

function checkTrackStep(before: TrackSummary, after: TrackSummary, note: Note): void {
  const name = `${after.kind} ${after.id}`;
  const frame = frameTicks(before);
  if (before.exact && before.modulus === undefined) {
    checkStep(after.decodeStart - before.decodeEnd, frame, { name, timescale: before.timescale }, note);
    return;
  }
  const last = secondsBetween(before, before.decodeLast, after.decodeStart);
  const step = secondsBetween(before, before.decodeEnd, after.decodeStart);
  const tolerance = before.exact ? frame / before.timescale / 2 + ROUNDING : GUESSED_GAP;
  if (last <= 0 || (before.exact && step < -tolerance)) {
    note("decode-time-overlap", `${name} begins ${seconds(Math.abs(before.exact ? step : last))} before the end`);
  } else if (step > tolerance) {
    note("decode-time-gap", `${name} begins ${seconds(step)} behind the end`);
  }
}

function checkCounters(before: MediaSummary, after: MediaSummary, note: Note): void {
  for (const [pid, { first, kind }] of after.counters ?? []) {
    const counters = before.counters?.get(pid);
    if (!counters) continue;
    const due = (counters.last + 1) & 15;
    if (first === due) continue;
    note(kind === "media" ? "ts-continuity-across" : "ts-continuity-tables", `PID ${pid}: ${first}, ${due} is due`);
  }
}

/** What adds up over a run of segments without a discontinuity: announced durations, and dates. */
class Run {
  readonly #tracks = new Map<number, { latest: TrackSummary; elapsed: number }>();
  #announced = 0;
  #segments = 0;
  #anchor: number | undefined;
  #keys: { readonly id: number; readonly time: number } | undefined;

  constructor(private readonly note: NoteAt) {}

  add(info: SegmentInfo, summary: MediaSummary): void {
    const { programDateTime, uri, duration } = info;
    let sum: number | undefined;
    let date: number | undefined;
    let frame = 0;
    for (const track of summary.tracks.filter(isMedia)) {
      const known = this.#tracks.get(track.id);
      if (!known) {
        // Comes later than others: it counts from the next anchor on.
        if (this.#segments === 0) this.#tracks.set(track.id, { latest: track, elapsed: 0 });
        continue;
      }
      known.elapsed += secondsBetween(track, known.latest.decodeStart, track.decodeStart);
      known.latest = track;
      frame = Math.max(frame, frameTicks(track) / track.timescale);
      sum = nearer(sum, this.#announced - known.elapsed);
      if (programDateTime === undefined || this.#anchor === undefined) continue;
      date = nearer(date, (programDateTime - this.#anchor) / 1000 - known.elapsed);
    }
    const allowed = frame + ROUNDING + this.#segments * ROUNDING_EACH;
    if (sum !== undefined && Math.abs(sum) > allowed) {
      const direction = sum > 0 ? "ahead of" : "behind";
      this.note(
        "segment-duration-sum",
        uri,
        `${seconds(Math.abs(sum))} ${direction} the media after ${this.#segments} segments`,
      );
      this.#restart(summary);
    } else if (date !== undefined && Math.abs(date) > MAX_DATE_DRIFT) {
      const direction = date > 0 ? "ahead of" : "behind";
      this.note(
        "program-date-time",
        uri,
        `${seconds(Math.abs(date))} ${direction} the media after ${this.#segments} segments`,
      );
      this.#restart(summary);
    }
    if (this.#segments === 0) this.#anchor = programDateTime;
    this.#announced += duration;
    this.#segments++;
    this.#checkKeyframes(info, summary);
  }

  #restart(summary: MediaSummary): void {
    this.#announced = 0;
    this.#segments = 0;
    this.#tracks.clear();
    for (const track of summary.tracks.filter(isMedia)) this.#tracks.set(track.id, { latest: track, elapsed: 0 });
  }

  #checkKeyframes({ uri }: SegmentInfo, { tracks }: MediaSummary): void {
    const video = tracks.find(({ kind }) => kind === "video");
    if (!video) return;
    let longest = 0;
    for (const time of video.keys) {
      const before = this.#keys;
      if (before?.id === video.id) longest = Math.max(longest, ticksBetween(video, before.time, time));
      this.#keys = { id: video.id, time };
    }
    const distance = longest / video.timescale;
    if (distance > MAX_KEYFRAME_DISTANCE) this.note("keyframe-distance", uri, seconds(distance));
  }
}

/** Two seconds, and a little for frame rates that do not divide them. */
const MAX_KEYFRAME_DISTANCE = 2.1;

/** Seconds of an announced duration that rounding to milliseconds may cost. */
const ROUNDING_EACH = 0.0005;

/** Clocks of encoder and server drift apart, and dates are set right from time to time; seconds. */
const MAX_DATE_DRIFT = 0.5;

function nearer(a: number | undefined, b: number): number {
  return a === undefined || Math.abs(b) < Math.abs(a) ? b : a;
}
