/** Buckets grow by one percent: a percentile is right to that. */
const GROWTH = Math.log(1.01);
/** Values nearer to zero than it share a bucket. */
const SMALLEST = 0.1;
/** Up to e^(BUCKETS * GROWTH) * SMALLEST: about eleven days, in milliseconds. */
const BUCKETS = 2_340;

/**
 * Counts values in buckets, so that percentiles of any number of them cost the same memory. Values are milliseconds, and may be
 * negative: clocks differ.
 */
export class Histogram {
  /** Of values below zero by size, from the largest to the smallest, then of those above. */
  readonly #counts = new Uint32Array(2 * BUCKETS);
  #count = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    const size = Math.abs(value);
    const step = size <= SMALLEST ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(size / SMALLEST) / GROWTH));
    const bucket = value < 0 ? BUCKETS - 1 - step : BUCKETS + step;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#count++;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  get count(): number {
    return this.#count;
  }

  /** The least value that `share` (0 to 1) of all are not above, to one percent. Undefined without values. */
  percentile(share: number): number | undefined {
    if (this.#count === 0) return undefined;
    let left = Math.max(1, Math.ceil(share * this.#count));
    for (let bucket = 0; bucket < 2 * BUCKETS; bucket++) {
      left -= this.#counts[bucket] as number;
      if (left > 0) continue;
      const step = bucket < BUCKETS ? BUCKETS - 1 - bucket : bucket - BUCKETS;
      const size = SMALLEST * Math.exp(step * GROWTH);
      return Math.max(this.#min, Math.min(this.#max, bucket < BUCKETS ? -size : size));
    }
    return this.#max;
  }

  get min(): number | undefined {
    return this.#count === 0 ? undefined : this.#min;
  }

  get max(): number | undefined {
    return this.#count === 0 ? undefined : this.#max;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = Number.NEGATIVE_INFINITY;
  }
}
