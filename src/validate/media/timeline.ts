import type { SegmentInfo } from "../finding.ts";
import { checkStep } from "./continuity.ts";
import { checkDuration, isMedia, ROUNDING, seconds } from "./playlist-checks.ts";
import type { Note, NoteAt } from "./rules.ts";
import { SegmentRun } from "./segment-run.ts";
import { frameTicks, type MediaSummary, secondsBetween, type TrackSummary } from "./summary.ts";

type Entry = { readonly info: SegmentInfo; readonly summary: MediaSummary | undefined };

/**
 * Follows the segments of one rendition in the order of their media sequence numbers, whatever the order in which they come,
 * and notes where one does not go on from the one before it.
 */
export class RenditionTimeline {
  readonly #waiting = new Map<number, Entry>();
  #last: Entry | undefined;
  #run: SegmentRun | undefined;

  /** @param onKeyframe takes the seconds from each keyframe to the next */
  constructor(
    private readonly note: NoteAt,
    private readonly onKeyframe: (distance: number) => void,
  ) {}

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
    this.#run ??= new SegmentRun(this.note, this.onKeyframe);
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
      return next ? { ...track, decodeEnd: next.decodeStart, presentationEnd: next.presentationStart } : track;
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
  const tolerance = before.exact ? frame / before.timescale + ROUNDING : GUESSED_GAP;
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
