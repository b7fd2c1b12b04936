import { MalformedError } from "./errors.ts";

/** Reads bits, most significant first, with Exp-Golomb codes (H.264 9.1). Reading past the end throws `MalformedError`. */
export class BitReader {
  #bit = 0;

  constructor(private readonly data: Uint8Array) {}

  /** Bits left. */
  get left(): number {
    return this.data.length * 8 - this.#bit;
  }

  /** Bits read so far. */
  get position(): number {
    return this.#bit;
  }

  flag(): boolean {
    return this.u(1) === 1;
  }

  /** An unsigned integer of `count` bits, at most 32. */
  u(count: number): number {
    if (count > this.left) throw new MalformedError(`needs ${count} bits where ${this.left} are left`, this.#bit >> 3);
    let value = 0;
    for (let need = count; need > 0; ) {
      const inByte = 8 - (this.#bit & 7);
      const take = Math.min(inByte, need);
      const byte = this.data[this.#bit >> 3] as number;
      value = value * 2 ** take + ((byte >> (inByte - take)) & ((1 << take) - 1));
      this.#bit += take;
      need -= take;
    }
    return value;
  }

  skip(count: number): void {
    if (count > this.left) throw new MalformedError(`needs ${count} bits where ${this.left} are left`, this.#bit >> 3);
    this.#bit += count;
  }

  /** ue(v) */
  ue(): number {
    let zeros = 0;
    while (this.u(1) === 0) {
      if (++zeros > 32) throw new MalformedError("Exp-Golomb code longer than 32 bits", this.#bit >> 3);
    }
    return zeros === 0 ? 0 : 2 ** zeros - 1 + this.u(zeros);
  }

  /** se(v) */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
