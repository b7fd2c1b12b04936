import { FlvDemuxer } from "../../formats/flv/demuxer.ts";
import type { Log } from "../../log.ts";
import type { MediaEvent } from "../../media/event.ts";
import type { Millis } from "../../media/time.ts";
import type { Track } from "../../media/track.ts";
import type { RtmpMedia } from "../../protocols/rtmp/server-event.ts";
import { type AdmissionTarget, renamed } from "../../streams/admission.ts";
import type { Client } from "../../streams/client.ts";
import { type Publisher, PublishRefusedError } from "../../streams/publish.ts";
import type { SessionStats, Sessions } from "../../streams/sessions.ts";

export type PublishOptions = {
  readonly client: Client;
  readonly target: AdmissionTarget;
  /** Begins to publish as that stream. @throws PublishRefusedError */
  readonly begin: (target: AdmissionTarget) => Publisher;
  readonly sessions: Sessions;
  /** Of the connection. */
  readonly counters: Counters;
  /** Ends the publish and the connection. */
  readonly drop: (reason: string) => void;
  readonly log: Log;
  readonly clock: () => Millis;
};

/** Bytes of a connection, both ways. */
export type Counters = () => Pick<SessionStats, "bytesIn" | "bytesOut">;

const MAX_ENCODER = 100;

/** One publish of a connection: demuxes its messages into the stream, counts, and logs its beginning and its end. */
export class Publish {
  readonly #options: PublishOptions;
  readonly #demuxer: FlvDemuxer;
  #target: AdmissionTarget;
  #publisher: Publisher;
  #since: Millis;
  #encoder: string;
  #codecs: string | undefined;
  #tracks: MediaEvent | undefined;
  #metadata: Readonly<Record<string, unknown>> | undefined;
  #bytes = 0;
  #packets = 0;
  #skipped = 0;
  /** Of the latest message of each kind. */
  #audioTime = 0;
  #videoTime = 0;
  #ended = false;
  #leave: ((reason: string) => void) | undefined;

  /** @throws PublishRefusedError */
  constructor(options: PublishOptions) {
    const { client, target, log, clock, begin } = options;
    this.#options = options;
    this.#target = target;
    this.#since = clock();
    this.#encoder = client.flashVer || "unknown";
    const { remote } = client;
    this.#demuxer = new FlvDemuxer({
      onEvent: (event, now) => this.#onEvent(event, now),
      onMetadata: (metadata) => {
        if (typeof metadata.encoder === "string") this.#encoder = metadata.encoder.slice(0, MAX_ENCODER);
        this.#metadata = metadata;
        this.#publisher.describe(metadata);
      },
      onSkipped: (reason) => {
        const { path } = this.#target;
        if (this.#skipped++ === 0) log.warn("left out what is malformed", { path, remote, first: reason });
      },
      onUnsupported: (what) =>
        log.warn(`left out a track: ${what} is not supported`, { path: this.#target.path, remote }),
    });
    this.#publisher = begin(target);
  }

  /** Is a session from now on. */
  start(): void {
    const { client, counters, drop, sessions } = this.#options;
    const before = counters();
    this.#leave = sessions.begin({
      client,
      kind: "publish",
      target: this.#target,
      since: this.#since,
      stats: () => {
        const { bytesIn, bytesOut } = counters();
        return {
          bytesIn: bytesIn - before.bytesIn,
          bytesOut: bytesOut - before.bytesOut,
          dropped: 0,
          timestamp: Math.max(this.#audioTime, this.#videoTime),
          avSync: this.#audioTime && this.#videoTime ? this.#audioTime - this.#videoTime : 0,
        };
      },
      drop,
      redirect: (name) => this.#redirect(renamed(this.#target, name)),
    });
  }

  received(bytes: number): void {
    this.#bytes += bytes;
    this.#publisher.received(bytes);
  }

  media(message: RtmpMedia, now: Millis): void {
    if (this.#ended) return;
    const { messageType, timestamp } = message;
    if (messageType === 9) this.#videoTime = timestamp;
    else if (messageType === 8) this.#audioTime = timestamp;
    this.#demuxer.push(messageType, timestamp, message.body, now);
  }

  /** Harmless when called twice. */
  end(reason: string, now: Millis): void {
    if (this.#ended) return;
    this.#demuxer.end(now);
    this.#ended = true;
    this.#publisher.close(reason, now);
    this.#logEnd(reason, now);
    this.#leave?.(reason);
  }

  /** Goes on as another stream, or as it is when that may not be. */
  #redirect(target: AdmissionTarget): void {
    const { begin, client, clock, log } = this.#options;
    if (this.#ended || target.path === this.#target.path) return;
    let publisher: Publisher;
    try {
      publisher = begin(target);
    } catch (error) {
      if (!(error instanceof PublishRefusedError)) throw error;
      const { code, message: reason } = error;
      log.warn("redirect refused", { path: target.path, remote: client.remote, code, reason });
      return;
    }
    const now = clock();
    const reason = `redirected to ${target.name}`;
    this.#publisher.close(reason, now);
    this.#logEnd(reason, now);
    this.#leave?.(reason);
    this.#publisher = publisher;
    this.#target = target;
    this.#since = now;
    this.#bytes = this.#packets = 0;
    this.#codecs = undefined;
    if (this.#metadata) publisher.describe(this.#metadata);
    if (this.#tracks) this.#onEvent(this.#tracks, now);
    this.start();
  }

  #logEnd(reason: string, now: Millis): void {
    const { client, log } = this.#options;
    log.info("publish ended", {
      path: this.#target.path,
      remote: client.remote,
      reason,
      seconds: ((now - this.#since) / 1000).toFixed(1),
      bytes: this.#bytes,
      packets: this.#packets,
      skipped: this.#skipped || undefined,
    });
  }

  #onEvent(event: MediaEvent, now: Millis): void {
    if (event.type === "packet") this.#packets++;
    else if (event.type === "tracks") {
      this.#tracks = event;
      this.#logTracks(event.tracks);
    }
    this.#publisher.write(event, now);
  }

  #logTracks(tracks: readonly Track[]): void {
    const codecs = tracks.flatMap(describeTrack).join(", ");
    if (codecs === this.#codecs) return;
    const { client, log } = this.#options;
    const { path } = this.#target;
    const { remote } = client;
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
