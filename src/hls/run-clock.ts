import type { Millis } from "../media/time.ts";

/** Share of the error that one segment corrects, and the most it does; jitter of the network averages out. */
const SHARE = 1 / 16;
const MOST: Millis = 5;
/** Where media times were mended, the wall clock leaps when it is further off than this, and else catches up by such steps. */
const LEAP: Millis = 2000;
const CATCH_UP: Millis = 100;

/**
 * Wall clock of media times in one run. Anchored at the first packet; follows, a few milliseconds per segment, an encoder
 * whose clock is not as fast as ours, or program date-times would be seconds off after a day.
 */
export class RunClock {
  #wallclockAtZero: Millis;
  /** Between a segment's first sample and the arrival of the part that begins it, as it was at first. */
  #lag: Millis | undefined;
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
    const lag = arrival - (this.#wallclockAtZero + seconds * 1000);
    this.#lag ??= lag;
    const error = lag - this.#lag;
    if (this.#mended && Math.abs(error) > LEAP) this.#wallclockAtZero += error;
    else if (this.#mended) this.#wallclockAtZero += within(error, CATCH_UP);
    else this.#wallclockAtZero += within(error * SHARE, MOST);
    this.#mended &&= Math.abs(error) > CATCH_UP && Math.abs(error) <= LEAP;
    return this.#wallclockAtZero + seconds * 1000;
  }
}

function within(value: Millis, most: Millis): Millis {
  return Math.min(most, Math.max(-most, value));
}
