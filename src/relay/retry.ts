import type { Millis } from "../media/time.ts";

export type RetryOptions = {
  /** Always so long between two attempts; without, it grows. */
  readonly fixed?: Millis;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
};

const FIRST: Millis = 1000;
const LONGEST: Millis = 30_000;
/** A connection that lasted this long was a good one: the next attempt is a first one again. */
const GOOD: Millis = 10_000;

/** `waiting`: for the next attempt; `connecting`; `running`: media may flow. */
export type RetryState = "waiting" | "connecting" | "running";

/** When a relay connects, and connects again. */
export class Retry {
  state: RetryState = "waiting";
  /** Since when it is in this state. */
  since: Millis;
  /** Attempts in all. */
  attempts = 0;
  lastError: string | undefined;
  #due: Millis;
  #failures = 0;

  constructor(
    private readonly options: RetryOptions,
    now: Millis,
  ) {
    this.since = this.#due = now;
  }

  isDue(now: Millis): boolean {
    return this.state === "waiting" && now >= this.#due;
  }

  connecting(now: Millis): void {
    this.attempts++;
    this.#enter("connecting", now);
  }

  running(now: Millis): void {
    if (this.state !== "running") this.#enter("running", now);
  }

  /** It has ended, or never begun. @returns how long until the next attempt */
  failed(error: string, now: Millis): Millis {
    if (this.state === "running" && now - this.since >= GOOD) this.#failures = 0;
    const { fixed, random } = this.options;
    const grown = Math.min(LONGEST, FIRST * 2 ** this.#failures);
    // Relays that lost the same server do not all come back at once.
    const delay = fixed ?? Math.round(grown * (0.75 + random() / 2));
    this.#failures = Math.min(this.#failures + 1, 16);
    this.lastError = error;
    this.#due = now + delay;
    this.#enter("waiting", now);
    return delay;
  }

  #enter(state: RetryState, now: Millis): void {
    this.state = state;
    this.since = now;
  }
}
