import { sleep } from "./process.ts";

/** One look at a player. */
export type Look = {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Shown since it began to play. */
  readonly pictures: number;
};

/** What was seen of a player until now. */
export type Watched = {
  readonly looks: readonly Look[];
  /** Why it stopped for good; empty while it goes on. */
  readonly failures: readonly string[];
  /** What it said of the stream and went on. */
  readonly complaints: readonly string[];
  /** Seconds behind the live edge by the program date-time; undefined when the player does not tell. */
  readonly latency?: number;
};

/** A real player that plays one URL, looked at about five times a second until its scope ends. */
export interface WatchedPlayer extends AsyncDisposable {
  watched(): Promise<Watched>;
}

/** How often a player is looked at. */
export const LOOK_EVERY_MS = 200;

/** Asks for the number of pictures shown again and again, until stopped. */
export class Looks {
  readonly taken: Look[] = [];
  #stopped = false;

  /** @param pictures undefined when the player does not answer at this moment */
  constructor(pictures: () => number | undefined | Promise<number | undefined>) {
    void this.#look(pictures);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #look(ask: () => number | undefined | Promise<number | undefined>): Promise<void> {
    while (!this.#stopped) {
      const pictures = await ask();
      if (pictures !== undefined) this.taken.push({ at: Date.now(), pictures });
      await sleep(LOOK_EVERY_MS);
    }
  }
}

/** The number behind the last `label` in a player's output; 0 while there is none. */
export function lastCount(output: string, label: string): number {
  const at = output.lastIndexOf(label);
  return at < 0 ? 0 : Number.parseInt(output.slice(at + label.length, at + label.length + 16), 10);
}
