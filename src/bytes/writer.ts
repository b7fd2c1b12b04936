/**
 * A growing big-endian writer whose sizes can be patched afterwards. `take()` hands out the written bytes and starts anew.
 */
export class ByteWriter {
  #data: Uint8Array;
  /** Of `#data`, once it was needed. */
  #view: DataView | undefined;
  #at = 0;

  constructor(capacity = 256) {
    this.#data = new Uint8Array(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at;
  }

  u8(value: number): this {
    this.#room(1);
    this.#data[this.#at++] = value;
    return this;
  }

  u16(value: number): this {
    this.#room(2);
    this.#data[this.#at++] = value >>> 8;
    this.#data[this.#at++] = value;
    return this;
  }

  u24(value: number): this {
    this.#room(3);
    const d = this.#data;
    d[this.#at++] = value >>> 16;
    d[this.#at++] = value >>> 8;
    d[this.#at++] = value;
    return this;
  }

  /** Also takes negative numbers, as two's complement. */
  u32(value: number): this {
    this.#room(4);
    this.setU32(this.#at, value);
    this.#at += 4;
    return this;
  }

  u32LE(value: number): this {
    this.#room(4);
    const d = this.#data;
    d[this.#at++] = value;
    d[this.#at++] = value >>> 8;
    d[this.#at++] = value >>> 16;
    d[this.#at++] = value >>> 24;
    return this;
  }

  /** A non-negative integer up to 2^53. */
  u64(value: number): this {
    return this.u32(Math.floor(value / 0x1_0000_0000)).u32(value >>> 0);
  }

  f64(value: number): this {
    this.#room(8);
    this.#view ??= new DataView(this.#data.buffer);
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#room(value.length);
    this.#data.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  zeros(count: number): this {
    this.#room(count);
    this.#data.fill(0, this.#at, this.#at + count);
    this.#at += count;
    return this;
  }

  /** Latin-1 text, one byte a character (FourCCs, brands). */
  ascii(text: string): this {
    this.#room(text.length);
    for (let i = 0; i < text.length; i++) this.#data[this.#at++] = text.charCodeAt(i);
    return this;
  }

  utf8(text: string): this {
    return this.bytes(encoder.encode(text));
  }

  /** Overwrites four bytes at `offset`, for a size known only later. */
  setU32(offset: number, value: number): void {
    const d = this.#data;
    d[offset] = value >>> 24;
    d[offset + 1] = value >>> 16;
    d[offset + 2] = value >>> 8;
    d[offset + 3] = value;
  }

  /** Hands the written bytes to `use`, which must not keep them, and starts anew in the same buffer. */
  lend(use: (bytes: Uint8Array) => void): void {
    use(this.#data.subarray(0, this.#at));
    this.#at = 0;
  }

  /** The written bytes; the writer starts anew with a buffer of its own. */
  take(): Uint8Array {
    const out = this.#data.subarray(0, this.#at);
    this.#data = new Uint8Array(Math.max(64, this.#at));
    this.#view = undefined;
    this.#at = 0;
    return out;
  }

  #room(count: number): void {
    const need = this.#at + count;
    if (need <= this.#data.length) return;
    const grown = new Uint8Array(Math.max(need, this.#data.length * 2));
    grown.set(this.#data.subarray(0, this.#at));
    this.#data = grown;
    this.#view = undefined;
  }
}

const encoder = new TextEncoder();
