import type { Ticks } from "../media/time.ts";
import type { FrameRange } from "./frame-clock.ts";

/** Foretells keyframes from the distance of the last two: encoders mostly make them at a fixed one. */
export class KeyframeForecast {
  #last: Ticks | undefined;
  #distance: Ticks = 0;

  /** Notes a keyframe; the distance from the one before, or 0 for the first. */
  observe(dts: Ticks): Ticks {
    if (this.#last !== undefined) this.#distance = dts - this.#last;
    this.#last = dts;
    return this.#distance;
  }

  /** Whether the frame that comes after the one at `dts` is likely a keyframe. */
  isNextAfter(dts: Ticks, frames: FrameRange): boolean {
    if (this.#last === undefined || this.#distance === 0) return false;
    const tolerance = frames.shortest / 4;
    const wait = this.#last + this.#distance - dts;
    return wait > frames.shortest - tolerance && wait < frames.longest + tolerance;
  }
}
