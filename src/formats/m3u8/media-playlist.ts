import type { DateRange } from "../../media/date-range.ts";
import type { Millis } from "../../media/time.ts";

/** EXT-X-PART (RFC 8216bis 4.4.4.9). */
export type PlaylistPart = {
  readonly uri: string;
  /** Seconds. */
  readonly duration: number;
  readonly independent: boolean;
};

/** One media segment, or, at the end of a playlist, the parts of one that is not complete yet. */
export type PlaylistSegment = {
  /** Undefined while only parts of it exist. */
  readonly uri: string | undefined;
  /** Seconds; of an incomplete segment, 0. */
  readonly duration: number;
  readonly discontinuity: boolean;
  /** EXT-X-PROGRAM-DATE-TIME. */
  readonly wallclock: Millis | undefined;
  /** EXT-X-MAP that applies from here on; written where it differs from the one before. */
  readonly map: string | undefined;
  readonly gap?: boolean;
  readonly parts: readonly PlaylistPart[];
};

/** A date range, and in front of which part of which of the playlist's segments its tag stands. */
export type PlacedDateRange = { readonly segment: number; readonly part: number; readonly range: DateRange };

/** EXT-X-SERVER-CONTROL (4.4.3.8); seconds. */
export type ServerControl = {
  readonly canBlockReload: boolean;
  readonly canSkipUntil?: number;
  readonly canSkipDateRanges?: boolean;
  readonly holdBack?: number;
  readonly partHoldBack?: number;
};

/** EXT-X-RENDITION-REPORT (4.4.5.4). */
export type RenditionReport = {
  /** Of the other rendition's playlist, relative to this one. */
  readonly uri: string;
  readonly lastMsn: number;
  /** Undefined where that playlist has no parts. */
  readonly lastPart: number | undefined;
};

/** A media playlist as a value. With `skipped` it is a delta update. */
export type MediaPlaylist = {
  readonly version: number;
  readonly targetDuration: number;
  readonly independentSegments: boolean;
  readonly serverControl?: ServerControl;
  /** PART-TARGET in seconds. */
  readonly partTarget?: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  /** Segments left out behind EXT-X-SKIP (4.4.5.2); 0 for a whole playlist. */
  readonly skipped: number;
  /** The map in effect before the first segment written; only of use with `skipped`. */
  readonly mapBefore?: string;
  readonly segments: readonly PlaylistSegment[];
  /** EXT-X-DATERANGE, in the order of their places. */
  readonly dateRanges?: readonly PlacedDateRange[];
  /** Ids for RECENTLY-REMOVED-DATERANGES; only of use with `skipped`. */
  readonly removedDateRanges?: readonly string[];
  /**
   * EXT-X-DISCONTINUITY at the end: the next segment, whenever it comes, will begin with it. Without any tag behind the last
   * segment hls.js takes that one for the next, and fails fatally when the discontinuity comes.
   */
  readonly discontinuityNext?: boolean;
  /** URI of the part expected next (4.4.5.3). */
  readonly preloadHint?: string;
  /** One for each other rendition of the presentation. */
  readonly renditionReports?: readonly RenditionReport[];
  readonly ended: boolean;
};
