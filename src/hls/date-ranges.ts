import { formatDateRange } from "../formats/m3u8/date-range.ts";
import type { DateRange } from "../media/date-range.ts";
import type { Millis } from "../media/time.ts";

/** A date range as the playlist lists it: in front of which part of which segment, since when. */
export type ListedDateRange = {
  readonly range: DateRange;
  readonly msn: number;
  readonly part: number;
  /** Seconds of media that there were before it. */
  readonly addedAt: number;
};

/** More at once would only swell the playlist for every viewer. */
const MAX_RANGES = 64;

/** The date ranges of a playlist, in the order in which they were added. */
export class DateRanges {
  #listed: ListedDateRange[] = [];
  /** With how much media there had been. */
  #removed: { readonly id: string; readonly at: number }[] = [];

  get listed(): readonly ListedDateRange[] {
    return this.#listed;
  }

  get isEmpty(): boolean {
    return this.#listed.length === 0 && this.#removed.length === 0;
  }

  /** Ids of those that were removed when there was more media than `since`, in seconds. */
  removedSince(since: number): string[] {
    return this.#removed.filter(({ at }) => at > since).map(({ id }) => id);
  }

  /** False when it says nothing new, or there are too many. */
  add(added: ListedDateRange): boolean {
    const { range } = added;
    if (this.#listed.length >= MAX_RANGES || this.#removed.some(({ id }) => id === range.id)) return false;
    const known = this.#listed.filter((one) => one.range.id === range.id);
    if (known.some((one) => !mayFollow(one.range, range))) return false;
    this.#listed.push(added);
    return true;
  }

  /**
   * Removes what is over: a date range stays while any date in it maps to a segment (RFC 8216bis 6.2.1).
   * @param first wall clock of the first segment
   * @param elapsed seconds of media so far
   * @param remember for so many seconds of media
   */
  prune(first: Millis, elapsed: number, remember: number): void {
    if (this.isEmpty) return;
    const ends = new Map<string, Millis>();
    for (const { range } of this.#listed) ends.set(range.id, Math.max(endOf(range), ends.get(range.id) ?? 0));
    for (const { range } of this.#listed) {
      // The end of a break, once it is known, is the end.
      if (range.duration !== undefined) ends.set(range.id, range.start + range.duration * 1000);
    }
    this.#removed = this.#removed.filter(({ at }) => at > elapsed - remember);
    const over = new Set([...ends].filter(([, end]) => end < first).map(([id]) => id));
    if (over.size === 0) return;
    this.#listed = this.#listed.filter(({ range }) => !over.has(range.id));
    for (const id of over) this.#removed.push({ id, at: elapsed });
  }
}

/** A break that has begun lasts until its end is told, but for what nobody ever ends. */
const LONGEST_BREAK: Millis = 3_600_000;

function endOf({ start, duration, plannedDuration, scte35 }: DateRange): Millis {
  if (duration !== undefined) return start + duration * 1000;
  return scte35?.kind === "OUT" ? start + LONGEST_BREAK : start + (plannedDuration ?? 0) * 1000;
}

/** Tags of the same id may add attributes, and must agree in those that they share (4.4.5.1). */
function mayFollow(before: DateRange, after: DateRange): boolean {
  if (before.start !== after.start || before.class !== after.class) return false;
  if (before.scte35 && before.scte35.kind === after.scte35?.kind) return false;
  return formatDateRange(before) !== formatDateRange(after);
}
