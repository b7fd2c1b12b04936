import { PACKET_SIZE, SYNC_BYTE, writePcr } from "./packet.ts";
import type { PesBuffer } from "./pes-buffer.ts";

/** Packets are written into blocks of this many bytes; a segment is the pieces of the blocks it lies in. */
export const BLOCK_SIZE = PACKET_SIZE * 1024;

const PAYLOAD_SIZE = PACKET_SIZE - 4;
/** Adaptation field with flags and PCR. A multiple of 4, so that the payload behind it stays aligned. */
const PCR_FIELD_SIZE = 8;
/** In a header word: byte 1 is payload_unit_start_indicator and the PID's top, byte 3 the control bits and the counter. */
const UNIT_START = 0x40 << 8;
const PAYLOAD = 0x10 << 24;
const ADAPTATION = 0x20 << 24;

/**
 * Cuts sections and PES packets into transport packets (ISO/IEC 13818-1 2.4.3.2). Continuity counters run on for its whole
 * life. Words are little-endian, as on every processor that JavaScript runs on here.
 */
export class Packetizer {
  readonly #counters = new Uint8Array(0x2000);
  #block = new Uint8Array(BLOCK_SIZE);
  #words = new Uint32Array(this.#block.buffer);
  #at = 0;
  #pieceStart = 0;
  #pieces: Uint8Array[] = [];

  /** Goes on behind what another has written. @param counters the last continuity counter of each PID */
  continueAfter(counters: ReadonlyMap<number, number>): void {
    for (const [pid, counter] of counters) this.#counters[pid] = (counter + 1) & 15;
  }

  /** A PSI section, with pointer field 0 and stuffed to whole packets (2.4.4.1). */
  writeSection(pid: number, section: Uint8Array): void {
    let from = 0;
    while (from < section.length) {
      const first = from === 0;
      const at = this.#packet(pid, first ? UNIT_START | PAYLOAD : PAYLOAD);
      const block = this.#block;
      if (first) block[at] = 0;
      const start = first ? at + 1 : at;
      const end = at + PAYLOAD_SIZE;
      const to = Math.min(section.length, from + end - start);
      block.set(section.subarray(from, to), start);
      block.fill(0xff, start + to - from, end);
      from = to;
    }
  }

  /**
   * A PES packet. With `pcr` (90 kHz below 2^33; -1 for none) the first packet gets an adaptation field, in which
   * `randomAccess` may be set.
   */
  writePes(pid: number, pes: PesBuffer, pcr: number, randomAccess: boolean): void {
    const size = pes.size;
    const from = pes.words;
    let offset = 0;
    let start = UNIT_START;

    if (pcr >= 0) {
      if (size < PAYLOAD_SIZE - PCR_FIELD_SIZE) {
        this.#writeLast(pid, pes, 0, pcr, randomAccess);
        return;
      }
      const at = this.#packet(pid, UNIT_START | ADAPTATION | PAYLOAD);
      writePcrField(this.#block, at, PCR_FIELD_SIZE, pcr, randomAccess);
      offset = PAYLOAD_SIZE - PCR_FIELD_SIZE;
      copyWords(this.#words, (at + PCR_FIELD_SIZE) >> 2, from, 0, offset >> 2);
      start = 0;
    }
    while (size - offset >= PAYLOAD_SIZE) {
      const at = this.#packet(pid, start | PAYLOAD);
      start = 0;
      copyWords(this.#words, at >> 2, from, offset >> 2, PAYLOAD_SIZE >> 2);
      offset += PAYLOAD_SIZE;
    }
    if (offset < size) this.#writeLast(pid, pes, offset, -1, false);
  }

  /** A packet that carries nothing but a PCR. Its counter does not advance (2.4.3.3). */
  writePcr(pid: number, pcr: number): void {
    const counters = this.#counters;
    counters[pid] = ((counters[pid] as number) - 1) & 15;
    const at = this.#packet(pid, ADAPTATION);
    writePcrField(this.#block, at, PAYLOAD_SIZE, pcr, false);
  }

  /** What was written since the last call: views of blocks that neighbouring segments share, so not to be transferred. */
  take(): Uint8Array[] {
    this.#endPiece();
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  /** The end of a PES packet that does not fill its packet: stuffing goes into the adaptation field (2.4.3.5). */
  #writeLast(pid: number, pes: PesBuffer, offset: number, pcr: number, randomAccess: boolean): void {
    const left = pes.size - offset;
    const field = PAYLOAD_SIZE - left;
    const at = this.#packet(pid, (offset === 0 ? UNIT_START : 0) | ADAPTATION | PAYLOAD);
    const block = this.#block;
    if (pcr >= 0) {
      writePcrField(block, at, field, pcr, randomAccess);
    } else {
      block[at] = field - 1;
      if (field > 1) block[at + 1] = 0;
      for (let i = at + 2; i < at + field; i++) block[i] = 0xff;
    }
    const from = pes.bytes;
    const to = at + field;
    for (let i = 0; i < left; i++) block[to + i] = from[offset + i] as number;
  }

  /** Begins a packet; returns where its 184 bytes behind the header lie in `#block`. */
  #packet(pid: number, flags: number): number {
    if (this.#at === BLOCK_SIZE) this.#nextBlock();
    const counters = this.#counters;
    const counter = counters[pid] as number;
    counters[pid] = (counter + 1) & 15;
    const at = this.#at;
    this.#words[at >> 2] = SYNC_BYTE | ((pid >> 8) << 8) | ((pid & 0xff) << 16) | (counter << 24) | flags;
    this.#at = at + PACKET_SIZE;
    return at + 4;
  }

  #nextBlock(): void {
    this.#endPiece();
    this.#block = new Uint8Array(BLOCK_SIZE);
    this.#words = new Uint32Array(this.#block.buffer);
    this.#at = 0;
    this.#pieceStart = 0;
  }

  #endPiece(): void {
    if (this.#at > this.#pieceStart) this.#pieces.push(this.#block.subarray(this.#pieceStart, this.#at));
    this.#pieceStart = this.#at;
  }
}

/** `count` is even. */
function copyWords(to: Uint32Array, at: number, from: Uint32Array, start: number, count: number): void {
  for (let end = start + count; start < end; start += 2) {
    to[at] = from[start] as number;
    to[at + 1] = from[start + 1] as number;
    at += 2;
  }
}

/** An adaptation field of `size` bytes in all, its length byte included, at least PCR_FIELD_SIZE. */
function writePcrField(block: Uint8Array, at: number, size: number, pcr: number, randomAccess: boolean): void {
  block[at] = size - 1;
  block[at + 1] = randomAccess ? 0x50 : 0x10;
  writePcr(block, at + 2, pcr);
  for (let i = at + PCR_FIELD_SIZE; i < at + size; i++) block[i] = 0xff;
}
