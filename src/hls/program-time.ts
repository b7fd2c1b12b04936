import type { Millis } from "../media/time.ts";

/** Share of a segment's duration by which what follows may seem to begin before its end. */
const SHRINK = 0.02;

/**
 * Keeps program date-times rising over runs. A backup encoder that takes over begins with what it sent a moment ago, which
 * puts the end of the playlist ahead of the wall clock; what comes next would begin before that end. The surplus shrinks
 * little by little.
 */
export class ProgramTime {
  #start: Millis = Number.NEGATIVE_INFINITY;
  #least: Millis = Number.NEGATIVE_INFINITY;

  /** When a segment begins. @param wallclock by the clock of its run */
  open(wallclock: Millis): Millis {
    this.#start = Math.round(Math.max(wallclock, this.#least));
    return this.#start;
  }

  /** That segment is complete. @param duration in seconds */
  close(duration: number): void {
    this.#least = this.#start + duration * 1000 * (1 - SHRINK);
  }
}
