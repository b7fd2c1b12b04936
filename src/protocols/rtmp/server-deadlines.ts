import type { Millis } from "../../media/time.ts";
import type { RtmpServerOptions } from "./server-event.ts";

/** What a client owes by when. */
export class ServerDeadlines {
  /** A publish must have been asked for by then; undefined while there is one. */
  #request: Millis | undefined;
  /** Undefined while nothing is published. */
  #lastMedia: Millis | undefined;
  #lastMessage: Millis;
  #nextPing: Millis | undefined;

  constructor(
    private readonly options: RtmpServerOptions,
    now: Millis,
  ) {
    this.#lastMessage = now;
    this.#request = now + options.handshakeTimeout;
  }

  get next(): Millis {
    const ping = this.#nextPing ?? Number.POSITIVE_INFINITY;
    if (this.#request !== undefined) return Math.min(ping, this.#request);
    const { idleTimeout, mediaTimeout } = this.options;
    const last = mediaTimeout > 0 ? this.#lastMedia : undefined;
    const media = last === undefined ? Number.POSITIVE_INFINITY : last + mediaTimeout;
    const idle = this.#owesMessages ? this.#lastMessage + idleTimeout : Number.POSITIVE_INFINITY;
    return Math.min(ping, media, idle);
  }

  /** It is ours to answer now. */
  decisionDue(): void {
    this.#request = undefined;
  }

  connected(now: Millis): void {
    this.#request = now + this.options.handshakeTimeout;
    if (this.options.pingInterval > 0) this.#nextPing = now + this.options.pingInterval;
  }

  /** A publish or a play has been let in; its silence before was ours. */
  accepted(now: Millis): void {
    this.#request = undefined;
    this.#lastMessage = now;
  }

  /** A whole message of any kind, such as the answer to a ping. */
  message(now: Millis): void {
    this.#lastMessage = now;
  }

  media(now: Millis): void {
    this.#lastMedia = now;
  }

  /** A publish or play has ended; what else goes on. Without anything, something must be asked for again. */
  ended(now: Millis, { publishing, active }: { readonly publishing: boolean; readonly active: boolean }): void {
    if (!publishing) this.#lastMedia = undefined;
    if (!active) this.#request = now + this.options.handshakeTimeout;
  }

  /** A player that is not pinged has nothing to say. */
  get #owesMessages(): boolean {
    return this.#lastMedia !== undefined || this.#nextPing !== undefined;
  }

  /** The client has not asked for anything in time. */
  isRequestLate(now: Millis): boolean {
    return this.#request !== undefined && now >= this.#request;
  }

  /** The client publishes or plays, but sends nothing, not even answers to pings. */
  isIdle(now: Millis): boolean {
    return this.#request === undefined && this.#owesMessages && now >= this.#lastMessage + this.options.idleTimeout;
  }

  /** The client publishes, but sends no media, and that is not to be borne. */
  isWithoutMedia(now: Millis): boolean {
    const { mediaTimeout } = this.options;
    if (this.#request !== undefined || mediaTimeout === 0 || this.#lastMedia === undefined) return false;
    return now >= this.#lastMedia + mediaTimeout;
  }

  /** True when a ping is due; the next one is then an interval away. */
  takePing(now: Millis): boolean {
    if (this.#nextPing === undefined || now < this.#nextPing) return false;
    this.#nextPing = now + this.options.pingInterval;
    return true;
  }
}
