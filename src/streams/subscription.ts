import type { MediaEvent } from "../media/event.ts";
import type { Track, TrackId } from "../media/track.ts";

export type SubscriptionLimits = {
  /** Most bytes of media waiting. */
  readonly maxBytes: number;
  /** Most events waiting. */
  readonly maxEvents: number;
};

export const DEFAULT_LIMITS: SubscriptionLimits = { maxBytes: 4 * 1024 ** 2, maxEvents: 2048 };

/**
 * The bounded queue of one reader that takes events at its own pace. When it falls behind, what waits is dropped up to the
 * next keyframe; a `gap` "lagged" stands where something is missing. It never slows the writer.
 */
export class Subscription {
  /** Packets this reader missed. */
  dropped = 0;
  /** Called when events become available after there were none. */
  onReadable: (() => void) | undefined;
  #queue: MediaEvent[] = [];
  #bytes = 0;
  #lagging = false;
  #video: TrackId | undefined;
  #tracks: Extract<MediaEvent, { type: "tracks" }> | undefined;

  constructor(
    private readonly limits: SubscriptionLimits,
    /** Detaches from the stream; harmless when called twice. */
    readonly close: () => void,
  ) {}

  /** Bytes of media waiting. */
  get waitingBytes(): number {
    return this.#bytes;
  }

  /** Everything that waits, in order; the queue is empty afterwards. */
  take(): MediaEvent[] {
    const out = this.#queue;
    this.#queue = [];
    this.#bytes = 0;
    return out;
  }

  /** For the stream only. */
  push(event: MediaEvent): void {
    if (event.type === "tracks") {
      this.#tracks = event;
      this.#video = event.tracks.find((track: Track) => track.kind === "video")?.id;
    }
    if (this.#lagging && !this.#resumes(event)) {
      if (event.type === "packet") this.dropped++;
      if (event.type === "packet" || event.type === "data" || event.type === "tracks") return;
    }
    const size = event.type === "packet" ? event.data.length : event.type === "data" ? event.value.length : 0;
    if (this.#queue.length >= this.limits.maxEvents || this.#bytes + size > this.limits.maxBytes) {
      this.#overflow(event);
      return;
    }
    if (this.#lagging && event.type === "packet") this.#resume();
    this.#bytes += size;
    this.#queue.push(event);
    if (this.#queue.length === 1) this.onReadable?.();
  }

  #resumes(event: MediaEvent): boolean {
    if (event.type !== "packet") return false;
    return this.#video === undefined || (event.track === this.#video && event.key);
  }

  #resume(): void {
    this.#lagging = false;
    this.#queue.push({ type: "gap", reason: "lagged" });
    if (this.#tracks) this.#queue.push(this.#tracks);
  }

  #overflow(event: MediaEvent): void {
    let kept = this.#queue.filter(
      (waiting) => waiting.type === "end" || (waiting.type === "gap" && waiting.reason !== "lagged"),
    );
    this.dropped += this.#queue.filter((waiting) => waiting.type === "packet").length;
    if (event.type === "packet") this.dropped++;
    else if (event.type === "gap" || event.type === "end") kept = [event];
    this.#queue = kept.slice(-1);
    this.#bytes = 0;
    this.#lagging = true;
  }
}
