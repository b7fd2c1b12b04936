import { MalformedError } from "../../bytes/errors.ts";
import type { Ticks } from "../../media/time.ts";

/** A sample and where it is in the file. */
export type StoredSample = {
  readonly dts: Ticks;
  readonly compositionOffset: Ticks;
  readonly key: boolean;
  readonly offset: number;
  readonly size: number;
};

/** Payloads of the boxes of an stbl. */
export type SampleTableBoxes = {
  readonly stts?: Uint8Array;
  readonly ctts?: Uint8Array;
  readonly stsc?: Uint8Array;
  readonly stsz?: Uint8Array;
  readonly stco?: Uint8Array;
  readonly co64?: Uint8Array;
  readonly stss?: Uint8Array;
};

/** Rows of a table, in place: nothing is allocated for them, so that an hour costs no more than its bytes. */
class Rows {
  readonly count: number;
  readonly #view: DataView;

  /** @param head bytes before the count @param width of a row */
  constructor(
    payload: Uint8Array | undefined,
    name: string,
    private readonly head: number,
    private readonly width: number,
    countless = false,
  ) {
    const bytes = payload ?? new Uint8Array(head + 4);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < head + 4) throw new MalformedError(`${name} of ${bytes.length} bytes`);
    const count = this.#view.getUint32(head);
    if (!countless && count * width > bytes.length - head - 4) throw new MalformedError(`${name} of ${count} entries`);
    this.count = count;
  }

  u32(row: number, column: number): number {
    return this.#view.getUint32(this.head + 4 + row * this.width + column);
  }

  s32(row: number, column: number): number {
    return this.#view.getInt32(this.head + 4 + row * this.width + column);
  }
}

/** The sample tables of one track (ISO/IEC 14496-12 8.6, 8.7), read by a cursor. */
export class SampleTable {
  readonly #times: Rows;
  readonly #offsets: Rows;
  readonly #chunkRuns: Rows;
  readonly #sizes: Rows;
  readonly #chunks: Rows;
  readonly #isWide: boolean;
  readonly #keys: Rows | undefined;
  /** Size of every sample; 0 when each has its own. */
  readonly #size: number;
  readonly #count: number;
  // The cursor: what the next sample is.
  #index = 0;
  #dts: Ticks = 0;
  #timeRow = 0;
  #timeLeft = 0;
  #offsetRow = 0;
  #offsetLeft = 0;
  #keyRow = 0;
  #chunk = 0;
  #chunkRow = 0;
  #inChunk = 0;
  #at = 0;

  /** @throws MalformedError when a table is longer than its box */
  constructor({ stts, ctts, stsc, stsz, stco, co64, stss }: SampleTableBoxes) {
    this.#times = new Rows(stts, "stts", 4, 8);
    this.#offsets = new Rows(ctts, "ctts", 4, 8);
    this.#chunkRuns = new Rows(stsc, "stsc", 4, 12);
    const size = stsz && stsz.length >= 12 ? new DataView(stsz.buffer, stsz.byteOffset).getUint32(4) : 0;
    this.#size = size;
    this.#sizes = new Rows(stsz, "stsz", 8, 4, size > 0);
    this.#isWide = co64 !== undefined;
    this.#chunks = this.#isWide ? new Rows(co64, "co64", 4, 8) : new Rows(stco, "stco", 4, 4);
    this.#keys = stss && new Rows(stss, "stss", 4, 4);
    const usable = this.#chunks.count > 0 && this.#chunkRuns.count > 0 && this.#times.count > 0;
    this.#count = usable ? this.#sizes.count : 0;
    this.#toSample(0);
  }

