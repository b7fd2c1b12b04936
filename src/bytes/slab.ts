const SIZE = 1024 ** 2;

/**
 * Cuts buffers of all sizes out of slabs of one size, so that memory which comes back is fit for what comes next: buffers of a
 * hundred odd sizes leave holes. A slab is held as long as any buffer cut from it; use one of these for what lives equally long.
 */
export class SlabAllocator {
  #slab = new Uint8Array(0);
  #used = 0;

  /** `size` bytes, zero. A large buffer gets memory of its own. */
  readonly take = (size: number): Uint8Array => {
    if (size > SIZE / 2) return new Uint8Array(size);
    if (this.#used + size > this.#slab.length) {
      this.#slab = new Uint8Array(SIZE);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += size;
    return this.#slab.subarray(start, this.#used);
  };
}
