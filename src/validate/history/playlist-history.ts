import type { Report } from "../finding.ts";
import {
  compareEdges,
  durationOf,
  type Edge,
  edgeOf,
  type FoundMediaPlaylist,
  type ListedSegment,
} from "../playlist/media-playlist.ts";
import { DateRangeHistory } from "./date-range-history.ts";
import { HintHistory } from "./hint-history.ts";
import { type KnownSegment, partChanges, pathOf, segmentChanges } from "./known-segment.ts";
import { Punctuality } from "./punctuality.ts";
import type { HistoryRuleId } from "./rules.ts";

/** A whole media playlist at a moment. Times are monotonic milliseconds. */
export type Observation = {
  /** Without skipped segments: of a delta update, what it was merged to. */
  readonly playlist: FoundMediaPlaylist;
  /**
   * Requests of one channel follow each other, each sent when the one before was answered. A cache may answer plain requests
   * later than blocking ones, so that only what one channel shows is in order.
   */
  readonly channel: string;
  readonly sentAt: number;
  readonly arrivedAt: number;
  /** The server held the request until there was something new. */
  readonly held: boolean;
  /** Of the answer, by a cache; ms. */
  readonly age: number;
};

/** A resource that is not listed any more and must be there for a while longer. */
export type RemovedResource = {
  readonly kind: "segment" | "part";
  readonly url: string;
  readonly name: string;
  /** Monotonic milliseconds. */
  readonly until: number;
};

/** Known segments are forgotten this many after they left. */
const KEPT_SEGMENTS = 512;
/** Of dates that are written in milliseconds and carried on by rounded durations. */
const DATE_TOLERANCE_MS = 200;
const LEAST_SEGMENTS = 6;
const LEAST_TARGETS = 3;
const PART_TARGETS_KEPT = 3;

/** Follows one media playlist and reports what may not change in it, and what does not come in time. */
export class PlaylistHistory {
  readonly #url: string;
  readonly #report: Report;
  readonly #known = new Map<number, KnownSegment>();
  readonly #numbers = new Map<string, number>();
  readonly #channels = new Map<string, FoundMediaPlaylist>();
  readonly #removed: RemovedResource[] = [];
  readonly #hints: HintHistory;
  readonly #dateRanges: DateRangeHistory;
  readonly #punctuality: Punctuality;
  #reference: FoundMediaPlaylist | undefined;
  /** Channels whose next playlist follows an interruption. */
  readonly #resuming = new Set<string>();

  constructor(url: string, report: Report) {
    this.#url = url;
    this.#report = report;
    const breach = (rule: HistoryRuleId, message: string, line?: number) => this.#breach(rule, message, line);
    this.#hints = new HintHistory(breach);
    this.#dateRanges = new DateRangeHistory(breach);
    this.#punctuality = new Punctuality(breach);
  }

