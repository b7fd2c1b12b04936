import { toUsualRate } from "../hls/multivariant.ts";

/** Segments that are looked at. */
export const MAX_LOOKED_AT = 8;
/** Fewer say nothing. */
const LEAST = 2;
/** So many of them may be of another length, as one is when an encoder comes back, before they are no longer even. */
const STRAY = 2;
/** Part of its length by which a segment may differ. */
const TOLERANCE = 0.1;
/** Nominal lengths are whole ticks of this many a second. */
export const PACE_TIMESCALE = 90_000;
/** A whole number of frames is the truer length when it is as near as this, for encoders that count in milliseconds; seconds. */
const ROUNDING = 0.001;

/**
 * Length in seconds that segments have one after the other, so that each can be foretold; undefined when they are uneven.
 * @param durations of the latest complete segments, in seconds
 * @param wasEven some strays are let pass
 */
export function paceOf(
  durations: readonly number[],
  frameRate: number | undefined,
  wasEven: boolean,
): number | undefined {
  const latest = durations.slice(-MAX_LOOKED_AT);
  if (latest.length < LEAST) return undefined;
  const median = latest.toSorted((a, b) => a - b)[Math.floor(latest.length / 2)] ?? 0;
  const even = latest.filter((duration) => Math.abs(duration - median) <= TOLERANCE * median);
  if (median <= 0 || latest.length - even.length > (wasEven ? STRAY : 0)) return undefined;
  const average = even.reduce((sum, duration) => sum + duration, 0) / even.length;
  const usual = frameRate && toUsualRate(frameRate);
  const whole = usual ? Math.round(average * usual) / usual : average;
  const nominal = Math.abs(whole - average) <= ROUNDING ? whole : average;
  return Math.round(nominal * PACE_TIMESCALE) / PACE_TIMESCALE;
}
