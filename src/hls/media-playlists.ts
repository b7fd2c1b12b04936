import type {
  MediaPlaylist,
  PlacedDateRange,
  PlaylistSegment,
  RenditionReport,
  ServerControl,
} from "../formats/m3u8/media-playlist.ts";
import type { ListedDateRange } from "./date-ranges.ts";
import type { WindowSegment } from "./stored-segment.ts";
import type { RenditionWindow } from "./window.ts";

/** Names of a rendition's resources, relative to its playlist. Never used again for other bytes. */
export type RenditionNames = {
  segment(msn: number): string;
  part(msn: number, part: number): string;
  init(number: number): string;
};

export type PlaylistProfile = {
  readonly names: RenditionNames;
  /** Parts, blocking reload, delta updates. */
  readonly lowLatency: boolean;
  /** EXT-X-VERSION of a whole playlist (RFC 8216bis 8): 6 where EXT-X-MAP is needed, else 3. */
  readonly version: number;
};

/** What a delta update leaves out: old segments, with `v2` also old date ranges (6.2.5.1). */
export type DeltaUpdate = "YES" | "v2";

/** EXT-X-SKIP needs it, and RECENTLY-REMOVED-DATERANGES (RFC 8216bis 8). */
const DELTA_VERSION = 9;
const DELTA_RANGES_VERSION = 10;
/** Parts are listed for segments this near the end, in target durations (4.4.4.9). */
const PART_TARGETS = 3;
const SKIP_TARGETS = 6;
const HOLD_BACK_TARGETS = 3;
const PART_HOLD_BACK_PARTS = 3;

/** Fewer segments in the first playlist make Chromium, Shaka Player and GStreamer fail for good. */
const FIRST_SEGMENTS = 3;
/**
 * Without parts, blocking reload is offered up to this target duration: above it, requests that wait for a segment wait
 * longer than players do.
 */
const LONGEST_BLOCKED_TARGET = 6;

/** Whether any player can start with what the window holds. */
export function isReady(window: RenditionWindow): boolean {
  return window.segments.length >= FIRST_SEGMENTS || window.ended;
}

/** Whether the window holds enough for a player that is content with little. */
export function isPlayable(window: RenditionWindow, lowLatency: boolean): boolean {
  if (window.segments.length === 0) return false;
  if (!lowLatency || window.ended || window.segments.length > 1) return true;
  // Players that stay three parts behind the end need as many.
  const parts = (window.segments[0]?.parts.length ?? 0) + (window.open?.parts.length ?? 0);
  return parts >= PART_HOLD_BACK_PARTS;
}

/**
 * The media playlist of what the window holds. Settles the announced durations when it is the first. With `delta`, the
 * segments beyond the skip boundary are left out, if there are any.
 */
export function toMediaPlaylist(
  window: RenditionWindow,
  profile: PlaylistProfile,
  delta: DeltaUpdate | undefined,
  renditionReports: readonly RenditionReport[] = [],
): MediaPlaylist {
  const { lowLatency, names } = profile;
  const { targets } = window;
  const targetDuration = targets.fix(window.longest);
  const skipped = delta && !window.ended ? countSkipped(window, SKIP_TARGETS * targetDuration) : 0;
  const listed = window.segments;
  const segments = toSegments(window, profile, skipped, PART_TARGETS * targetDuration);
  const skipsRanges = skipped > 0 && delta === "v2";
  const since = skipsRanges ? window.elapsed - SKIP_TARGETS * targetDuration : Number.NEGATIVE_INFINITY;
  const removed = skipsRanges ? window.dateRanges.removedSince(since) : [];
  const next = lowLatency ? window.nextPart : undefined;
  const before = listed[skipped - 1];
  return {
    version: removed.length > 0 ? DELTA_RANGES_VERSION : skipped > 0 ? DELTA_VERSION : profile.version,
    targetDuration,
    // That keyframes go on to come is the encoder's to promise, and a playlist must not take back what it said (6.2.1).
    independentSegments: false,
    serverControl: serverControl(targetDuration, lowLatency ? targets.part : undefined),
    partTarget: lowLatency ? targets.part : undefined,
    mediaSequence: listed[0]?.msn ?? window.open?.msn ?? 0,
    discontinuitySequence: window.discontinuitySequence,
    skipped,
    mapBefore: before?.init === undefined ? undefined : names.init(before.init),
    segments,
    dateRanges: toDateRanges(window.dateRanges.listed, (listed[0]?.msn ?? 0) + skipped, segments.length, since),
    removedDateRanges: removed,
    discontinuityNext: lowLatency && window.broken && !window.ended,
    preloadHint: next && names.part(next.msn, next.part),
    renditionReports: window.ended ? [] : renditionReports,
    ended: window.ended,
  };
}

