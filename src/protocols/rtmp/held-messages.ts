import { ProtocolError } from "../errors.ts";
import type { RtmpMessage } from "./message.ts";

/** Clients need not wait for the answer to a request; what they send before it is held, up to these limits. */
const MAX_HELD_MESSAGES = 512;
const MAX_HELD_BYTES = 4 << 20;

/** Messages that wait for an answer of ours. */
export class HeldMessages {
  #messages: RtmpMessage[] = [];
  #bytes = 0;

  /** @throws ProtocolError when it is too much */
  add(message: RtmpMessage): void {
    this.#bytes += message.body.length;
    if (this.#bytes > MAX_HELD_BYTES || this.#messages.length >= MAX_HELD_MESSAGES) {
      throw new ProtocolError("too much was sent before the answer to a request", "limit-reached");
    }
    this.#messages.push(message);
  }

  /** All of them, in order; there are none afterwards. */
  take(): readonly RtmpMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}
