import { KeptProcesses, type KeptProcessesOptions } from "../exec/kept-processes.ts";
import { run } from "../exec/run.ts";
import type { Millis } from "../media/time.ts";

/** Real processes of the server and of its streams. */
export class ExecModule {
  readonly #kept: KeptProcesses;
  readonly #now: () => Millis;

  constructor(options: Omit<KeptProcessesOptions, "launch">) {
    this.#kept = new KeptProcesses({ ...options, launch: run });
    this.#now = options.now;
  }

  /** A `SessionObserver`. */
  get observer(): KeptProcesses {
    return this.#kept;
  }

  start(): void {
    this.#kept.start();
  }

  tick(now: Millis): void {
    this.#kept.tick(now);
  }

  /** Ends all of them, and waits until they are gone; some seconds at most. */
  async close(): Promise<void> {
    this.#kept.close();
    while (!this.#kept.isEmpty) {
      await Bun.sleep(LOOK_MS);
      this.#kept.tick(this.#now());
    }
  }
}

/** How often it is looked whether they are gone. */
const LOOK_MS = 20;
