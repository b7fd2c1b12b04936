import type { Exchange } from "../exchange.ts";
import { sameResource } from "../history/known-segment.ts";
import type { FoundMediaPlaylist, ListedPart } from "../playlist/media-playlist.ts";
import { applyRules } from "../rules/checked-rule.ts";
import { HINT_RULES } from "../rules/hint.ts";
import type { Session } from "./session.ts";

/** A hint that stays unanswered for longer has been given up. */
const TIMEOUT_MS = 30_000;
/** Answers and parts wait for each other; of a few at the most. */
const MAX_KEPT = 16;

/** Asks for hinted parts ahead, as players do, and compares what comes with the parts. */
export class HintRequests {
  readonly #session: Session;
  readonly #asked = new Set<string>();
  readonly #answers = new Map<string, Exchange>();
  readonly #parts = new Map<string, { part: ListedPart; bytes: Uint8Array }>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Looks for a hint in the newest playlist. */
  update(playlist: FoundMediaPlaylist): void {
    const hint = playlist.hints.find(({ type }) => type === "PART");
    if (!hint?.url || playlist.ended || this.#session.over) return;
    // Of a part that lies in a larger resource it is not known where it ends.
    if (hint.start !== undefined || hint.length !== undefined || this.#asked.has(hint.url)) return;
    if (this.#asked.size === 4 * MAX_KEPT) this.#asked.clear();
    this.#asked.add(hint.url);
    void this.#ask(hint.url);
  }

  /** A part has been listed and fetched. */
  arrived(part: ListedPart, bytes: Uint8Array): void {
    if (part.url === undefined || part.range) return;
    for (const [url, exchange] of this.#answers) {
      if (sameResource(url, part.url)) this.#compare(url, exchange, part, bytes);
    }
    remember(this.#parts, part.url, { part, bytes });
  }

  async #ask(url: string): Promise<void> {
    const { fetcher, signal } = this.#session;
    const exchange = await fetcher.get("part", url, { signal, timeoutMs: TIMEOUT_MS });
    if (exchange.error || exchange.status === 503) return;
    for (const [partUrl, { part, bytes }] of this.#parts) {
      if (sameResource(partUrl, url)) return this.#compare(url, exchange, part, bytes);
    }
    remember(this.#answers, url, exchange);
  }

  #compare(url: string, exchange: Exchange, part: ListedPart, bytes: Uint8Array): void {
    this.#answers.delete(url);
    applyRules(HINT_RULES, { exchange, duration: part.duration, part: bytes }, url, this.#session.report);
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= MAX_KEPT) map.delete(map.keys().next().value ?? "");
  map.set(key, value);
}
