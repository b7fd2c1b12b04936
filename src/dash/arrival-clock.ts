import type { Millis } from "../media/time.ts";

/** For so long an earliest arrival counts: an encoder's clock may be slower than ours. */
const REMEMBERED: Millis = 10_000;

/**
 * How far the wall clock is ahead of the media's times: by what has come earliest, for media that was late once is not a
 * measure of when the next comes.
 */
export class ArrivalClock {
  #current = Number.POSITIVE_INFINITY;
  #before = Number.POSITIVE_INFINITY;
  #since: Millis = Number.NEGATIVE_INFINITY;

  /** Seconds; undefined before anything has come. */
  get offset(): number | undefined {
    const offset = Math.min(this.#current, this.#before);
    return Number.isFinite(offset) ? offset : undefined;
  }

  /** @param end of what has come, in seconds of the media @param wallclock now */
  observe(end: number, wallclock: Millis): void {
    if (wallclock - this.#since > REMEMBERED) {
      this.#before = this.#since > wallclock - 2 * REMEMBERED ? this.#current : Number.POSITIVE_INFINITY;
      this.#current = Number.POSITIVE_INFINITY;
      this.#since = wallclock;
    }
    this.#current = Math.min(this.#current, wallclock / 1000 - end);
  }
}
