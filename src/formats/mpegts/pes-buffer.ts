/** A PES packet that once needed more than this does not keep its buffer. */
const KEPT_CAPACITY = 1024 * 1024;

/**
 * Larger copies go by pieces of this size: libc's `rep movsb` for larger ones is up to 20 times slower on AMD's Zen when the
 * target lies a few bytes behind the source within a page, which the offset of a message's payload easily makes it do.
 */
const COPY_SIZE = 1984;

/** Where a PES packet is put together before it is cut into transport packets; used again for the next. */
export class PesBuffer {
  readonly #initial: number;
  bytes: Uint8Array;
  /** The same memory in 32-bit words: transport payloads are copied by words. */
  words: Uint32Array;
  size = 0;

  /** @param capacity bytes to begin with, a multiple of 4 */
  constructor(capacity: number) {
    this.#initial = capacity;
    this.bytes = new Uint8Array(capacity);
    this.words = new Uint32Array(this.bytes.buffer);
  }

  clear(): void {
    this.size = 0;
    if (this.bytes.length > KEPT_CAPACITY) this.#resize(this.#initial);
  }

  /** Makes room for `count` bytes more. */
  reserve(count: number): void {
    const need = this.size + count;
    if (need <= this.bytes.length) return;
    const old = this.bytes;
    this.#resize(Math.max(old.length * 2, (need + 3) & ~3));
    this.bytes.set(old.subarray(0, this.size));
  }

  append(data: Uint8Array): void {
    this.appendRange(data, 0, data.length);
  }

  /** Appends `data[from, to)`. */
  appendRange(data: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    const bytes = this.bytes;
    let at = this.size;
    this.size = at + to - from;
    if (from === 0 && to === data.length && to <= COPY_SIZE) {
      bytes.set(data, at);
      return;
    }
    for (; from < to; from += COPY_SIZE, at += COPY_SIZE) {
      bytes.set(data.subarray(from, Math.min(from + COPY_SIZE, to)), at);
    }
  }

  #resize(capacity: number): void {
    this.bytes = new Uint8Array(capacity);
    this.words = new Uint32Array(this.bytes.buffer);
  }
}
