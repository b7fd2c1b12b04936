/** A deterministic source of noise for fuzz tests (mulberry32). */
export class Noise {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 up to 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 up to `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** A copy with some bytes changed to values that decoders stumble over, or cut, or with a piece repeated or left out. */
  mutate(sample: Uint8Array): Uint8Array {
    let out = sample.slice();
    for (let n = 1 + this.below(4); n > 0; n--) {
      const at = this.below(out.length + 1);
      const kind = this.below(5);
      if (kind < 3 && out.length > 0)
        out[Math.min(at, out.length - 1)] = this.pick([0, 1, 0x7f, 0x80, 0xff, this.below(256)]);
      else if (kind === 3) out = out.slice(0, at);
      else {
        const piece = out.slice(at, at + this.below(64));
        const end = this.below(2) === 0 ? at : at + piece.length;
        out = Uint8Array.from([...out.slice(0, at), ...piece, ...out.slice(end)]);
      }
    }
    return out;
  }
}
