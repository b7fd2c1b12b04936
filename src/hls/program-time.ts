import type { Millis } from "../media/time.ts";

/**
 * Keeps program date-times rising over runs. A backup encoder that takes over begins with what it sent a moment ago, which
 * puts the end of the playlist ahead of the wall clock; what comes next would begin before that end. The surplus stays until
 * the wall clock has caught up in a pause: to take it back little by little would be a step at every segment, at which Shaka
 * Player loses pictures.
 */
export class ProgramTime {
  #start: Millis = Number.NEGATIVE_INFINITY;
  #least: Millis = Number.NEGATIVE_INFINITY;

  /** When a segment begins. @param wallclock by the clock of its run */
  open(wallclock: Millis): Millis {
    this.#start = Math.max(wallclock, this.#least);
    return Math.round(this.#start);
  }

  /** That segment is complete. @param duration in seconds */
  close(duration: number): void {
    this.#least = this.#start + duration * 1000;
  }
}
