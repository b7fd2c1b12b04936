import type { RemovedResource } from "../history/playlist-history.ts";
import type { Session } from "./session.ts";

/** Asked for so long before it may go. */
const MARGIN_MS = 700;
/** Of a kind, one in so many is asked for. */
const EVERY = { segment: 2, part: 8 } as const;
const MAX_WAITING = 64;

/** Asks for what has left a playlist, at the end of the time for which it must be there. */
export class Availability {
  readonly #session: Session;
  readonly #waiting: RemovedResource[] = [];
  readonly #counts = { segment: 0, part: 0 };

  constructor(session: Session) {
    this.#session = session;
  }

  add(resources: readonly RemovedResource[]): void {
    for (const resource of resources) {
      if (this.#counts[resource.kind]++ % EVERY[resource.kind] === 0 && this.#waiting.length < MAX_WAITING) {
        this.#waiting.push(resource);
      }
    }
  }

  /** The server is another one: it need not have what the one before had. */
  clear(): void {
    this.#waiting.length = 0;
  }

  /** Asks for what is due. @param now monotonic milliseconds */
  async check(now: number): Promise<void> {
    const due = this.#waiting.filter(({ until }) => until - MARGIN_MS <= now);
    for (const resource of due) {
      const index = this.#waiting.indexOf(resource);
      // Cleared meanwhile.
      if (index < 0) continue;
      this.#waiting.splice(index, 1);
      await this.#ask(resource);
    }
  }

  async #ask({ kind, url, until, name }: RemovedResource): Promise<void> {
    // Too late to say anything.
    if (performance.now() > until) return;
    const { fetcher, signal } = this.#session;
    const exchange = await fetcher.get(kind, url, { signal, headers: { range: "bytes=0-0" } });
    if (exchange.status < 400 || exchange.status >= 500 || exchange.headersAt > until) return;
    const early = ((until - exchange.headersAt) / 1000).toFixed(1);
    this.#session.note("removed-too-early", url, `${name}: ${exchange.status}, ${early} s too early at the least`);
  }
}
