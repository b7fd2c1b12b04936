/** Writes bits, most significant first, for records of a few bytes; what is left of the last byte is 0. */
export class BitWriter {
  readonly #data: Uint8Array;
  #bit = 0;

  /** @param capacity the most bytes it can hold */
  constructor(capacity: number) {
    this.#data = new Uint8Array(capacity);
  }

  u(count: number, value: number): this {
    for (let i = count - 1; i >= 0; i--, this.#bit++) {
      if ((value >>> i) & 1)
        this.#data[this.#bit >> 3] = (this.#data[this.#bit >> 3] as number) | (0x80 >> (this.#bit & 7));
    }
    return this;
  }

  take(): Uint8Array {
    return this.#data.slice(0, (this.#bit + 7) >> 3);
  }
}
