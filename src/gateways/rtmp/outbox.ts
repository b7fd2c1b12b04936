import type { Millis } from "../../media/time.ts";

export type OutboxOptions = {
  /** How many bytes were taken; the rest is for after `drain`. */
  readonly write: (bytes: Uint8Array) => number;
  readonly clock: () => Millis;
};

/** Whose media it is; what nobody owns must be sent. */
export type Owner = object;

type Waiting = { bytes: Uint8Array; readonly owner: Owner | undefined; readonly since: Millis };

/** Media that waits, at most. Those who are equally slow wait with the same bytes. */
const MAX_MEDIA_BYTES = 4 << 20;
/** What is small goes into one write, up to this size. */
const MERGE_BYTES = 64 << 10;

/** What a socket has not taken yet, in order. */
export class Outbox {
  /** Bytes that the socket has taken. */
  sent = 0;
  #waiting: Waiting[] = [];
  #bytes = 0;
  /** Of these, what must be sent. */
  #ownBytes = 0;
  /** The first of them has been sent in part. */
  #begun = false;
  #corked = false;
  /** Since when the socket takes nothing. */
  #stuckSince: Millis | undefined;

  constructor(private readonly options: OutboxOptions) {}

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Bytes that must be sent. */
  get ownBytes(): number {
    return this.#ownBytes;
  }

  /** How long the socket has taken nothing of what waits. */
  stuckFor(now: Millis): Millis {
    return this.#stuckSince === undefined ? 0 : now - this.#stuckSince;
  }

  /** Until `flush`, everything is kept together. */
  cork(): void {
    this.#corked = true;
  }

  /** What must be sent, with the next `flush`. */
  push(bytes: Uint8Array): void {
    this.#ownBytes += bytes.length;
    this.#add(bytes, undefined);
  }

  /**
   * Media, sent at once if nothing waits. When the socket is so slow that something waits longer than `maxDelay`, or too much of
   * it, all that waits of this owner is dropped.
   * @returns false then
   */
  offer(bytes: Uint8Array, owner: Owner, maxDelay: Millis): boolean {
    const [first] = this.#waiting;
    if (!first && !this.#corked) {
      const written = this.#write(bytes);
      if (written === bytes.length) return true;
      this.#add(bytes.subarray(written), owner);
      this.#begun = written > 0;
      return true;
    }
    if (first && (this.#bytes + bytes.length > MAX_MEDIA_BYTES || this.options.clock() - first.since > maxDelay)) {
      this.drop(owner);
      return false;
    }
    this.#add(bytes, owner);
    return true;
  }

  /** Drops what waits of an owner, but for what has been sent in part. */
  drop(owner: Owner): void {
    this.#waiting = this.#waiting.filter((one, index) => one.owner !== owner || (index === 0 && this.#begun));
    this.#bytes = this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Sends what the socket takes. */
  flush(): void {
    this.#corked = false;
    while (this.#waiting.length > 0) {
      const first = this.#merged();
      const written = this.#write(first.bytes);
      this.#bytes -= written;
      if (first.owner === undefined) this.#ownBytes -= written;
      if (written < first.bytes.length) {
        first.bytes = first.bytes.subarray(written);
        this.#begun ||= written > 0;
        return;
      }
      this.#waiting.shift();
      this.#begun = false;
    }
    this.#stuckSince = undefined;
  }

  clear(): void {
    this.#waiting = [];
    this.#bytes = this.#ownBytes = 0;
  }

  #add(bytes: Uint8Array, owner: Owner | undefined): void {
    this.#bytes += bytes.length;
    this.#waiting.push({ bytes, owner, since: this.options.clock() });
  }

  /** The first of what waits, with what follows it and is as small. */
  #merged(): Waiting {
    const first = this.#waiting[0] as Waiting;
    let count = 0;
    let size = 0;
    for (const { bytes } of this.#waiting) {
      if (size + bytes.length > MERGE_BYTES) break;
      size += bytes.length;
      count++;
    }
    if (count < 2) return first;
    const merged = Buffer.concat(this.#waiting.slice(0, count).map(({ bytes }) => bytes));
    const ownBytes = this.#waiting.slice(0, count).reduce((sum, one) => sum + (one.owner ? 0 : one.bytes.length), 0);
    // From now on it is one piece, and must be sent.
    this.#ownBytes += size - ownBytes;
    const one: Waiting = { bytes: merged, owner: undefined, since: first.since };
    this.#waiting.splice(0, count, one);
    return one;
  }

  #write(bytes: Uint8Array): number {
    const written = Math.max(0, this.options.write(bytes));
    this.sent += written;
    if (written > 0) this.#stuckSince = undefined;
    if (written < bytes.length) this.#stuckSince ??= this.options.clock();
    return written;
  }
}
