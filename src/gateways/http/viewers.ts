import type { Millis } from "../../media/time.ts";

/** Who asked for nothing in this time has left. Longer than the longest segment, so that a player between two is counted. */
const PRESENT_MS = 15_000;
/** Beyond this, viewers of a stream are not told apart any more and the count stays: 20,000 entries are about 1 MB. */
const MAX_VIEWERS = 20_000;
/** How often those who left are looked for. */
const SWEEP_MS = 1_000;

/** Counts the distinct viewers of each stream by who asked for its media lately. */
export class Viewers {
  readonly #streams = new Map<string, { readonly seen: Map<number, Millis>; swept: Millis }>();

  /** @param viewer any number that tells viewers apart, such as a hash of address and user agent */
  saw(path: string, viewer: number, now: Millis): void {
    let stream = this.#streams.get(path);
    if (!stream) this.#streams.set(path, (stream = { seen: new Map(), swept: now }));
    if (stream.seen.size < MAX_VIEWERS || stream.seen.has(viewer)) stream.seen.set(viewer, now);
    else if (now - stream.swept >= SWEEP_MS) sweep(stream, now);
  }

  count(path: string, now: Millis): number {
    const stream = this.#streams.get(path);
    if (!stream) return 0;
    if (now - stream.swept >= SWEEP_MS) sweep(stream, now);
    if (stream.seen.size === 0) this.#streams.delete(path);
    return stream.seen.size;
  }

  /** Drops what nobody watches any more; to be called now and then. */
  sweep(now: Millis): void {
    for (const path of this.#streams.keys()) this.count(path, now);
  }
}

function sweep(stream: { readonly seen: Map<number, Millis>; swept: Millis }, now: Millis): void {
  stream.swept = now;
  for (const [viewer, at] of stream.seen) if (now - at > PRESENT_MS) stream.seen.delete(viewer);
}
