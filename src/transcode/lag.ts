import type { Millis } from "../media/time.ts";

/** Seconds that a transcoder may be behind. Above it is overload, or a start that still catches up. */
const TOLERATED = 3;
/** Who is behind and gains less than `STEP` seconds in `PATIENCE` does not catch up. */
const STEP = 0.5;
const PATIENCE: Millis = 4000;
/** Until a process that has only just started is measured. */
const START: Millis = 4000;

/** Tells a transcoder that is too slow from one that catches up. */
export class Lag {
  #seconds = 0;
  #best = Number.POSITIVE_INFINITY;
  #bestAt: Millis;

  constructor(now: Millis) {
    this.#bestAt = now + START;
  }

  /** As measured last. */
  get seconds(): number {
    return this.#seconds;
  }

  measure(seconds: number, now: Millis): void {
    this.#seconds = seconds;
    if (seconds > TOLERATED && seconds > this.#best - STEP) return;
    this.#best = seconds;
    this.#bestAt = Math.max(this.#bestAt, now);
  }

  /** Behind, and not about to catch up. */
  isTooSlow(now: Millis): boolean {
    return this.#seconds > TOLERATED && now - this.#bestAt > PATIENCE;
  }

  /** Gives it time anew: what it has to do has changed. */
  restart(now: Millis): void {
    this.#best = Number.POSITIVE_INFINITY;
    this.#bestAt = now + START;
  }
}
