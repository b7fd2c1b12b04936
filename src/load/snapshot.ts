import { MalformedError } from "../bytes/errors.ts";
import { parseAttributes, parseInteger, required } from "../formats/m3u8/attributes.ts";
import { linesOf, splitTag } from "../formats/m3u8/lines.ts";
import type { MediaPlaylist, PlaylistSegment } from "../formats/m3u8/media-playlist.ts";
import { parseMediaPlaylist } from "../formats/m3u8/parse-media-playlist.ts";
import type { Millis } from "../media/time.ts";
import { resolveUrl } from "./url.ts";

/** What a player fetches and appends: a part, or a whole segment. */
export type Unit = {
  readonly url: string;
  readonly msn: number;
  /** Undefined for a whole segment. */
  readonly part: number | undefined;
  /** Seconds. */
  readonly duration: number;
  readonly independent: boolean;
  /** Seconds from the beginning of the playlist. */
  readonly start: number;
  /** Of its first sample, by EXT-X-PROGRAM-DATE-TIME and the durations since. */
  readonly wallclock: Millis | undefined;
  /** URL of the initialization section it needs. */
  readonly init: string | undefined;
  /** EXT-X-GAP: there is nothing to fetch, and nothing to be seen. */
  readonly gap: boolean;
};

/** A segment, with its parts where they are listed. The last one may have parts only. */
export type SnapshotSegment = {
  readonly msn: number;
  readonly whole: Unit | undefined;
  readonly parts: readonly Unit[];
  readonly start: number;
  /** Seconds; of one that is not complete, of the parts so far. */
  readonly duration: number;
  readonly wallclock: Millis | undefined;
  readonly source: PlaylistSegment;
};

/** LAST-MSN and LAST-PART of another rendition (RFC 8216bis 4.4.5.4). */
export type RenditionReport = { readonly msn: number; readonly part: number | undefined };

/** A media playlist as a player knows it: whole, with absolute URLs and times. Shared by all who got the same bytes. */
export type Snapshot = {
  readonly url: string;
  readonly playlist: MediaPlaylist;
  readonly segments: readonly SnapshotSegment[];
  /** Length in seconds, parts of the open segment included. */
  readonly end: number;
  /** What a blocking reload asks for next (6.2.5.2): the part after the last one, or the segment after the last. */
  readonly next: { readonly msn: number; readonly part: number };
  readonly hint: string | undefined;
  /** By absolute URL of the other media playlist. */
  readonly reports: ReadonlyMap<string, RenditionReport>;
};

/** A delta update (4.4.5.2), which needs the snapshot before it. */
export type Delta = { readonly text: string; readonly playlist: MediaPlaylist };

/** @throws MalformedError */
export function parseSnapshot(text: string, url: string): Snapshot | Delta {
  const playlist = parseMediaPlaylist(text);
  return playlist.skipped > 0 ? { text, playlist } : toSnapshot(playlist, playlist.segments, text, url);
}

/**
 * Puts a delta update on top of what was known. Undefined when the earlier playlist lacks segments that the update skips:
 * then the whole playlist has to be asked for (6.3.7).
 */
export function applyDelta(before: Snapshot, { text, playlist }: Delta): Snapshot | undefined {
  const from = playlist.mediaSequence - before.playlist.mediaSequence;
  const kept = before.segments.slice(Math.max(0, from), from + playlist.skipped);
  if (from < 0 || kept.length < playlist.skipped || kept.some(({ whole }) => !whole)) return undefined;
  const first = playlist.segments[0];
  // A map is only written again where it changes.
  const map = kept.at(-1)?.source.map;
  const rest =
    first && first.map === undefined
      ? playlist.segments.map((segment) => (segment.map === undefined ? { ...segment, map } : segment))
      : playlist.segments;
  return toSnapshot(playlist, [...kept.map(({ source }) => source), ...rest], text, before.url);
}

function toSnapshot(playlist: MediaPlaylist, sources: readonly PlaylistSegment[], text: string, url: string): Snapshot {
  const segments: SnapshotSegment[] = [];
  const clocks = wallclocks(sources);
  let start = 0;
  for (const [index, source] of sources.entries()) {
    const segment = toSegment(source, playlist, playlist.mediaSequence + index, start, clocks[index], url);
    segments.push(segment);
    start += segment.duration;
  }
  const last = segments.at(-1);
  const open = last && !last.whole ? last : undefined;
  return {
    url,
    playlist,
    segments,
    end: start,
    next: {
      msn: open ? open.msn : playlist.mediaSequence + segments.length,
      part: open ? open.parts.length : 0,
    },
    hint: playlist.preloadHint === undefined ? undefined : resolveUrl(playlist.preloadHint, url),
    reports: readReports(text, url),
  };
}

