import type { Millis } from "../media/time.ts";
import { MessageType } from "../protocols/rtmp/message.ts";
import { type Ingest, type Publisher, PublishRefusedError } from "../streams/publish.ts";
import type { PullConfig } from "./config.ts";
import { RelayConnection } from "./connection.ts";
import { type Destination, destinationOf } from "./destination.ts";
import { Inflow } from "./inflow.ts";
import { Presence } from "./presence.ts";
import { Retry } from "./retry.ts";
import type { RelayStatus } from "./status.ts";
import { FailureLog, type Surroundings } from "./surroundings.ts";

export type PullOptions = Surroundings & {
  readonly path: string;
  /** What the stream's application is called by encoders. */
  readonly app: string;
  /** At least one; the next one is tried when one fails. */
  readonly sources: readonly PullConfig[];
  /** It is not of the configuration. */
  readonly isRedirect: boolean;
  readonly ingest: Ingest;
  /** Marks of this server, and of those for whom the stream is fetched. */
  readonly via: readonly string[];
};

/** A source that is connected and sends nothing for so long has no encoder any more. */
const SILENCE: Millis = 10_000;
const MAX_MESSAGE = 10 << 20;

/** Fetches one stream from another server, and begins again whenever that ends. */
export class Pull {
  /** When somebody last wanted the stream. */
  wantedAt: Millis;
  readonly #options: PullOptions;
  readonly #failures: FailureLog;
  #retry: Retry;
  #source: PullConfig;
  #connection: RelayConnection | undefined;
  #inflow: Inflow | undefined;
  #presence: Presence | undefined;
  #lastMedia: Millis = 0;
  /** Of the latest message of each kind, of this connection. */
  #times: { audio: Millis; video: Millis } = { audio: 0, video: 0 };
  #counted = 0;
  #bytesBefore = 0;

  constructor(options: PullOptions) {
    this.#options = options;
    const { log, path, clock, random, sources } = options;
    this.#source = sources[0] as PullConfig;
    this.wantedAt = clock();
    this.#failures = new FailureLog(log, "pull", path);
    const fixed = this.#source.reconnect;
    this.#retry = new Retry({ ...(fixed === undefined ? {} : { fixed }), random }, clock());
  }

  /** What of the configuration it was made from, to be compared. */
  get madeFrom(): string {
    const { isRedirect, sources } = this.#options;
    return isRedirect ? "redirect" : JSON.stringify(sources);
  }

  get always(): boolean {
    return this.#options.sources.some(({ always }) => always);
  }

  /** How long it goes on when nobody wants the stream. */
  get linger(): Millis {
    return this.#source.linger;
  }

  /** The latest attempt has failed, and none has succeeded since. */
  get hasFailed(): boolean {
    return this.#retry.state !== "running" && this.#retry.lastError !== undefined;
  }

