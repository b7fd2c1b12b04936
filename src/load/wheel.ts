import type { Millis } from "../media/time.ts";

/** Something that wants to be called at a time. */
export type Timed = {
  /** When; undefined to forget it. Set by `TimerWheel.set` only. */
  due: Millis | undefined;
  /** The slot it waits in; set by the wheel only. */
  slot: number | undefined;
};

/** Width of a slot. */
const SLOT_MS = 10;
/** What is further away than these slots comes around again: 10 s. */
const SLOTS = 1_024;

/** One timer for all: arming and cancelling are cheap, and late by a slot at most. */
export class TimerWheel<T extends Timed> {
  readonly #slots: T[][] = Array.from({ length: SLOTS }, () => []);
  /** The next slot to look at, counted from time 0. */
  #next: number;

  constructor(now: Millis) {
    this.#next = Math.floor(now / SLOT_MS);
  }

  /** Arms, arms anew, or with undefined cancels. */
  set(timed: T, due: Millis | undefined): void {
    timed.due = due;
    if (due === undefined) return;
    const slot = Math.max(this.#next, Math.ceil(due / SLOT_MS));
    // One that waits in an earlier slot is looked at there, and moves on.
    if (timed.slot !== undefined && timed.slot <= slot) return;
    this.#place(timed, slot);
  }

  /** Calls what is due. */
  advance(now: Millis, call: (timed: T) => void): void {
    const last = Math.floor(now / SLOT_MS);
    for (; this.#next <= last; ) {
      const at = this.#next;
      const slot = this.#slots[at % SLOTS] as T[];
      this.#slots[at % SLOTS] = [];
      this.#next = at + 1;
      for (const timed of slot) {
        // Moved to an earlier slot since, and looked at there already.
        if (timed.slot === undefined || timed.slot % SLOTS !== at % SLOTS) continue;
        if (timed.slot > at) {
          (this.#slots[at % SLOTS] as T[]).push(timed);
          continue;
        }
        timed.slot = undefined;
        if (timed.due === undefined) continue;
        if (timed.due > now) this.#place(timed, Math.max(this.#next, Math.ceil(timed.due / SLOT_MS)));
        else {
          timed.due = undefined;
          call(timed);
        }
      }
    }
  }

  #place(timed: T, slot: number): void {
    timed.slot = slot;
    (this.#slots[slot % SLOTS] as T[]).push(timed);
  }
}
