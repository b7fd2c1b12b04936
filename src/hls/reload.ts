import type { DeltaUpdate } from "./media-playlists.ts";
import type { RenditionWindow } from "./window.ts";

/** Delivery directives of a playlist request (RFC 8216bis 6.2.5). */
export type ReloadDirectives = {
  readonly msn: number | undefined;
  readonly part: number | undefined;
  readonly skip: DeltaUpdate | undefined;
};

export type ReloadDecision =
  | { readonly type: "now" }
  | { readonly type: "wait" }
  | { readonly type: "bad"; reason: string };

const NONE: ReloadDirectives = { msn: undefined, part: undefined, skip: undefined };
/** Farther ahead than this many segments is a mistake of the client (6.2.5.2). */
const MSN_AHEAD = 2;

/** The directives of a query, or what is wrong with it. Others, and whatever else the query holds, are ignored. */
export function parseDirectives(query: string): ReloadDirectives | string {
  if (!query.includes("_HLS_")) return NONE;
  let msn: number | undefined;
  let part: number | undefined;
  let skip: DeltaUpdate | undefined;
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? "" : pair.slice(equals + 1);
    if (name === "_HLS_skip") skip = value === "YES" || value === "v2" ? value : undefined;
    if (name !== "_HLS_msn" && name !== "_HLS_part") continue;
    // Sixteen digits may pass what a number holds exactly.
    if (!/^\d{1,15}$/.test(value)) return `${name} is not a number`;
    if (name === "_HLS_msn") msn = Number(value);
    else part = Number(value);
  }
  if (part !== undefined && msn === undefined) return "_HLS_part without _HLS_msn";
  return { msn, part, skip };
}

/** Whether the playlist holds what was asked for already, is going to, or never will soon enough to wait for it. */
export function decideReload(window: RenditionWindow, directives: ReloadDirectives): ReloadDecision {
  const { msn, part } = directives;
  if (msn === undefined || window.ended) return { type: "now" };
  const last = window.lastMsn ?? msn;
  if (msn > last + MSN_AHEAD) return { type: "bad", reason: `_HLS_msn ${msn} is too far ahead of ${last}` };
  if (part !== undefined && isPartTooFar(window, msn, part)) {
    return { type: "bad", reason: `_HLS_part ${part} is too far ahead` };
  }
  return { type: isSatisfied(window, msn, part) ? "now" : "wait" };
}

/** Whether the playlist holds the segment, or the part or a later one. */
export function isSatisfied(window: RenditionWindow, msn: number, part: number | undefined): boolean {
  const last = window.lastMsn;
  if (last === undefined) return false;
  if (part === undefined || msn < last) return msn <= last;
  const { open } = window;
  if (msn > last) return open?.msn === msn && open.parts.length > part;
  // A part beyond the segment's last is the first of the next segment.
  const parts = window.segments[window.segments.length - 1]?.parts.length ?? 0;
  return part < parts || (open !== undefined && open.parts.length > 0);
}

/** The Advance Part Limit (6.2.5.2). */
function isPartTooFar(window: RenditionWindow, msn: number, part: number): boolean {
  const target = window.targets.part;
  const limit = target < 1 ? Math.ceil(3 / target) : 3;
  const last = window.lastMsn ?? msn;
  if (msn < last) return false;
  const segment = msn === last ? window.segments[window.segments.length - 1] : window.open;
  const parts = segment?.msn === msn ? segment.parts.length : 0;
  return part > parts - 1 + limit;
}
