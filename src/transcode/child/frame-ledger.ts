import type { Ticks } from "../../media/time.ts";

/** Where a picture stands, in the source's ticks. */
export type FrameTimes = {
  /**
   * Of the source's decoding times the one of its rank: the k-th picture shown has the k-th time. So a rung that decodes in
   * the order of presentation keeps to the source's cuts picture by picture.
   */
  readonly dts: Ticks;
  readonly pts: Ticks;
  /** The first picture of a segment. */
  readonly startsSegment: boolean;
  /** Rank in the segment, from 0. */
  readonly index: number;
};

/** Frames that are under way in a decoder at most: 16 for its order, 16 for its threads, and as many again. */
const MAX_PENDING = 64;

/** Follows the frames through a decoder, which may lose any of them: times of others do not change by that. */
export class FrameLedger {
  /** Both rise. */
  readonly #dts: Ticks[] = [];
  readonly #pts: Ticks[] = [];
  /** Ends of segments that no picture is behind yet. */
  readonly #cuts: Ticks[] = [];
  #startsSegment = true;
  #index = 0;

  /** Decoding time of the earliest frame under way. */
  get next(): Ticks | undefined {
    return this.#dts[0];
  }

  /** A frame goes into the decoder. */
  push(dts: Ticks, pts: Ticks): void {
    this.#dts.push(dts);
    let at = this.#pts.length;
    while (at > 0 && (this.#pts[at - 1] as Ticks) > pts) at--;
    this.#pts.splice(at, 0, pts);
  }

  /** A segment ends: the first frame with a dts of `end` or more begins the next. Before that frame is pushed. */
  cut(end: Ticks): void {
    this.#cuts.push(end);
  }

  /** The next frame begins a segment, whatever its time. */
  startSegment(): void {
    this.#cuts.length = 0;
    this.#startsSegment = true;
  }

  /** A picture came out: it, undefined if it never went in. Hands those that were lost before it to `lost`. */
  take(pts: Ticks, lost: (times: FrameTimes) => void): FrameTimes | undefined {
    while (this.#pts.length > 0 && (this.#pts[0] as Ticks) < pts) lost(this.#shift());
    return this.#pts[0] === pts ? this.#shift() : undefined;
  }

  /** Hands on those that will not come any more: all when the decoder is empty, else what is more than one can hold. */
  giveUp(isEmpty: boolean, lost: (times: FrameTimes) => void): void {
    const most = isEmpty ? 0 : MAX_PENDING;
    while (this.#pts.length > most) lost(this.#shift());
  }

  #shift(): FrameTimes {
    const dts = this.#dts.shift() as Ticks;
    const pts = this.#pts.shift() as Ticks;
    while (this.#cuts.length > 0 && (this.#cuts[0] as Ticks) <= dts) {
      this.#cuts.shift();
      this.#startsSegment = true;
    }
    const startsSegment = this.#startsSegment;
    this.#startsSegment = false;
    this.#index = startsSegment ? 0 : this.#index + 1;
    return { dts, pts, startsSegment, index: this.#index };
  }
}