function toSegment(
  source: PlaylistSegment,
  { independentSegments }: MediaPlaylist,
  msn: number,
  start: number,
  wallclock: Millis | undefined,
  url: string,
): SnapshotSegment {
  const init = source.map === undefined ? undefined : resolveUrl(source.map, url);
  const gap = source.gap === true;
  const parts: Unit[] = [];
  let at = 0;
  for (const [part, { uri, duration, independent }] of source.parts.entries()) {
    parts.push({
      url: resolveUrl(uri, url),
      msn,
      part,
      duration,
      independent: independent || (part === 0 && independentSegments),
      start: start + at,
      wallclock: wallclock === undefined ? undefined : wallclock + at * 1000,
      init,
      gap,
    });
    at += duration;
  }
  if (source.uri === undefined) return { msn, whole: undefined, parts, start, duration: at, wallclock, source };
  const { duration } = source;
  const whole: Unit = {
    url: resolveUrl(source.uri, url),
    msn,
    part: undefined,
    duration,
    independent: true,
    start,
    wallclock,
    init,
    gap,
  };
  return { msn, whole, parts, start, duration, wallclock, source };
}

/** Of each segment's first sample: from its own tag, else counted on from the one before, else back from the one after. */
function wallclocks(sources: readonly PlaylistSegment[]): (Millis | undefined)[] {
  const clocks: (Millis | undefined)[] = [];
  let next: Millis | undefined;
  for (const { wallclock, duration } of sources) {
    const own = wallclock ?? next;
    clocks.push(own);
    next = own === undefined ? undefined : own + duration * 1000;
  }
  for (let i = clocks.length - 2; i >= 0; i--) {
    const after = clocks[i + 1];
    if (clocks[i] === undefined && after !== undefined) clocks[i] = after - (sources[i]?.duration ?? 0) * 1000;
  }
  return clocks;
}

function readReports(text: string, url: string): ReadonlyMap<string, RenditionReport> {
  const reports = new Map<string, RenditionReport>();
  if (!text.includes("#EXT-X-RENDITION-REPORT")) return reports;
  for (const line of linesOf(text)) {
    const [tag, value] = splitTag(line);
    if (tag !== "#EXT-X-RENDITION-REPORT") continue;
    const attributes = parseAttributes(value);
    const part = attributes.get("LAST-PART");
    const msn = attributes.get("LAST-MSN");
    if (msn === undefined) throw new MalformedError(`${tag}: LAST-MSN is missing`);
    reports.set(resolveUrl(required(attributes, "URI"), url), {
      msn: parseInteger(msn, "LAST-MSN"),
      part: part === undefined ? undefined : parseInteger(part, "LAST-PART"),
    });
  }
  return reports;
}

/** Where a player is in a playlist: the part it needs next; part 0 also stands for the whole segment. */
export type Cursor = { readonly msn: number; readonly part: number };

/** What to load at a cursor: a unit, nothing yet, or never again because it has left the playlist. */
export function unitAt(snapshot: Snapshot, { msn, part }: Cursor, lowLatency: boolean): Unit | "later" | "gone" {
  let index = msn - snapshot.playlist.mediaSequence;
  if (index < 0) return "gone";
  let wanted = part;
  for (;;) {
    const segment = snapshot.segments[index];
    if (!segment) return "later";
    const { whole, parts } = segment;
    const unit = parts[wanted];
    if (unit && lowLatency) return unit;
    if (!whole) return "later";
    // Parts are listed near the end only: what is older is loaded as a segment, also from the middle of it.
    if (wanted === 0 || parts.length === 0 || !lowLatency) return whole;
    index++;
    wanted = 0;
  }
}

/** The cursor behind a unit. */
export function after(unit: Unit): Cursor {
  return unit.part === undefined ? { msn: unit.msn + 1, part: 0 } : { msn: unit.msn, part: unit.part + 1 };
}

/** The last unit that begins at or before `seconds` and that a decoder can begin with; else the first of all. */
export function unitBefore(snapshot: Snapshot, seconds: number, lowLatency: boolean): Unit | undefined {
  for (let i = snapshot.segments.length - 1; i >= 0; i--) {
    const { whole, parts, start } = snapshot.segments[i] as SnapshotSegment;
    if (lowLatency) {
      for (let part = parts.length - 1; part >= 0; part--) {
        const unit = parts[part] as Unit;
        if (unit.independent && unit.start <= seconds) return unit;
      }
    }
    if (start <= seconds && whole && (parts.length === 0 || !lowLatency)) return whole;
  }
  const first = snapshot.segments[0];
  return first && ((lowLatency ? first.parts[0] : undefined) ?? first.whole);
}

/** Seconds from the beginning at which a player begins (4.4.3.8: PART-HOLD-BACK, HOLD-BACK, or three target durations behind). */
export function startPosition(snapshot: Snapshot, lowLatency: boolean): number {
  const { playlist, segments } = snapshot;
  if (playlist.ended) return 0;
  const { serverControl, partTarget, targetDuration } = playlist;
  if (lowLatency && partTarget !== undefined) {
    return Math.max(0, snapshot.end - (serverControl?.partHoldBack ?? 3 * partTarget));
  }
  const last = segments.at(-1);
  const end = last && !last.whole ? snapshot.end - last.duration : snapshot.end;
  return Math.max(0, end - (serverControl?.holdBack ?? 3 * targetDuration));
}
