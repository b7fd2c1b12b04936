import { FlvDemuxer } from "../formats/flv/demuxer.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { Publisher } from "../streams/publish.ts";

export type InflowOptions = {
  readonly publisher: Publisher;
  readonly path: string;
  readonly remote: string;
  readonly log: Log;
};

/** What is fetched, from its messages into the stream. */
export class Inflow {
  readonly #publisher: Publisher;
  readonly #demuxer: FlvDemuxer;

  constructor({ publisher, path, remote, log }: InflowOptions) {
    this.#publisher = publisher;
    let skipped = false;
    this.#demuxer = new FlvDemuxer({
      onEvent: (event, now) => publisher.write(event, now),
      onMetadata: (metadata) => publisher.describe(metadata),
      onSkipped: (first) => {
        if (!skipped) log.warn("left out what is malformed", { path, remote, first });
        skipped = true;
      },
      onUnsupported: (what) => log.warn(`left out a track: ${what} is not supported`, { path, remote }),
    });
  }

  received(bytes: number): void {
    this.#publisher.received(bytes);
  }

  push(type: number, timestamp: number, body: Uint8Array, now: Millis): void {
    this.#demuxer.push(type, timestamp, body, now);
  }

  end(reason: string, now: Millis): void {
    this.#demuxer.end(now);
    this.#publisher.close(reason, now);
  }
}