  status(now: Millis): RelayStatus {
    const { state, since, attempts, lastError } = this.#retry;
    const id = this.#presence?.id;
    return {
      ...(id === undefined ? {} : { id }),
      direction: "pull",
      stream: this.#options.path,
      target: this.#destination.shown,
      state,
      forMs: Math.round(now - since),
      attempts,
      ...(lastError === undefined ? {} : { lastError }),
      bytes: this.#bytesBefore + (this.#connection?.bytesIn ?? 0),
      stalledMs: Math.round(this.#connection?.outbox.stuckFor(now) ?? 0),
      dropped: 0,
    };
  }

  tick(now: Millis): void {
    this.#connection?.tick(now);
    if (this.#inflow?.isOpen && now - this.#lastMedia >= SILENCE) this.#endInflow("the source sends nothing");
    if (this.#retry.isDue(now)) this.#connect(now);
  }

  /** Harmless when called twice. */
  close(reason: string): void {
    const connection = this.#connection;
    if (connection && this.#retry.state === "running") this.#failures.ended(this.#destination, reason);
    this.#release(reason);
    connection?.close(reason);
  }

  get #destination(): Destination {
    const { path, app } = this.#options;
    return destinationOf(this.#source, { app, name: path.slice(path.indexOf("/") + 1) });
  }

  #connect(now: Millis): void {
    const { via, agent, clock, sendTimeout } = this.#options;
    const { live, start, stop, buffer } = this.#source;
    this.#retry.connecting(now);
    this.#connection = new RelayConnection({
      destination: this.#destination,
      play: {
        start: live ? -1000 : (start ?? -2000),
        ...(stop === undefined ? {} : { duration: stop }),
        bufferMs: buffer,
        maxMessageSize: MAX_MESSAGE,
      },
      via,
      agent,
      clock,
      sendTimeout: sendTimeout(),
      onReady: () => {
        this.#retry.running(clock());
        this.#failures.began(this.#destination);
        this.#enter();
      },
      onMedia: (type, timestamp, body) => this.#media(type, timestamp, body),
      onStopped: () => this.#endInflow("the source has ended"),
      onClosed: (reason) => this.#failed(reason),
    });
    this.#connection.open();
  }

  #enter(): void {
    const connection = this.#connection;
    if (!connection) return;
    const times = { audio: 0, video: 0 };
    this.#times = times;
    const { path, log } = this.#options;
    this.#inflow = new Inflow({ path, remote: this.#destination.shown, log });
    this.#presence = new Presence({
      ...this.#options,
      kind: "publish",
      destination: this.#destination,
      now: this.#options.clock(),
      stats: () => ({
        bytesIn: connection.bytesIn,
        bytesOut: connection.outbox.sent,
        dropped: 0,
        timestamp: Math.max(times.audio, times.video),
        avSync: times.audio && times.video ? times.audio - times.video : 0,
      }),
      drop: (reason) => {
        if (connection !== this.#connection) return;
        this.#failed(reason);
        connection.close(reason);
      },
    });
  }

  #media(type: number, timestamp: number, body: Uint8Array): void {
    const inflow = this.#inflow;
    if (!inflow) return;
    const now = this.#options.clock();
    this.#lastMedia = now;
    if (type === MessageType.video) this.#times.video = timestamp;
    else if (type === MessageType.audio) this.#times.audio = timestamp;
    try {
      if (!inflow.isOpen) inflow.begin(this.#publish(now), now);
    } catch (error) {
      if (!(error instanceof PublishRefusedError)) throw error;
      const connection = this.#connection;
      this.#failed(error.message);
      connection?.close(error.message);
      return;
    }
    const { bytesIn = 0 } = this.#connection ?? {};
    inflow.received(bytesIn - this.#counted);
    this.#counted = bytesIn;
    inflow.push(type, timestamp, body, now);
  }

  #publish(now: Millis): Publisher {
    const { ingest, path } = this.#options;
    return ingest.publish(
      {
        path,
        protocol: "relay",
        remote: this.#destination.shown,
        query: "",
        onClosed: (reason) => {
          this.#inflow?.lost();
          const connection = this.#connection;
          this.#failed(reason);
          connection?.close(reason);
        },
      },
      now,
    );
  }

  #failed(reason: string): void {
    this.#release(reason);
    const { sources, clock } = this.#options;
    this.#failures.failed(this.#destination, reason, this.#retry.failed(reason, clock()));
    this.#source = sources[(sources.indexOf(this.#source) + 1) % sources.length] ?? this.#source;
  }

  #release(reason: string): void {
    this.#endInflow(reason);
    this.#presence?.end(reason);
    this.#inflow = this.#presence = undefined;
    this.#bytesBefore += this.#connection?.bytesIn ?? 0;
    this.#counted = 0;
    this.#connection = undefined;
  }

  #endInflow(reason: string): void {
    this.#inflow?.end(reason, this.#options.clock());
  }
}
