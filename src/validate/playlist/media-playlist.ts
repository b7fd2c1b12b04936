import type { WrittenAttribute } from "./attribute-list.ts";

/** A byte range (RFC 8216bis 4.4.4.2) with its beginning worked out. */
export type ByteRange = { readonly offset: number; readonly length: number };

/** A resource that a playlist names. */
export type Resource = {
  /** As written. */
  readonly uri: string;
  /** Absolute; undefined where it is no URL. */
  readonly url: string | undefined;
  readonly range?: ByteRange;
  /** Line that names it. */
  readonly line: number;
};

/** EXT-X-KEY (4.4.4.4). */
export type ListedKey = {
  readonly method: string;
  readonly url?: string;
  /** Hexadecimal sequence as written. */
  readonly iv?: string;
  /** `identity` where it does not say. */
  readonly format: string;
  readonly line: number;
};

export type ListedMap = Resource & {
  /** Keys in effect where the tag stands. */
  readonly keys: readonly ListedKey[];
};

/** EXT-X-PART (4.4.4.9). */
export type ListedPart = Resource & {
  /** Seconds; NaN where it does not say. */
  readonly duration: number;
  readonly independent: boolean;
  readonly gap: boolean;
};

/** What stands before a segment and applies to it. */
export type SegmentTags = {
  readonly discontinuity: boolean;
  readonly gap: boolean;
  /** EXT-X-PROGRAM-DATE-TIME that stands here; ms since 1970. */
  readonly dateTime?: number;
  readonly map?: ListedMap;
  readonly keys: readonly ListedKey[];
  /** EXT-X-BITRATE in effect; kilobits per second. */
  readonly bitrate?: number;
};

export type ListedSegment = Resource &
  SegmentTags & {
    readonly msn: number;
    readonly discontinuitySequence: number;
    /** EXTINF in seconds; NaN where there is none. */
    readonly duration: number;
    /** Date of its first sample: written, or carried on from the segment before. */
    readonly date?: number;
    readonly parts: readonly ListedPart[];
  };

/** What stands behind the last complete segment. */
export type OpenSegment = SegmentTags & {
  readonly msn: number;
  readonly discontinuitySequence: number;
  readonly date?: number;
  readonly parts: readonly ListedPart[];
};

/** EXT-X-PRELOAD-HINT (4.4.5.3). */
export type ListedHint = Resource & {
  readonly type: string;
  readonly start?: number;
  readonly length?: number;
};

/** EXT-X-RENDITION-REPORT (4.4.5.4). */
export type ListedReport = Resource & { readonly lastMsn?: number; readonly lastPart?: number };

/** EXT-X-DATERANGE (4.4.5.1). */
export type ListedDateRange = {
  readonly id: string;
  readonly line: number;
  readonly attributes: ReadonlyMap<string, WrittenAttribute>;
};

/** EXT-X-SERVER-CONTROL (4.4.3.8); seconds. */
export type ListedServerControl = {
  readonly line: number;
  readonly canBlockReload: boolean;
  readonly canSkipUntil?: number;
  readonly canSkipDateRanges: boolean;
  readonly holdBack?: number;
  readonly partHoldBack?: number;
  /** All attributes in one order, to be compared. */
  readonly text: string;
};

/** A media playlist as it was found. Numbers are NaN or undefined where they are missing or malformed. */
export type FoundMediaPlaylist = {
  /** URL that it was loaded from. */
  readonly url: string;
  readonly version: number | undefined;
  readonly targetDuration: number;
  readonly partTarget: number | undefined;
  readonly serverControl: ListedServerControl | undefined;
  readonly mediaSequence: number;
  readonly mediaSequenceLine: number | undefined;
  readonly discontinuitySequence: number;
  readonly discontinuitySequenceLine: number | undefined;
  readonly type: string | undefined;
  readonly iFramesOnly: boolean;
  readonly independentSegments: boolean;
  readonly start: { readonly timeOffset: number; readonly line: number } | undefined;
  /** EXT-X-SKIP (4.4.5.2). */
  readonly skipped: number;
  readonly recentlyRemovedDateRanges: readonly string[] | undefined;
  readonly segments: readonly ListedSegment[];
  /** Present where parts, or tags of the next segment, stand behind the last one. */
  readonly open: OpenSegment | undefined;
  readonly hints: readonly ListedHint[];
  readonly reports: readonly ListedReport[];
  readonly dateRanges: readonly ListedDateRange[];
  readonly ended: boolean;
};

/** The last thing that a playlist holds. `part` is COMPLETE for a whole segment, and `lastPart` then its last one, where it is listed. */
export type Edge = { readonly msn: number; readonly part: number; readonly lastPart?: number };

/** The newest segment or part: of the segment that is not complete its newest part, else the last segment. */
export function edgeOf(playlist: FoundMediaPlaylist): Edge | undefined {
  const { open, segments } = playlist;
  if (open && open.parts.length > 0) return { msn: open.msn, part: open.parts.length - 1 };
  const last = segments.at(-1);
  return last && { msn: last.msn, part: COMPLETE, ...(last.parts.length > 0 && { lastPart: last.parts.length - 1 }) };
}

/** In an edge: the whole segment is there. */
export const COMPLETE = 1e9;

/** Negative when `a` is older. */
export function compareEdges(a: Edge, b: Edge): number {
  return a.msn - b.msn || a.part - b.part;
}

/** Seconds of complete segments. */
export function durationOf(playlist: FoundMediaPlaylist): number {
  let seconds = 0;
  for (const segment of playlist.segments) seconds += Number.isNaN(segment.duration) ? 0 : segment.duration;
  return seconds;
}

/** Seconds of the parts behind the last complete segment. */
export function openDurationOf(playlist: FoundMediaPlaylist): number {
  let seconds = 0;
  for (const part of playlist.open?.parts ?? []) seconds += Number.isNaN(part.duration) ? 0 : part.duration;
  return seconds;
}
