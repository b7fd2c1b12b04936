import type { Millis } from "../media/time.ts";

/** Share of the error that one segment corrects, and the most it does; jitter of the network averages out. */
const SHARE = 1 / 16;
const MOST: Millis = 5;
/** Where media times were mended, less than this is jitter. */
const JUMP: Millis = 500;

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
    if (this.#mended && Math.abs(error) > JUMP) this.#wallclockAtZero += error;
    else this.#wallclockAtZero += Math.min(MOST, Math.max(-MOST, error * SHARE));
    this.#mended = false;
    return this.#wallclockAtZero + seconds * 1000;
  }
}