  observe(observation: Observation): void {
    const { playlist, channel } = observation;
    const before = this.#channels.get(channel);
    this.#compareHeaders(playlist);
    const resuming = this.#resuming.delete(channel);
    if ((before && this.#wentBack(before, playlist)) || this.#renumbered(playlist)) this.#forget();
    else if (before) this.#compareSlide(before, playlist, resuming);
    this.#compareSegments(observation);
    this.#hints.observe(playlist, this.#known);
    this.#dateRanges.observe(playlist);
    this.#punctuality.observe(observation);
    this.#channels.set(channel, playlist);
    this.#prune(playlist);
  }

  /** For a while the server did not answer: nothing that was missed then counts as late, or as removed. */
  interrupted(): void {
    this.#punctuality.reset();
    for (const channel of this.#channels.keys()) this.#resuming.add(channel);
  }

  /** Resources that have left the playlist since this was last called. */
  takeRemoved(): RemovedResource[] {
    return this.#removed.splice(0);
  }

  #compareHeaders(playlist: FoundMediaPlaylist): void {
    const before = this.#reference;
    this.#reference = playlist;
    if (!before) return;
    const compare = (rule: HistoryRuleId, what: string, was: unknown, is: unknown) => {
      if (was !== is) this.#breach(rule, `${what} was ${was ?? "none"}, it is ${is ?? "none"}`);
    };
    if (!Number.isNaN(playlist.targetDuration)) {
      compare("target-duration-changed", "EXT-X-TARGETDURATION", before.targetDuration, playlist.targetDuration);
    }
    // When the playlist ends, what is about live playback may go.
    if (playlist.ended) return;
    compare("part-target-changed", "PART-TARGET", before.partTarget, playlist.partTarget);
    compare("server-control-changed", "EXT-X-SERVER-CONTROL", before.serverControl?.text, playlist.serverControl?.text);
    compare("header-changed", "EXT-X-PLAYLIST-TYPE", before.type, playlist.type);
    const given = (tag: boolean) => (tag ? "there" : "not there");
    const [was, is] = [before.independentSegments, playlist.independentSegments];
    compare("header-changed", "EXT-X-INDEPENDENT-SEGMENTS", given(was), given(is));
  }

  #wentBack(before: FoundMediaPlaylist, now: FoundMediaPlaylist): boolean {
    if (now.mediaSequence >= before.mediaSequence) return false;
    const message = `EXT-X-MEDIA-SEQUENCE was ${before.mediaSequence}, it is ${now.mediaSequence}`;
    this.#breach("media-sequence-backwards", message, now.mediaSequenceLine);
    return true;
  }

  /** Against the playlist before on the same channel. */
  #compareSlide(before: FoundMediaPlaylist, now: FoundMediaPlaylist, resuming: boolean): void {
    if (now.discontinuitySequence < before.discontinuitySequence) {
      const message = `it was ${before.discontinuitySequence}, it is ${now.discontinuitySequence}`;
      this.#breach("discontinuity-sequence-backwards", message, now.discontinuitySequenceLine);
    }
    const [was, is] = [edgeOf(before), edgeOf(now)];
    if (was && (!is || compareEdges(is, was) < 0)) {
      this.#breach("end-removed", `it ended with ${edgeText(was)}, it ends with ${is ? edgeText(is) : "nothing"}`);
    }
    if (before.ended) this.#compareEnded(now, was, is);
    if (now.mediaSequence > before.mediaSequence && !resuming) this.#removal(before, now);
  }

