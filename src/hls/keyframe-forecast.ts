import type { Ticks } from "../media/time.ts";

/**
 * Foretells keyframes from how many frames lay between the last ones: encoders mostly make one every so many frames, also
 * where the time between frames varies.
 */
export class KeyframeForecast {
  readonly #halfSecond: Ticks;
  #lastKey: Ticks | undefined;
  #lastFrame: Ticks = 0;
  /** Frames since the last keyframe, that one included. */
  #count = 0;
  /** Frames from keyframe to keyframe; 0 = not known. */
  #distance = 0;
  #regular = false;

  constructor(timescale: number) {
    this.#halfSecond = timescale / 2;
  }

  /**
   * Good enough to act on, not only to hint at: the last two distances were the same, or the first is a whole number of half
   * seconds, which is an encoder's setting rather than a change of scene.
   */
  get isRegular(): boolean {
    return this.#regular;
  }

  /** Whether it can be told when the next keyframe will come: not where there is no rhythm, nor after one that did not come. */
  get isForetold(): boolean {
    return this.#regular && this.#count <= this.#distance;
  }

  /** Whether the next frame is likely a keyframe. */
  get isNext(): boolean {
    return this.#distance > 0 && this.#count === this.#distance;
  }

  /** Notes a frame. Returns the ticks from the keyframe before, when it is a keyframe and not the first. */
  observe(dts: Ticks, key: boolean): Ticks | undefined {
    const frame = dts - this.#lastFrame;
    this.#lastFrame = dts;
    if (!key) {
      this.#count++;
      return undefined;
    }
    const count = this.#count;
    const last = this.#lastKey;
    this.#count = 1;
    this.#lastKey = dts;
    if (last === undefined) return undefined;
    const ticks = dts - last;
    const off = Math.abs(ticks - Math.round(ticks / this.#halfSecond) * this.#halfSecond);
    this.#regular = this.#distance === 0 ? off < frame : count === this.#distance;
    this.#distance = count;
    return ticks;
  }
}
