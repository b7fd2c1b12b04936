import type { Millis } from "../media/time.ts";

/** Share that one segment has in the mean error; jitter of the network averages out. */
const SHARE = 1 / 16;
/**
 * Program date-times follow the media's times exactly until they are off by this, and then at once: Shaka Player places segments
 * by them and loses the rest of a group of pictures at every step. Validators tolerate 200 ms.
 */
const STEP: Millis = 150;
/** Where media times were mended, the wall clock leaps when it is further off than this, and else catches up by such steps. */
const LEAP: Millis = 2000;

/**
 * Wall clock of media times in one run. Anchored at the first packet; follows, by a step now and then, an encoder whose
 * clock is not as fast as ours, or program date-times would be seconds off after a day.
 */
export class RunClock {
  #wallclockAtZero: Millis;
  /** Between a segment's first sample and the arrival of the part that begins it, as it was at first. */
  #lag: Millis | undefined;
  #meanError: Millis = 0;
  #mended = false;

  /** @param seconds media time of the first packet, which came at `wallclock` */
  constructor(seconds: number, wallclock: Millis) {
    this.#wallclockAtZero = wallclock - seconds * 1000;
  }

  /** A jump of the media's times was closed: if it was a pause, the wall clock has gone on meanwhile. */
  mended(): void {
    this.#mended = true;
  }

  /** Wall clock of what happens at `seconds`. */
  at(seconds: number): Millis {
    return this.#wallclockAtZero + seconds * 1000;
  }

  /** Wall clock of a segment that begins at `seconds`. @param arrival wall clock now */
  wallclockOf(seconds: number, arrival: Millis): Millis {
    const lag = arrival - this.at(seconds);
    this.#lag ??= lag;
    const error = lag - this.#lag;
    if (this.#mended) this.#catchUp(error);
    else this.#follow(error);
    return this.at(seconds);
  }

  #catchUp(error: Millis): void {
    const size = Math.abs(error);
    if (size > LEAP) this.#wallclockAtZero += error;
    else if (size > STEP) this.#wallclockAtZero += Math.sign(error) * STEP;
    this.#mended = size > STEP && size <= LEAP;
    this.#meanError = 0;
  }

  #follow(error: Millis): void {
    this.#meanError += (error - this.#meanError) * SHARE;
    if (Math.abs(this.#meanError) < STEP) return;
    this.#wallclockAtZero += Math.sign(this.#meanError) * STEP;
    this.#meanError = 0;
  }
}
