import type { Millis } from "../media/time.ts";
import type { RenditionNames } from "./media-playlists.ts";

/** Name of the multivariant playlist below a stream. */
export const MULTIVARIANT = "index.m3u8";
/** Name of the lead rendition: the source as it is. */
export const LEAD = "main";

/** A resource below a stream, by name. */
export type NamedResource =
  | { readonly type: "multivariant" }
  /** A media playlist. */
  | { readonly type: "playlist"; readonly rendition: string }
  | { readonly type: "media"; readonly rendition: string; readonly media: NamedMedia };

/** A resource of a rendition. */
export type NamedMedia =
  | { readonly type: "init"; readonly number: number }
  | { readonly type: "segment"; readonly msn: number }
  | { readonly type: "part"; readonly msn: number; readonly part: number }
  /** What of a segment comes next, while it is being made; never asked for by viewers. */
  | { readonly type: "piece"; readonly msn: number; readonly index: number };

/** Name of a rendition's media playlist. */
export function playlistName(rendition: string): string {
  return `${rendition}.m3u8`;
}

/** `main/init-17.mp4`, `main/17.m4s`, `main/17.0.m4s`. FFmpeg and others look at the extension. */
export function cmafNames(rendition: string): RenditionNames {
  return {
    segment: (msn) => `${rendition}/${msn}.m4s`,
    part: (msn, part) => `${rendition}/${msn}.${part}.m4s`,
    init: (number) => `${rendition}/init-${number}.mp4`,
  };
}

/** `main/17.ts`. */
export function tsNames(rendition: string): RenditionNames {
  return { ...cmafNames(rendition), segment: (msn) => `${rendition}/${msn}.ts` };
}

/** Names that a rendition may have. */
const RENDITION = "[A-Za-z0-9_-]{1,64}";
const PLAYLIST_NAME = new RegExp(`^(${RENDITION})\\.m3u8$`);
const MEDIA_NAME = new RegExp(`^(${RENDITION})/(?:init-(\\d{1,15})\\.mp4|(\\d{1,15})(?:\\.(\\d{1,6}))?\\.(?:m4s|ts))$`);

/** Of these no URL is made. */
const PIECE_NAME = new RegExp(`^(${RENDITION})/(\\d{1,15})\\.piece-(\\d{1,9})$`);

/** Of a segment by its name: the piece behind so many others. */
export function pieceName(segment: string, index: number): string {
  return segment.replace(/\.m4s$/, `.piece-${index}`);
}

/** What a name below a stream stands for; undefined when it is none of these. */
export function parseResource(resource: string): NamedResource | undefined {
  if (resource === MULTIVARIANT) return { type: "multivariant" };
  const playlist = PLAYLIST_NAME.exec(resource)?.[1];
  if (playlist !== undefined) return { type: "playlist", rendition: playlist };
  const piece = PIECE_NAME.exec(resource);
  if (piece) {
    const [, rendition = "", msn, index] = piece;
    return { type: "media", rendition, media: { type: "piece", msn: Number(msn), index: Number(index) } };
  }
  const match = MEDIA_NAME.exec(resource);
  if (!match) return undefined;
  const [, rendition = "", init, msn, part] = match;
  return { type: "media", rendition, media: toMedia(init, msn, part) };
}

function toMedia(init: string | undefined, msn: string | undefined, part: string | undefined): NamedMedia {
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
