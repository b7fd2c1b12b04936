import { formatHlsPlaylist, type HlsEntry, type HlsPlaylist } from "./hls-playlist.ts";

/** The entries that a playlist on disk lists: the newest few, numbered on without end. */
export class HlsWindow {
  readonly #length: number;
  #entries: HlsEntry[] = [];
  #mediaSequence: number;
  #discontinuitySequence = 0;
  #targetDuration: number;

  /**
   * @param length entries listed at most
   * @param targetDuration seconds; grows when a segment is longer, and never shrinks
   * @param first number of the first segment
   */
  constructor(length: number, targetDuration: number, first = 0) {
    this.#mediaSequence = first;
    this.#length = Math.max(1, length);
    this.#targetDuration = Math.max(1, Math.ceil(targetDuration));
  }

  /** The number of the next segment. */
  get next(): number {
    return this.#mediaSequence + this.#entries.length;
  }

  /** Numbers of the segments that are listed, being written, or have left the list no longer ago than it is long. */
  kept(): number[] {
    const first = Math.max(0, this.#mediaSequence - this.#length);
    return Array.from({ length: this.next + 1 - first }, (_, index) => first + index);
  }

  /** Goes on from a playlist found on disk. `isThere` tells of each of its entries whether the file still exists. */
  continueFrom(found: HlsPlaylist, isThere: readonly boolean[]): void {
    this.#mediaSequence = found.mediaSequence;
    this.#discontinuitySequence = found.discontinuitySequence;
    this.#targetDuration = Math.max(this.#targetDuration, found.targetDuration);
    this.#entries = [...found.entries];
    const lastGone = isThere.lastIndexOf(false);
    this.#drop(Math.max(lastGone + 1, this.#entries.length - this.#length));
  }

  add(entry: HlsEntry): void {
    this.#entries.push(entry);
    // RFC 8216 4.3.3.1: the rounded duration of every segment is at most this.
    this.#targetDuration = Math.max(this.#targetDuration, Math.round(entry.duration));
    this.#drop(this.#entries.length - this.#length);
  }

  format(): string {
    return formatHlsPlaylist({
      mediaSequence: this.#mediaSequence,
      discontinuitySequence: this.#discontinuitySequence,
      targetDuration: this.#targetDuration,
      entries: this.#entries,
    });
  }

  #drop(count: number): void {
    if (count <= 0) return;
    for (const { discontinuity } of this.#entries.splice(0, count)) {
      this.#mediaSequence++;
      if (discontinuity) this.#discontinuitySequence++;
    }
  }
}
