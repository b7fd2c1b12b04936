/** An integer count of a track's timescale. May be negative only where a comment says so. */
export type Ticks = number;
/** Milliseconds: of a monotonic clock where named `now`, since the Unix epoch where named `wallclock`. */
export type Millis = number;

/** Converts between timescales, rounded to the nearest tick. */
export function rescale(ticks: Ticks, from: number, to: number): Ticks {
  return from === to ? ticks : Math.round((ticks * to) / from);
}

/**
 * Continues a 32-bit wrapping counter: the value congruent to `wrapped` (mod 2^32) that is nearest to `previous`
 * (serial number arithmetic, RFC 1982). The result may be negative, or past 2^32.
 */
export function unwrap32(previous: number, wrapped: number): number {
  return previous + ((wrapped - previous) | 0);
}