  /** The sample at the cursor; undefined at the end. */
  peek(): StoredSample | undefined {
    if (this.#index >= this.#count || this.#chunk >= this.#chunks.count) return undefined;
    const key = !this.#keys || (this.#keyRow < this.#keys.count && this.#keys.u32(this.#keyRow, 0) === this.#index + 1);
    const compositionOffset = this.#offsetRow < this.#offsets.count ? this.#offsets.s32(this.#offsetRow, 4) : 0;
    return { dts: this.#dts, compositionOffset, key, offset: this.#at, size: this.#sizeOf(this.#index) };
  }

  /** Goes to the next sample. */
  advance(): void {
    const size = this.#sizeOf(this.#index++);
    if (this.#timeRow < this.#times.count) this.#dts += this.#times.u32(this.#timeRow, 4);
    if (--this.#timeLeft <= 0) this.#nextTimeRow(this.#timeRow + 1);
    if (--this.#offsetLeft <= 0) this.#nextOffsetRow(this.#offsetRow + 1);
    const keys = this.#keys;
    while (keys && this.#keyRow < keys.count && keys.u32(this.#keyRow, 0) <= this.#index) this.#keyRow++;
    this.#at += size;
    if (++this.#inChunk < this.#samplesPerChunk()) return;
    this.#toChunk(this.#chunk + 1);
  }

  /** Goes to the last keyframe that is decoded at or before `dts`, else to the first sample. */
  seekKey(dts: Ticks): void {
    const wanted = this.#sampleAt(dts);
    const keys = this.#keys;
    if (!keys) {
      this.#toSample(wanted);
      return;
    }
    let low = 0;
    for (let high = keys.count; low < high; ) {
      const middle = (low + high) >>> 1;
      if (keys.u32(middle, 0) <= wanted + 1) low = middle + 1;
      else high = middle;
    }
    this.#toSample(low === 0 ? 0 : Math.max(0, keys.u32(low - 1, 0) - 1));
  }

  /** Goes to the first sample that is decoded at or after `dts`. */
  seek(dts: Ticks): void {
    this.#toSample(this.#sampleAt(dts));
    const found = this.peek();
    if (found && found.dts < dts) this.advance();
  }

  /** Number of the sample that is decoded at this time. */
  #sampleAt(dts: Ticks): number {
    let index = 0;
    let time = 0;
    for (let row = 0; row < this.#times.count; row++) {
      const count = this.#times.u32(row, 0);
      const delta = this.#times.u32(row, 4);
      if (time + count * delta > dts) return index + (delta > 0 ? Math.floor(Math.max(0, dts - time) / delta) : 0);
      index += count;
      time += count * delta;
    }
    return Math.max(0, Math.min(index, this.#count) - 1);
  }

  #toSample(wanted: number): void {
    const index = Math.min(wanted, Math.max(0, this.#count - 1));
    this.#index = index;
    this.#dts = 0;
    let left = index;
    this.#nextTimeRow(0);
    while (left >= this.#timeLeft && this.#timeRow < this.#times.count) {
      this.#dts += this.#timeLeft * this.#times.u32(this.#timeRow, 4);
      left -= this.#timeLeft;
      this.#nextTimeRow(this.#timeRow + 1);
    }
    if (this.#timeRow < this.#times.count) {
      this.#dts += left * this.#times.u32(this.#timeRow, 4);
      this.#timeLeft -= left;
    }
    left = index;
    this.#nextOffsetRow(0);
    while (left >= this.#offsetLeft && this.#offsetRow < this.#offsets.count) {
      left -= this.#offsetLeft;
      this.#nextOffsetRow(this.#offsetRow + 1);
    }
    this.#offsetLeft -= left;
    this.#keyRow = 0;
    const keys = this.#keys;
    while (keys && this.#keyRow < keys.count && keys.u32(this.#keyRow, 0) <= index) this.#keyRow++;
    this.#placeOf(index);
  }

  #placeOf(index: number): void {
    const runs = this.#chunkRuns;
    let left = index;
    for (let row = 0; row < runs.count; row++) {
      const first = Math.max(1, runs.u32(row, 0)) - 1;
      const end = row + 1 < runs.count ? Math.max(first, runs.u32(row + 1, 0) - 1) : this.#chunks.count;
      const perChunk = runs.u32(row, 4);
      const samples = Math.max(0, end - first) * perChunk;
      if (left < samples) {
        const chunk = first + Math.floor(left / perChunk);
        this.#chunkRow = row;
        this.#toChunk(chunk);
        const inChunk = left % perChunk;
        if (this.#size > 0) this.#at += inChunk * this.#size;
        else for (let before = index - inChunk; before < index; before++) this.#at += this.#sizeOf(before);
        this.#inChunk = inChunk;
        return;
      }
      left -= samples;
    }
    this.#chunk = this.#chunks.count;
  }

  #toChunk(chunk: number): void {
    this.#chunk = chunk;
    this.#inChunk = 0;
    const runs = this.#chunkRuns;
    while (this.#chunkRow + 1 < runs.count && runs.u32(this.#chunkRow + 1, 0) - 1 <= chunk) this.#chunkRow++;
    if (chunk >= this.#chunks.count) return;
    const high = this.#chunks.u32(chunk, 0);
    this.#at = this.#isWide ? high * 0x1_0000_0000 + this.#chunks.u32(chunk, 4) : high;
    // A chunk without samples is none.
    if (this.#samplesPerChunk() === 0) this.#chunk = this.#chunks.count;
  }

  #samplesPerChunk(): number {
    return this.#chunkRow < this.#chunkRuns.count ? this.#chunkRuns.u32(this.#chunkRow, 4) : 0;
  }

  #sizeOf(index: number): number {
    return this.#size > 0 ? this.#size : index < this.#sizes.count ? this.#sizes.u32(index, 0) : 0;
  }

  #nextTimeRow(from: number): void {
    const rows = this.#times;
    this.#timeRow = from;
    while (this.#timeRow < rows.count && rows.u32(this.#timeRow, 0) === 0) this.#timeRow++;
    this.#timeLeft = this.#timeRow < rows.count ? rows.u32(this.#timeRow, 0) : Number.POSITIVE_INFINITY;
  }

  #nextOffsetRow(from: number): void {
    const rows = this.#offsets;
    this.#offsetRow = from;
    while (this.#offsetRow < rows.count && rows.u32(this.#offsetRow, 0) === 0) this.#offsetRow++;
    this.#offsetLeft = this.#offsetRow < rows.count ? rows.u32(this.#offsetRow, 0) : Number.POSITIVE_INFINITY;
  }
}
