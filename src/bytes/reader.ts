import { MalformedError } from "./errors.ts";

/**
 * A checked cursor over bytes. Integers are big-endian unless the name ends in `LE`.
 * Reading past the end throws `MalformedError`; nothing is copied: `bytes(n)` is a view.
 */
export class ByteReader {
  #at: number;

  constructor(
    readonly data: Uint8Array,
    start = 0,
    private readonly end = data.length,
  ) {
    this.#at = start;
  }

  /** Offset of the next byte, from the start of `data`. */
  get offset(): number {
    return this.#at;
  }

  /** Bytes left. */
  get left(): number {
    return this.end - this.#at;
  }

  skip(count: number): void {
    this.#take(count);
  }

  u8(): number {
    return this.data[this.#take(1)] as number;
  }

  /** The next byte without moving, or undefined at the end. */
  peek(): number | undefined {
    return this.#at < this.end ? this.data[this.#at] : undefined;
  }

  u16(): number {
    const at = this.#take(2);
    const d = this.data;
    return ((d[at] as number) << 8) | (d[at + 1] as number);
  }

  u16LE(): number {
    const at = this.#take(2);
    const d = this.data;
    return (d[at] as number) | ((d[at + 1] as number) << 8);
  }

  s16(): number {
    return (this.u16() << 16) >> 16;
  }

  u24(): number {
    const at = this.#take(3);
    const d = this.data;
    return ((d[at] as number) << 16) | ((d[at + 1] as number) << 8) | (d[at + 2] as number);
  }

  s24(): number {
    return (this.u24() << 8) >> 8;
  }

  u32(): number {
    const at = this.#take(4);
    const d = this.data;
    return (
      (((d[at] as number) << 24) |
        ((d[at + 1] as number) << 16) |
        ((d[at + 2] as number) << 8) |
        (d[at + 3] as number)) >>>
      0
    );
  }

  u32LE(): number {
    const at = this.#take(4);
    const d = this.data;
    return (
      (((d[at + 3] as number) << 24) |
        ((d[at + 2] as number) << 16) |
        ((d[at + 1] as number) << 8) |
        (d[at] as number)) >>>
      0
    );
  }

  s32(): number {
    return this.u32() | 0;
  }

  /** An unsigned 64-bit integer as a number; exact up to 2^53. */
  u64(): number {
    return this.u32() * 0x1_0000_0000 + this.u32();
  }

  f64(): number {
    const at = this.#take(8);
    return new DataView(this.data.buffer, this.data.byteOffset + at, 8).getFloat64(0);
  }

  /** A view of the next `count` bytes, not a copy. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.data.subarray(at, at + count);
  }

  /** A view of everything left. */
  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  /** The next `count` bytes as UTF-8; invalid sequences become U+FFFD. */
  utf8(count: number): string {
    return utf8.decode(this.bytes(count));
  }

  /** The next `count` bytes as Latin-1 (for FourCCs and other ASCII). */
  ascii(count: number): string {
    const at = this.#take(count);
    let text = "";
    for (let i = at; i < at + count; i++) text += String.fromCharCode(this.data[i] as number);
    return text;
  }

  /** A reader of the next `count` bytes; this reader moves behind them. Offsets stay those of `data`. */
  sub(count: number): ByteReader {
    const at = this.#take(count);
    return new ByteReader(this.data, at, at + count);
  }

  #take(count: number): number {
    const at = this.#at;
    if (count < 0 || at + count > this.end) {
      throw new MalformedError(`needs ${count} bytes where ${this.end - at} are left`, at);
    }
    this.#at = at + count;
    return at;
  }
}

const utf8 = new TextDecoder();
