import { FlvDemuxer } from "../formats/flv/demuxer.ts";
import type { Log } from "../log.ts";
import type { MediaEvent } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Publisher } from "../streams/publish.ts";

export type InflowOptions = {
  readonly path: string;
  readonly remote: string;
  readonly log: Log;
};

/** What one connection fetches, from its messages into the stream. The source may pause: its sequence headers come only once. */
export class Inflow {
  readonly #demuxer: FlvDemuxer;
  #publisher: Publisher | undefined;
  #tracks: MediaEvent | undefined;
  #metadata: Readonly<Record<string, unknown>> | undefined;

  constructor({ path, remote, log }: InflowOptions) {
    let skipped = false;
    this.#demuxer = new FlvDemuxer({
      onEvent: (event, now) => {
        if (event.type === "tracks") this.#tracks = event;
        this.#publisher?.write(event, now);
      },
      onMetadata: (metadata) => {
        this.#metadata = metadata;
        this.#publisher?.describe(metadata);
      },
      onSkipped: (first) => {
        if (!skipped) log.warn("left out what is malformed", { path, remote, first });
        skipped = true;
      },
      onUnsupported: (what) => log.warn(`left out a track: ${what} is not supported`, { path, remote }),
    });
  }

  /** Whether it is being published. */
  get isOpen(): boolean {
    return this.#publisher !== undefined;
  }

  /** Publishes by this, from where it is. */
  begin(publisher: Publisher, now: Millis): void {
    this.#publisher = publisher;
    if (this.#metadata) publisher.describe(this.#metadata);
    if (this.#tracks) publisher.write(this.#tracks, now);
  }

  received(bytes: number): void {
    this.#publisher?.received(bytes);
  }

  push(type: number, timestamp: number, body: Uint8Array, now: Millis): void {
    this.#demuxer.push(type, timestamp, body, now);
  }

  /** Until it begins again. Harmless when called twice. */
  end(reason: string, now: Millis): void {
    if (this.#publisher) this.#demuxer.end(now);
    this.#publisher?.close(reason, now);
    this.#publisher = undefined;
  }

  /** The server has ended the publish itself. */
  lost(): void {
    this.#publisher = undefined;
  }
}
