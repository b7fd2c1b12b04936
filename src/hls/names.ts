import type { Millis } from "../media/time.ts";
import type { RenditionNames } from "./media-playlists.ts";

/** Names below a stream: the multivariant playlist, the media playlist, and the folder of its media. */
export const MULTIVARIANT = "index.m3u8";
export const MEDIA_PLAYLIST = "main.m3u8";
const FOLDER = "main/";

/** A resource of a rendition, by name. */
export type NamedMedia =
  | { readonly type: "init"; readonly number: number }
  | { readonly type: "segment"; readonly msn: number }
  | { readonly type: "part"; readonly msn: number; readonly part: number };

/** `main/init-17.mp4`, `main/17.m4s`, `main/17.0.m4s`. FFmpeg and others look at the extension. */
export const CMAF_NAMES: RenditionNames = {
  segment: (msn) => `${FOLDER}${msn}.m4s`,
  part: (msn, part) => `${FOLDER}${msn}.${part}.m4s`,
  init: (number) => `${FOLDER}init-${number}.mp4`,
};

/** `main/17.ts`. */
export const TS_NAMES: RenditionNames = {
  segment: (msn) => `${FOLDER}${msn}.ts`,
  part: (msn, part) => `${FOLDER}${msn}.${part}.ts`,
  init: (number) => `${FOLDER}init-${number}.mp4`,
};

const MEDIA_NAME = /^main\/(?:init-(\d{1,15})\.mp4|(\d{1,15})(?:\.(\d{1,6}))?\.(?:m4s|ts))$/;

/** What a resource name stands for; undefined when it is none of these. */
export function parseMediaName(resource: string): NamedMedia | undefined {
  const match = MEDIA_NAME.exec(resource);
  if (!match) return undefined;
  const [, init, msn, part] = match;
  if (init !== undefined) return { type: "init", number: Number(init) };
  if (part !== undefined) return { type: "part", msn: Number(msn), part: Number(part) };
  return { type: "segment", msn: Number(msn) };
}

/** 2025-01-01: what is counted from the wall clock is counted from here, to keep numbers small. */
export const EPOCH: Millis = 1_735_689_600_000;
/** Four a second: faster than the shortest segments that can be configured, and below 2^31 until 2042. */
const MSN_INTERVAL: Millis = 250;

/**
 * A media sequence number for a stream that starts at `wallclock`: above all that the stream had before, so that players
 * and caches survive a restart of the server without any stored state.
 */
export function firstMsnAt(wallclock: Millis): number {
  return Math.max(0, Math.floor((wallclock - EPOCH) / MSN_INTERVAL));
}

/** Where the numbers of a path were, and when. */
export type PathNumbers = { readonly nextMsn: number; readonly nextDiscontinuity: number; readonly at: Millis };

/** A segment may be shorter than configured, next to a change of encoders. */
const SPARE_MSNS = 2;

/**
 * A media sequence number that follows those of an earlier server closely: hls.js tells by it how much it has missed.
 * @param before what the earlier server wrote down last; it may have gone on for a while
 * @param segment shortest usual length of a segment
 */
export function msnAfter(before: PathNumbers, segment: Millis, wallclock: Millis): number {
  const missed = Math.ceil(Math.max(0, wallclock - before.at) / segment);
  return Math.min(firstMsnAt(wallclock), before.nextMsn + missed + SPARE_MSNS);
}

/** MSNs between two discontinuities over the life of a path, at the least: an hour's. */
const MSNS_PER_DISCONTINUITY = 14_400;

/**
 * The discontinuity sequence number that a stream starts with beside such an MSN. As small as it can be while it still
 * rises over restarts: hls.js walks an array of that length for each fragment, and stalls when it has millions of entries.
 */
export function discontinuityFor(firstMsn: number): number {
  return Math.floor(firstMsn / MSNS_PER_DISCONTINUITY);
}
