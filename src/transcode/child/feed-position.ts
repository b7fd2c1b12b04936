import type { FeedEvent, RungPosition } from "../../hls/rung-feed.ts";
import type { Ticks } from "../../media/time.ts";

/** Where in the playlist the packets of a feed are that come next. */
export class FeedPosition {
  #next: RungPosition | undefined;
  #start: Ticks = Number.NEGATIVE_INFINITY;
  #timescale = 0;

  /** The part that what comes next belongs to; undefined until the feed has said where it begins. */
  get next(): RungPosition | undefined {
    return this.#next;
  }

  /** Where that part begins, in seconds. */
  get start(): number {
    return this.#timescale > 0 ? this.#start / this.#timescale : Number.NEGATIVE_INFINITY;
  }

  note(event: FeedEvent): void {
    switch (event.type) {
      case "begin":
        this.#next = undefined;
        return;
      case "open":
        this.#timescale = event.timescale;
        if (this.#next?.msn !== event.msn) this.#move({ msn: event.msn, part: 0 }, event.start);
        return;
      case "part":
        this.#move({ msn: event.msn, part: event.part + 1 }, event.end);
        return;
      case "segment":
        this.#move({ msn: event.msn + 1, part: 0 }, event.end);
        return;
      default:
    }
  }

  /** Whether what comes next is at `position` or behind it. */
  hasReached(position: RungPosition): boolean {
    return this.#next !== undefined && !isBefore(this.#next, position);
  }

  #move(next: RungPosition, start: Ticks): void {
    this.#next = next;
    this.#start = start;
  }
}

function isBefore(a: RungPosition, b: RungPosition): boolean {
  return a.msn < b.msn || (a.msn === b.msn && a.part < b.part);
}

/** The cuts of a feed that a rung has seen, so that those which come again are told from new ones. */
export class SeenCuts {
  #msn = -1;
  #rank = 0;

  /** False for one that came before; notes it otherwise. Events that are no cuts are always new. */
  isNew(event: FeedEvent, position: FeedPosition): boolean {
    switch (event.type) {
      case "open":
        return this.#goTo(event.msn, 0);
      case "part":
        return this.#goTo(event.msn, event.part + 1);
      case "segment":
        return this.#goTo(event.msn, Number.MAX_SAFE_INTEGER);
      case "break":
        // Of the segment before it, behind its end.
        return position.next === undefined || this.#goTo(position.next.msn - 1, Number.POSITIVE_INFINITY);
      default:
        return true;
    }
  }

  /** Whether the cuts that come next at `position` came before. */
  isReplaying({ next }: FeedPosition): boolean {
    if (!next) return this.#msn >= 0;
    return next.msn < this.#msn || (next.msn === this.#msn && next.part + 1 <= this.#rank);
  }

  #goTo(msn: number, rank: number): boolean {
    if (msn < this.#msn || (msn === this.#msn && rank <= this.#rank)) return false;
    this.#msn = msn;
    this.#rank = rank;
    return true;
  }
}
