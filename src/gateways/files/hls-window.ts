import { formatHlsPlaylist, type HlsEntry, type HlsPlaylist } from "./hls-playlist.ts";

/** With the number of its file. */
export type IdentifiedEntry = HlsEntry & { readonly id: number };

/** The entries that a playlist on disk lists: the newest few, numbered on without end. */
export class HlsWindow {
  readonly #length: number;
  #entries: IdentifiedEntry[] = [];
  /** Entries that have left the list, the newest ones. */
  #left: IdentifiedEntry[] = [];
  #first: number;
  #mediaSequence: number;
  #discontinuitySequence = 0;
  #targetDuration: number;

  /**
   * @param length entries listed at most
   * @param targetDuration seconds; grows when a segment is longer, and never shrinks
   * @param first number of the first segment
   * @param event says that nothing leaves the list, as long as that is true
   */
  constructor(
    length: number,
    targetDuration: number,
    first = 0,
    private readonly event = false,
  ) {
    this.#first = first;
    this.#mediaSequence = first;
    this.#length = Math.max(1, length);
    this.#targetDuration = Math.max(1, Math.ceil(targetDuration));
  }

  /** The number of the next segment. */
  get next(): number {
    return this.#mediaSequence + this.#entries.length;
  }

  /** Files of the segments that are listed, or have left the list no longer ago than it is long. */
  kept(): number[] {
    return [...this.#left, ...this.#entries].map(({ id }) => id);
  }

  /** Addresses of their keys. */
  keptKeys(): readonly string[] {
    return [...new Set([...this.#left, ...this.#entries].flatMap(({ key }) => (key ? [key.uri] : [])))];
  }

  /** Goes on from a playlist found on disk. `ids` has, for each of its entries, its file where that still exists. */
  continueFrom(found: HlsPlaylist, ids: readonly (number | undefined)[]): void {
    this.#first = found.event ? found.mediaSequence : -1;
    this.#mediaSequence = found.mediaSequence;
    this.#discontinuitySequence = found.discontinuitySequence;
    this.#targetDuration = Math.max(this.#targetDuration, found.targetDuration);
    this.#entries = found.entries.map((entry, index) => ({ ...entry, id: ids[index] ?? -1 }));
    this.#left = [];
    const lastGone = ids.lastIndexOf(undefined);
    this.#drop(Math.max(lastGone + 1, this.#entries.length - this.#length));
  }

  add(entry: IdentifiedEntry): void {
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
      event: this.event && this.#mediaSequence === this.#first,
      entries: this.#entries,
    });
  }

  #drop(count: number): void {
    if (count <= 0) return;
    for (const entry of this.#entries.splice(0, count)) {
      this.#mediaSequence++;
      if (entry.id >= 0) this.#left.push(entry);
      if (entry.discontinuity) this.#discontinuitySequence++;
    }
    this.#left = this.#left.slice(-this.#length);
  }
}
