import type { Millis } from "../media/time.ts";

/** What may be saved up, so that the first pictures need not wait. */
const SAVED_MS = 5_000;

/** How much CPU time may be taken: a share of a core in the long run, with a few seconds' worth at once. */
export class CpuBudget {
  #left: Millis;
  #at: Millis;

  /** @param share of one core */
  constructor(
    private readonly share: number,
    now: Millis,
  ) {
    this.#left = share * SAVED_MS;
    this.#at = now;
  }

  /** Whether something may be begun. What it takes is known only afterwards, so a debt may follow. */
  isOpen(now: Millis): boolean {
    this.#refill(now);
    return this.#left > 0;
  }

  spend(cpu: Millis, now: Millis): void {
    this.#refill(now);
    this.#left -= cpu;
  }

  #refill(now: Millis): void {
    this.#left = Math.min(this.share * SAVED_MS, this.#left + (now - this.#at) * this.share);
    this.#at = now;
  }
}
