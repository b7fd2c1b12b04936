import type { MediaEvent } from "../../media/event.ts";
import type { Millis } from "../../media/time.ts";

/** What is not there after this much media, or this time, is not waited for any longer. */
const PATIENCE: Millis = 1000;
const PATIENCE_WAIT: Millis = 2000;
/** What is held meanwhile, at most. */
const MAX_HELD = 2048;
const MAX_HELD_BYTES = 16 << 20;
/** Of that, data before any media. */
const MAX_HELD_DATA = 64;
const MAX_HELD_DATA_BYTES = 1 << 20;

/** Events that wait until the tracks of a publish are known. */
export class HeldMedia {
  #events: MediaEvent[] = [];
  #bytes = 0;
  /** First media: its timestamp and arrival. */
  #first: { readonly time: Millis; readonly now: Millis } | undefined;

  /** Whether there is media, and not only data. */
  get hasMedia(): boolean {
    return this.#first !== undefined;
  }

  /** @param bytes that the event holds on to */
  push(event: MediaEvent, bytes: number, time: Millis, now: Millis): void {
    if (event.type === "packet") this.#first ??= { time, now };
    this.#events.push(event);
    this.#bytes += bytes;
    if (!this.#first) this.#dropOldData();
  }

  /** Whether it has waited long enough, whatever is missing. Data alone waits for ever. */
  isOverdue(time: Millis, now: Millis): boolean {
    const first = this.#first;
    if (!first) return false;
    return (
      Math.abs(time - first.time) >= PATIENCE ||
      now - first.now >= PATIENCE_WAIT ||
      this.#events.length >= MAX_HELD ||
      this.#bytes >= MAX_HELD_BYTES
    );
  }

  /** Everything, in order; nothing is held afterwards. */
  take(): readonly MediaEvent[] {
    const events = this.#events;
    this.#events = [];
    this.#bytes = 0;
    return events;
  }

  #dropOldData(): void {
    while (this.#events.length > MAX_HELD_DATA || this.#bytes > MAX_HELD_DATA_BYTES) {
      const dropped = this.#events.shift();
      if (dropped?.type === "data") this.#bytes -= dropped.value.length;
    }
  }
}
