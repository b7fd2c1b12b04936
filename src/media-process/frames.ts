import { MalformedError } from "../bytes/errors.ts";

/** A message over a pipe: its length in four bytes, then so many bytes. */
const HEADER = 4;

/** Puts the length in front of a message. */
export function encodeFrame(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER + message.length);
  new DataView(frame.buffer).setUint32(0, message.length);
  frame.set(message, HEADER);
  return frame;
}

/** Finds the messages in what a pipe gives, whatever its pieces. */
export class FrameReader {
  readonly #header = new Uint8Array(HEADER);
  #headerFilled = 0;
  #message: Uint8Array | undefined;
  #filled = 0;

  /** @param maxBytes of one message */
  constructor(private readonly maxBytes: number) {}

  /**
   * The messages that are whole with these bytes: views of them, or, where they came in pieces, bytes of their own.
   * @throws MalformedError when one is longer than may be
   */
  push(bytes: Uint8Array): Uint8Array[] {
    const messages: Uint8Array[] = [];
    let at = 0;
    while (at < bytes.length || this.#message?.length === this.#filled) {
      if (!this.#message) {
        const taken = Math.min(HEADER - this.#headerFilled, bytes.length - at);
        this.#header.set(bytes.subarray(at, at + taken), this.#headerFilled);
        this.#headerFilled += taken;
        at += taken;
        if (this.#headerFilled < HEADER) break;
        const length = new DataView(this.#header.buffer).getUint32(0);
        if (length > this.maxBytes) throw new MalformedError(`a message of ${length} bytes`, at - HEADER);
        this.#headerFilled = this.#filled = 0;
        if (at + length <= bytes.length) {
          messages.push(bytes.subarray(at, at + length));
          at += length;
          continue;
        }
        this.#message = new Uint8Array(length);
      }
      const taken = Math.min(this.#message.length - this.#filled, bytes.length - at);
      this.#message.set(bytes.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled < this.#message.length) break;
      messages.push(this.#message);
      this.#message = undefined;
    }
    return messages;
  }
}
