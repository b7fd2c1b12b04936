import type { Ticks } from "../media/time.ts";

/** So many deltas in a row far from the estimate are a new frame rate, not dropped frames. */
const OUTLIERS_TO_ADOPT = 4;
/** How far the observed rate may be from what the parameter sets say for those to be believed. */
const NOMINAL_TOLERANCE = 0.03;
/** Weight of one delta in the estimate: smooths timestamps that were rounded to milliseconds. */
const WEIGHT = 1 / 8;
/** Deltas remembered: more than any pull-down pattern repeats after. */
const REMEMBERED = 16;
/** A delta longer than this many frames is a pause, and says nothing about the next. */
const PAUSE = 3;

/** In ticks. */
export type FrameRange = { readonly shortest: Ticks; readonly longest: Ticks };

/** Estimates the duration of a video frame from decoding times, so that the end of the latest one can be foretold. */
export class FrameClock {
  readonly #nominal: Ticks | undefined;
  readonly #deltas = new Float64Array(REMEMBERED);
  #count = 0;
  #estimate: Ticks | undefined;
  #last: Ticks | undefined;
  #outliers = 0;

  /** @param frameRate what the parameter sets state, in frames per second; believed when it agrees with what is seen */
  constructor(timescale: number, frameRate?: number) {
    this.#nominal = frameRate && frameRate > 0 ? timescale / frameRate : undefined;
  }

  /** Ticks, not rounded; undefined until it can be told. */
  get duration(): Ticks | undefined {
    const nominal = this.#nominal;
    const estimate = this.#estimate;
    if (nominal === undefined || estimate === undefined) return estimate ?? nominal;
    return Math.abs(estimate - nominal) <= nominal * NOMINAL_TOLERANCE ? nominal : estimate;
  }

  /** Of the latest frames, the shortest and the longest, in ticks: they differ where the frame rate varies. */
  get range(): FrameRange | undefined {
    const duration = this.duration;
    if (duration === undefined) return undefined;
    let shortest = duration;
    let longest = duration;
    for (let i = Math.min(this.#count, REMEMBERED) - 1; i >= 0; i--) {
      const delta = this.#deltas[i] as number;
      if (delta < shortest) shortest = delta;
      else if (delta > longest && delta <= duration * PAUSE) longest = delta;
    }
    return { shortest, longest };
  }

  observe(dts: Ticks): void {
    const last = this.#last;
    this.#last = dts;
    if (last === undefined || dts <= last) return;
    const delta = dts - last;
    this.#deltas[this.#count++ % REMEMBERED] = delta;
    const estimate = this.#estimate;
    if (estimate === undefined) {
      this.#estimate = delta;
    } else if (Math.abs(delta - estimate) <= estimate / 2) {
      this.#outliers = 0;
      this.#estimate = estimate + (delta - estimate) * WEIGHT;
    } else if (++this.#outliers >= OUTLIERS_TO_ADOPT) {
      this.#outliers = 0;
      this.#estimate = delta;
    }
  }
}
