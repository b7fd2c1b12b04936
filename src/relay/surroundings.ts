import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { Sessions } from "../streams/sessions.ts";
import type { Destination } from "./destination.ts";

/** What all relays are handed. */
export type Surroundings = {
  readonly log: Log;
  readonly clock: () => Millis;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** How this server calls itself. */
  readonly agent: string;
  readonly sendTimeout: () => Millis;
  /** Where they are to be seen among those who publish and play. */
  readonly sessions: Sessions;
};

/** Says once what goes wrong, and not at every attempt. */
export class FailureLog {
  #last: string | undefined;

  constructor(
    private readonly log: Log,
    private readonly direction: "push" | "pull",
    private readonly path: string,
  ) {}

  failed({ shown }: Destination, reason: string, delay: Millis): void {
    if (reason === this.#last) return;
    this.#last = reason;
    const retry = `${(delay / 1000).toFixed(1)} s`;
    this.log.warn(`${this.direction} failed`, { path: this.path, target: shown, reason, retry });
  }

  began({ shown }: Destination): void {
    this.#last = undefined;
    this.log.info(`${this.direction} started`, { path: this.path, target: shown });
  }

  ended({ shown }: Destination, reason: string): void {
    this.log.info(`${this.direction} ended`, { path: this.path, target: shown, reason });
  }
}
