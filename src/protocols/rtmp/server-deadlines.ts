import type { Millis } from "../../media/time.ts";
import type { RtmpServerOptions } from "./server-event.ts";

/** What a client owes by when. */
export class ServerDeadlines {
  /** A publish must have been asked for by then; undefined while there is one. */
  #request: Millis | undefined;
  #lastMedia: Millis;
  #nextPing: Millis | undefined;

  constructor(
    private readonly options: RtmpServerOptions,
    now: Millis,
  ) {
    this.#lastMedia = now;
    this.#request = now + options.handshakeTimeout;
  }

  get next(): Millis {
    const ping = this.#nextPing ?? Number.POSITIVE_INFINITY;
    return Math.min(ping, this.#request ?? this.#lastMedia + this.options.idleTimeout);
  }

  connected(now: Millis): void {
    if (this.options.pingInterval > 0) this.#nextPing = now + this.options.pingInterval;
  }

  publishRequested(now: Millis): void {
    this.#request = undefined;
    this.#lastMedia = now;
  }

  media(now: Millis): void {
    this.#lastMedia = now;
  }

  publishesEnded(now: Millis): void {
    this.#request = now + this.options.handshakeTimeout;
  }

  /** The client has not asked for anything in time. */
  isRequestLate(now: Millis): boolean {
    return this.#request !== undefined && now >= this.#request;
  }

  /** The client publishes, but sends nothing. */
  isIdle(now: Millis): boolean {
    return this.#request === undefined && now >= this.#lastMedia + this.options.idleTimeout;
  }

  /** True when a ping is due; the next one is then an interval away. */
  takePing(now: Millis): boolean {
    if (this.#nextPing === undefined || now < this.#nextPing) return false;
    this.#nextPing = now + this.options.pingInterval;
    return true;
  }
}
