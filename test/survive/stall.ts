import type { Look } from "../support/watched-player.ts";

/** When nothing was sent, in milliseconds since the Unix epoch. */
export type Absence = { readonly from: number; readonly to: number };

/** What is judged, in milliseconds since the Unix epoch. */
export type Span = { readonly since: number; readonly until: number };

export type Playback = {
  /** Longest time without a new picture, in seconds. */
  readonly longestFreeze: number;
  /** The same without the absence, which no player can fill: what is judged. */
  readonly longestStall: number;
  /** Pictures shown for each that was sent in the last ten seconds. */
  readonly endRate: number;
};

/** Half of the distance between looks is no freeze. */
const SHORTEST_FREEZE_MS = 300;
const END_MS = 10_000;

/**
 * Measures how a player went on.
 *
 * A freeze is the time from one look that saw a new picture to the next that did, or to the end of the span. While nothing is
 * sent a player shows what it holds and then freezes; it goes on when there is media again, as long after its sender as before.
 * So the length of the absence is taken off the freezes that end after it began, once: what is left of a freeze is a stall.
 */
export function measurePlayback(looks: readonly Look[], span: Span, frameRate: number, absence?: Absence): Playback {
  let excused = absence ? absence.to - absence.from : 0;
  let longestFreeze = 0;
  let longestStall = 0;
  for (const freeze of freezesOf(looks, span)) {
    const length = freeze.to - freeze.from;
    const excuse = absence && freeze.to > absence.from && length > SHORTEST_FREEZE_MS ? Math.min(length, excused) : 0;
    excused -= excuse;
    longestFreeze = Math.max(longestFreeze, length);
    longestStall = Math.max(longestStall, length - excuse);
  }
  return {
    longestFreeze: longestFreeze / 1000,
    longestStall: longestStall / 1000,
    endRate: endRateOf(looks, span.until, frameRate),
  };
}

function freezesOf(looks: readonly Look[], { since, until }: Span): { from: number; to: number }[] {
  const freezes: { from: number; to: number }[] = [];
  let shown: Look | undefined;
  for (const look of looks) {
    if (look.at < since || look.at > until) continue;
    // A player that begins anew may count from 0 again.
    if (look.pictures === shown?.pictures) continue;
    freezes.push({ from: shown?.at ?? since, to: look.at });
    shown = look;
  }
  freezes.push({ from: shown?.at ?? since, to: until });
  return freezes;
}

function endRateOf(looks: readonly Look[], until: number, frameRate: number): number {
  const from = until - END_MS;
  const last = looks.findLast((look) => look.at <= until)?.pictures ?? 0;
  const first = looks.findLast((look) => look.at <= from)?.pictures ?? 0;
  return (last - first) / ((END_MS / 1000) * frameRate);
}