/** How far another rendition of the presentation has come; undefined while it has nothing (RFC 8216bis 4.4.5.4). */
export function toRenditionReport(
  uri: string,
  window: RenditionWindow,
  lowLatency: boolean,
): RenditionReport | undefined {
  const { open, lastMsn, segments } = window;
  if (lowLatency && open && open.parts.length > 0) return { uri, lastMsn: open.msn, lastPart: open.parts.length - 1 };
  if (lastMsn === undefined) return undefined;
  const parts = segments[segments.length - 1]?.parts.length ?? 0;
  return { uri, lastMsn, lastPart: lowLatency && parts > 0 ? parts - 1 : undefined };
}

/** @param part PART-TARGET, where there are parts */
function serverControl(targetDuration: number, part: number | undefined): ServerControl {
  return {
    canBlockReload: part !== undefined || targetDuration <= LONGEST_BLOCKED_TARGET,
    canSkipUntil: SKIP_TARGETS * targetDuration,
    canSkipDateRanges: true,
    holdBack: HOLD_BACK_TARGETS * targetDuration,
    partHoldBack: part === undefined ? undefined : PART_HOLD_BACK_PARTS * part,
  };
}

/** Those added when there was more media than `since`, each before the part where the playlist ended then. */
function toDateRanges(
  ranges: readonly ListedDateRange[],
  firstMsn: number,
  segments: number,
  since: number,
): PlacedDateRange[] {
  return ranges
    .filter(({ addedAt }) => addedAt >= since)
    .map(({ range, msn, part }) => {
      const segment = Math.min(msn - firstMsn, segments);
      return segment < 0 ? { segment: 0, part: 0, range } : { segment, part, range };
    });
}

function toSegments(window: RenditionWindow, profile: PlaylistProfile, from: number, partsWithin: number) {
  const out: PlaylistSegment[] = [];
  const { open } = window;
  let behind = 0;
  if (open && open.parts.length > 0 && profile.lowLatency) {
    out.push(toSegment(open, profile, true, true));
    behind = open.duration;
  }
  for (let i = window.segments.length - 1; i >= from; i--) {
    const segment = window.segments[i] as WindowSegment;
    out.push(toSegment(segment, profile, behind < partsWithin, false));
    behind += segment.duration;
  }
  return out.reverse();
}

function toSegment(segment: WindowSegment, profile: PlaylistProfile, withParts: boolean, isOpen: boolean) {
  const { names } = profile;
  const { msn, wallclock, discontinuity, duration } = segment;
  return {
    uri: isOpen ? undefined : names.segment(msn),
    duration,
    discontinuity,
    wallclock,
    map: segment.init === undefined ? undefined : names.init(segment.init),
    parts: withParts
      ? segment.parts.map((part, index) => ({
          uri: names.part(msn, index),
          duration: part.duration,
          independent: part.independent,
        }))
      : [],
  };
}

/** Segments that end farther than `boundary` seconds from the end of the last complete one (4.4.3.8). */
function countSkipped(window: RenditionWindow, boundary: number): number {
  let behind = 0;
  for (let i = window.segments.length - 1; i >= 0; i--) {
    if (behind >= boundary) return i + 1;
    behind += (window.segments[i] as WindowSegment).duration;
  }
  return 0;
}
