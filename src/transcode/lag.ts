import type { Millis } from "../media/time.ts";

/** Seconds that a transcoder may be behind. Above it is overload, or a start that still catches up. */
const TOLERATED = 3;
/** Who is behind and gains less than `STEP` seconds in `PATIENCE` does not catch up. */
const STEP = 0.5;
const PATIENCE: Millis = 4000;
/** Until a process that has only just started is measured. */
const START: Millis = 4000;
/** Who is behind by less has caught up. */
const CAUGHT_UP = 1;
/** What a speed is measured over. */
const SPEED_OVER: Millis = 2000;

/** Tells a transcoder that is too slow from one that catches up. */
export class Lag {
  #seconds = 0;
  #best = Number.POSITIVE_INFINITY;
  #bestAt: Millis;
  #isCatchingUp = true;
  #samples: { readonly at: Millis; readonly seconds: number }[] = [];

  constructor(now: Millis) {
    this.#bestAt = now + START;
  }

  /** As measured last. */
  get seconds(): number {
    return this.#seconds;
  }

  /** Not counting what a start has still to catch up. */
  get burden(): number {
    return this.#isCatchingUp ? 0 : this.#seconds;
  }

  /** Media seconds made in a second; 1 keeps pace with the source. */
  get speed(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.at === first.at) return 1;
    return 1 - ((last.seconds - first.seconds) * 1000) / (last.at - first.at);
  }

  measure(seconds: number, now: Millis): void {
    this.#seconds = seconds;
    this.#samples.push({ at: now, seconds });
    while (now - (this.#samples[0]?.at ?? now) > SPEED_OVER) this.#samples.shift();
    if (seconds < CAUGHT_UP) this.#isCatchingUp = false;
    // What it loses until it works does not count.
    const isStarting = now < this.#bestAt;
    if (!isStarting && seconds > TOLERATED && seconds > this.#best - STEP) return;
    this.#best = seconds;
    this.#bestAt = Math.max(this.#bestAt, now);
  }

  /** Behind, and not about to catch up. */
  isTooSlow(now: Millis): boolean {
    return this.#seconds > TOLERATED && now - this.#bestAt > PATIENCE;
  }

  /** It begins in the past, and has that to catch up. */
  restart(now: Millis): void {
    this.relieve(now);
    this.#isCatchingUp = true;
    this.#samples = [];
  }

  /** It has less to do from now on: that takes time to show. */
  relieve(now: Millis): void {
    this.#best = Number.POSITIVE_INFINITY;
    this.#bestAt = now + START;
  }
}