  #compareEnded(now: FoundMediaPlaylist, was: Edge | undefined, is: Edge | undefined): void {
    if (!now.ended) this.#breach("changed-after-end", "EXT-X-ENDLIST is gone");
    else if (was && is && compareEdges(is, was) > 0) this.#breach("changed-after-end", `${edgeText(is)} was added`);
  }

  #removal(before: FoundMediaPlaylist, now: FoundMediaPlaylist): void {
    const removed = now.mediaSequence - before.mediaSequence;
    if (before.type !== undefined) {
      this.#breach("removal-of-typed", `${removed} removed from a playlist of type ${before.type}`);
    }
    if (now.ended) return;
    const length = durationOf(now);
    if (length < LEAST_TARGETS * now.targetDuration - 1e-3) {
      const shown = Math.round(length * 1000) / 1000;
      this.#breach("playlist-too-short", `${shown} s stay, the target duration is ${now.targetDuration} s`);
    }
    if (now.segments.length < LEAST_SEGMENTS) this.#breach("few-segments", `${now.segments.length} are listed`);
  }

  /** Whether segments that are known have other numbers now. */
  #renumbered(playlist: FoundMediaPlaylist): boolean {
    for (const { url, msn, range, line } of playlist.segments) {
      const path = pathOf(url);
      const number = path === undefined || range ? undefined : this.#numbers.get(path);
      if (number === undefined || number === msn) continue;
      // Where both numbers are listed, the resource is listed twice, which is another matter.
      if (playlist.segments.some((other) => other.msn === number && pathOf(other.url) === path)) continue;
      this.#breach("media-sequence-wrong", `${path?.split("/").at(-1)} was segment ${number}, it is ${msn}`, line);
      return true;
    }
    return false;
  }

  #compareSegments({ playlist, arrivedAt }: Observation): void {
    const length = durationOf(playlist);
    const initial = this.#known.size === 0;
    for (const [index, segment] of playlist.segments.entries()) {
      const known = this.#knownAt(segment.msn);
      known.longestPlaylist = Math.max(known.longestPlaylist, length);
      if (known.segment) this.#compareSegment(known.segment, segment, index === 0);
      else {
        known.seenAt = initial ? undefined : arrivedAt;
        const path = pathOf(segment.url);
        if (path !== undefined && !segment.range && !segment.gap) this.#numbers.set(path, segment.msn);
      }
      known.segment = segment;
      this.#compareParts(known, segment.msn, segment.parts, true);
      if (segment.parts.length === 0 && known.parts.length > 0 && !known.partsRemoved) {
        known.partsRemoved = true;
        this.#partsLeft(known, segment.msn, arrivedAt, playlist.targetDuration);
      }
    }
    if (playlist.open && playlist.open.parts.length > 0) {
      const known = this.#knownAt(playlist.open.msn);
      if (!known.segment) this.#compareParts(known, playlist.open.msn, playlist.open.parts, false);
    }
    this.#segmentsLeft(playlist);
  }

  #compareSegment(before: ListedSegment, now: ListedSegment, first: boolean): void {
    for (const change of segmentChanges(before, now, first)) {
      this.#breach("segment-changed", `segment ${now.msn}: ${change}`, now.line);
    }
    if (before.discontinuitySequence !== now.discontinuitySequence) {
      const message = `that of segment ${now.msn} was ${before.discontinuitySequence}, it is ${now.discontinuitySequence}`;
      this.#breach("discontinuity-sequence-wrong", message, now.line);
    }
    if (before.date !== undefined && now.date !== undefined && Math.abs(before.date - now.date) > DATE_TOLERANCE_MS) {
      const dates = [before.date, now.date].map(dateText);
      this.#breach("date-time-changed", `that of segment ${now.msn} was ${dates[0]}, it is ${dates[1]}`, now.line);
    }
  }

  #compareParts(known: KnownSegment, msn: number, parts: ListedSegment["parts"], complete: boolean): void {
    for (const [index, part] of parts.entries()) {
      const before = known.parts[index];
      if (before) {
        for (const change of partChanges(before, part)) {
          this.#breach("part-changed", `part ${msn}.${index}: ${change}`, part.line);
        }
      }
      known.parts[index] = part;
    }
    if (complete && parts.length > 0 && parts.length < known.parts.length) {
      const message = `segment ${msn} had ${known.parts.length} parts, it has ${parts.length}`;
      this.#breach("part-removed", message, parts[0]?.line);
      known.parts.length = parts.length;
    }
  }

  #partsLeft(known: KnownSegment, msn: number, now: number, targetDuration: number): void {
    for (const [index, part] of known.parts.entries()) {
      if (part.url === undefined || part.gap || part.range) continue;
      const until = now + PART_TARGETS_KEPT * targetDuration * 1000;
      this.#removed.push({ kind: "part", url: part.url, name: `part ${msn}.${index}`, until });
    }
  }

  /** Availability of what was removed counts from when it was first listed (6.2.2). */
  #segmentsLeft(playlist: FoundMediaPlaylist): void {
    for (const [msn, { segment, seenAt, longestPlaylist }] of this.#known) {
      if (msn >= playlist.mediaSequence) break;
      this.#known.delete(msn);
      if (!segment?.url || segment.gap || segment.range || seenAt === undefined) continue;
      const until = seenAt + (segment.duration + longestPlaylist) * 1000;
      this.#removed.push({ kind: "segment", url: segment.url, name: `segment ${msn}`, until });
    }
  }

  #knownAt(msn: number): KnownSegment {
    let known = this.#known.get(msn);
    if (!known) {
      known = { segment: undefined, parts: [], seenAt: undefined, longestPlaylist: 0, partsRemoved: false };
      this.#known.set(msn, known);
    }
    return known;
  }

  #forget(): void {
    this.#known.clear();
    this.#numbers.clear();
    this.#channels.clear();
    this.#punctuality.reset();
  }

  #prune(playlist: FoundMediaPlaylist): void {
    for (const [path, msn] of this.#numbers) {
      if (msn >= playlist.mediaSequence - KEPT_SEGMENTS) break;
      this.#numbers.delete(path);
    }
  }

  #breach(rule: HistoryRuleId, message: string, line?: number): void {
    this.#report({ rule, where: this.#url, message, ...(line === undefined ? {} : { line }) });
  }
}

function edgeText({ msn, part }: Edge): string {
  return part < 1e6 ? `part ${msn}.${part}` : `segment ${msn}`;
}

/** A date worked out from what a peer wrote may be none that can be shown. */
function dateText(date: number): string {
  const shown = new Date(date);
  return Number.isNaN(shown.getTime()) ? `${date} ms` : shown.toISOString();
}
