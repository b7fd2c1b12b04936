/** Writes bits, most significant first, with Exp-Golomb codes (H.264 9.1), into a buffer that is used again. */
export class BitWriter {
  #data = new Uint8Array(4096);
  #at = 0;
  #hold = 0;
  #held = 0;

  /** Bits written since the last `take`. */
  get position(): number {
    return this.#at * 8 + this.#held;
  }

  /** The low `count` bits of `value`, at most 24. */
  u(value: number, count: number): this {
    this.#hold = (this.#hold << count) | value;
    this.#held += count;
    if (this.#at + 4 > this.#data.length) this.#grow();
    while (this.#held >= 8) {
      this.#held -= 8;
      this.#data[this.#at++] = this.#hold >>> this.#held;
    }
    this.#hold &= (1 << this.#held) - 1;
    return this;
  }

  u32(value: number): this {
    return this.u(value >>> 16, 16).u(value & 0xffff, 16);
  }

  /** A variable-length code, written with a leading 1 that is not part of it: `0b1_0011` is the code `0011`. */
  code(marked: number): this {
    const count = 31 - Math.clz32(marked);
    return this.u(marked ^ (1 << count), count);
  }

  /** ue(v), below 65,535. */
  ue(value: number): this {
    const zeros = 31 - Math.clz32(value + 1);
    return this.u(0, zeros).u(value + 1, zeros + 1);
  }

  /** se(v), within +-32,000. */
  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** rbsp_trailing_bits() (H.264 7.3.2.11). */
  trailing(): this {
    return this.u(1, 1).u(0, (8 - this.#held) & 7);
  }

  /** The whole bytes written, as a view that the next write destroys; the writer starts anew. */
  take(): Uint8Array {
    const out = this.#data.subarray(0, this.#at);
    this.#at = this.#hold = this.#held = 0;
    return out;
  }

  #grow(): void {
    const grown = new Uint8Array(this.#data.length * 2);
    grown.set(this.#data);
    this.#data = grown;
  }
}
