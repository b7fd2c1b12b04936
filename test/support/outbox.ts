/** As much of a Bun socket as sending needs. */
type Wire = { write(bytes: Uint8Array): number; end(): unknown; terminate(): unknown };

/** Sends in order and keeps what the socket does not take at once. */
export class Outbox {
  #wire: Wire | undefined;
  #queue: Uint8Array[] = [];
  #unsent = 0;
  #sent = 0;
  #closing = false;

  /** Bytes that wait. */
  get unsent(): number {
    return this.#unsent;
  }

  /** Bytes that the socket has taken. */
  get sent(): number {
    return this.#sent;
  }

  connect(wire: Wire): void {
    this.#wire = wire;
  }

  send(bytes: Uint8Array): void {
    if (this.#closing || bytes.length === 0) return;
    this.#queue.push(bytes);
    this.#unsent += bytes.length;
    if (this.#queue.length === 1) this.flush();
  }

  /** To be called when the socket takes bytes again. */
  flush(): void {
    while (this.#wire) {
      const [bytes] = this.#queue;
      if (!bytes) break;
      const taken = Math.max(0, this.#wire.write(bytes));
      this.#unsent -= taken;
      this.#sent += taken;
      if (taken < bytes.length) {
        this.#queue[0] = bytes.subarray(taken);
        return;
      }
      this.#queue.shift();
    }
    if (this.#closing) this.#wire?.end();
  }

  /** Sends what waits, then closes the socket. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.flush();
  }

  /** Closes the socket now; what waits is lost. */
  abort(): void {
    this.#closing = true;
    this.#queue = [];
    this.#unsent = 0;
    this.#wire?.terminate();
    this.#wire = undefined;
  }
}
