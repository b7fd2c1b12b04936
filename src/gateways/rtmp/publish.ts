import { FlvDemuxer } from "../../formats/flv/demuxer.ts";
import type { Log } from "../../log.ts";
import type { MediaEvent } from "../../media/event.ts";
import type { Millis } from "../../media/time.ts";
import type { Track } from "../../media/track.ts";
import type { RtmpMedia } from "../../protocols/rtmp/server-event.ts";
import type { Publisher } from "../../streams/publish.ts";

export type PublishOptions = {
  readonly publisher: Publisher;
  readonly path: string;
  readonly remote: string;
  readonly agent: string | undefined;
  readonly log: Log;
  readonly now: Millis;
};

const MAX_ENCODER = 100;

/** One publish of a connection: demuxes its messages into the stream, counts, and logs its beginning and its end. */
export class Publish {
  readonly #options: PublishOptions;
  readonly #demuxer: FlvDemuxer;
  #encoder: string;
  #codecs: string | undefined;
  #bytes = 0;
  #packets = 0;
  #skipped = 0;
  #ended = false;

  constructor(options: PublishOptions) {
    const { publisher, path, remote, log } = options;
    this.#options = options;
    this.#encoder = options.agent ?? "unknown";
    this.#demuxer = new FlvDemuxer({
      onEvent: (event, now) => this.#onEvent(event, now),
      onMetadata: (metadata) => {
        if (typeof metadata.encoder === "string") this.#encoder = metadata.encoder.slice(0, MAX_ENCODER);
        publisher.describe(metadata);
      },
      onSkipped: (reason) => {
        if (this.#skipped++ === 0) log.warn("left out what is malformed", { path, remote, first: reason });
      },
      onUnsupported: (what) => log.warn(`left out a track: ${what} is not supported`, { path, remote }),
    });
  }

  received(bytes: number): void {
    this.#bytes += bytes;
    this.#options.publisher.received(bytes);
  }

  media(message: RtmpMedia, now: Millis): void {
    if (!this.#ended) this.#demuxer.push(message.messageType, message.timestamp, message.body, now);
  }

  /** Harmless when called twice. */
  end(reason: string, now: Millis): void {
    if (this.#ended) return;
    this.#demuxer.end(now);
    this.#ended = true;
    const { publisher, path, remote, log } = this.#options;
    publisher.close(reason, now);
    log.info("publish ended", {
      path,
      remote,
      reason,
      seconds: ((now - this.#options.now) / 1000).toFixed(1),
      bytes: this.#bytes,
      packets: this.#packets,
      skipped: this.#skipped || undefined,
    });
  }

  #onEvent(event: MediaEvent, now: Millis): void {
    if (event.type === "packet") this.#packets++;
    else if (event.type === "tracks") this.#logTracks(event.tracks);
    this.#options.publisher.write(event, now);
  }

  #logTracks(tracks: readonly Track[]): void {
    const codecs = tracks.flatMap(describeTrack).join(", ");
    if (codecs === this.#codecs) return;
    const { path, remote, log } = this.#options;
    const message = this.#codecs === undefined ? "publish started" : "publish changed its codecs";
    this.#codecs = codecs;
    log.info(message, { path, remote, encoder: this.#encoder, codecs });
  }
}

function describeTrack(track: Track): string[] {
  if (track.kind === "data") return [];
  if (track.kind === "video") return [`${track.config.codecString} ${track.config.width}x${track.config.height}`];
  return [`${track.config.codecString} ${track.config.sampleRate} Hz ${track.config.channels} ch`];
}
