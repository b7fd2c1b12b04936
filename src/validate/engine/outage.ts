import type { Exchange } from "../exchange.ts";
import type { Session } from "./session.ts";

/** `down`: there is nothing now; `back`: there is again; `gone`: it will not come back. */
export type Health = "up" | "down" | "back" | "gone";

/** A playlist that is not found for so long is gone. */
const GONE_MS = 12_000;

type Failure = { readonly since: number; readonly reason: "unreachable" | "busy" | "failed"; readonly text: string };

/** What becomes of a playlist that was there: the server is away for a while, or the stream has ended without a word. */
export class Outage {
  readonly #session: Session;
  readonly #url: string;
  #failure: Failure | undefined;
  #last: Failure["reason"] | undefined;

  constructor(session: Session, url: string) {
    this.#session = session;
    this.#url = url;
  }

  observe(exchange: Exchange): Health {
    if (exchange.error === "aborted") return this.#failure ? "down" : "up";
    const reason = reasonOf(exchange);
    const before = this.#failure;
    if (reason === undefined) {
      this.#failure = undefined;
      if (!before) return "up";
      this.#tell(before, exchange.doneAt);
      return "back";
    }
    const text = exchange.errorText ?? String(exchange.status);
    // The worst that was seen is what is told; the last is what decides whether it has gone.
    this.#last = reason;
    this.#failure =
      before && worse(before.reason, reason) ? before : { since: before?.since ?? exchange.sentAt, reason, text };
    if (reason === "failed" && exchange.status < 500 && exchange.doneAt - this.#failure.since > GONE_MS) {
      this.#session.note("playlist-gone", this.#url, `${exchange.status}, without EXT-X-ENDLIST`);
      this.#failure = undefined;
      return "gone";
    }
    return "down";
  }

  /** Time is up. */
  finish(): void {
    if (!this.#failure) return;
    const seconds = ((performance.now() - this.#failure.since) / 1000).toFixed(1);
    if (this.#last === "busy") this.#session.note("playlist-busy", this.#url, `for the last ${seconds} s`);
    else this.#session.note("playlist-unavailable", this.#url, `for the last ${seconds} s: ${this.#failure.text}`);
  }

  #tell({ reason, since, text }: Failure, now: number): void {
    const message = `for ${((now - since) / 1000).toFixed(1)} s: ${text}`;
    if (reason === "unreachable") this.#session.note("origin-unreachable", this.#url, message);
    else this.#session.note(reason === "busy" ? "playlist-busy" : "playlist-interrupted", this.#url, message);
  }
}

function reasonOf({ status, headers, error }: Exchange): Failure["reason"] | undefined {
  if (status === 0 || error) return "unreachable";
  if (status === 503 && headers["retry-after"] !== undefined) return "busy";
  return status === 200 ? undefined : "failed";
}

function worse(a: Failure["reason"], b: Failure["reason"]): boolean {
  const order = ["busy", "unreachable", "failed"];
  return order.indexOf(a) >= order.indexOf(b);
}
