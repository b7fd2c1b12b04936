import type { ByteRange, ListedKey, ListedPart, ListedSegment } from "../playlist/media-playlist.ts";

/** What is remembered of a segment. */
export type KnownSegment = {
  /** Undefined while only its parts are listed. */
  segment: ListedSegment | undefined;
  readonly parts: ListedPart[];
  /** When a playlist with the complete segment first arrived; undefined for those of the first playlist. */
  seenAt: number | undefined;
  /** Duration of the longest playlist that listed it; seconds. */
  longestPlaylist: number;
  /** Its parts were listed, and are not any more. */
  partsRemoved: boolean;
};

/** What changed in a segment that was listed before, apart from dates and discontinuity sequence. */
export function* segmentChanges(before: ListedSegment, now: ListedSegment, first: boolean): Generator<string> {
  if (!sameResource(before.url, now.url)) yield `it was ${before.uri}, it is ${now.uri}`;
  if (Math.abs(before.duration - now.duration) > 1e-3) yield `it lasted ${before.duration} s, now ${now.duration} s`;
  if (!sameRange(before.range, now.range)) yield "its byte range is another";
  if (before.gap !== now.gap) yield `EXT-X-GAP ${now.gap ? "came" : "went"}`;
  // The tag of the first segment may go when EXT-X-DISCONTINUITY-SEQUENCE counts it.
  if (before.discontinuity !== now.discontinuity && !first) {
    yield `EXT-X-DISCONTINUITY ${now.discontinuity ? "came" : "went"}`;
  }
  if (!sameResource(before.map?.url, now.map?.url) || !sameRange(before.map?.range, now.map?.range)) {
    yield `its EXT-X-MAP was ${before.map?.uri ?? "none"}, it is ${now.map?.uri ?? "none"}`;
  }
  if (keysText(before.keys) !== keysText(now.keys)) yield "its EXT-X-KEY is another";
}

/** What changed in a part that was listed before. */
export function* partChanges(before: ListedPart, now: ListedPart): Generator<string> {
  if (!sameResource(before.url, now.url)) yield `it was ${before.uri}, it is ${now.uri}`;
  if (Math.abs(before.duration - now.duration) > 1e-3) yield `it lasted ${before.duration} s, now ${now.duration} s`;
  if (!sameRange(before.range, now.range)) yield "its byte range is another";
  if (before.independent !== now.independent) yield `INDEPENDENT ${now.independent ? "came" : "went"}`;
  if (before.gap !== now.gap) yield `GAP ${now.gap ? "came" : "went"}`;
}

/** Queries may hold what is for one viewer only, such as a token; players look at the rest. */
export function pathOf(url: string | undefined): string | undefined {
  return url?.replace(/[?#].*$/s, "");
}

export function sameResource(a: string | undefined, b: string | undefined): boolean {
  return a === b || pathOf(a) === pathOf(b);
}

function sameRange(a: ByteRange | undefined, b: ByteRange | undefined): boolean {
  return a?.offset === b?.offset && a?.length === b?.length;
}

function keysText(keys: readonly ListedKey[]): string {
  return keys.map(({ method, url, iv, format }) => [method, pathOf(url), iv, format].join()).join(" ");
}
