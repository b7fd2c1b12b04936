import type { Millis } from "../media/time.ts";
import type { PlayConfig } from "../play/config.ts";
import type { PlaySource } from "../play/feeds.ts";
import { Player } from "../play/player.ts";
import type { PushConfig } from "./config.ts";
import { CHUNK_SIZE, RelayConnection } from "./connection.ts";
import { type Destination, destinationOf } from "./destination.ts";
import { Presence } from "./presence.ts";
import { PublishForm } from "./publish-form.ts";
import { Retry } from "./retry.ts";
import type { RelayStatus } from "./status.ts";
import { FailureLog, type Surroundings } from "./surroundings.ts";

export type PushOptions = Surroundings & {
  readonly path: string;
  /** What the stream's application is called by encoders. */
  readonly app: string;
  readonly config: PushConfig;
  readonly source: PlaySource;
  /** Marks of the servers that the stream has come by, this one included. */
  readonly via: () => readonly string[];
  /** It is for one publish: when that has ended, the push is over, and this is called. */
  readonly onOver?: () => void;
  readonly hasEncoder: () => boolean;
};

/** A push for one publish is over when that has not begun by then. */
const BEGIN_WITHIN: Millis = 30_000;

/** Sends one stream on to one server, and begins again whenever that ends. */
export class Push {
  readonly #options: PushOptions;
  readonly #destination: Destination;
  readonly #retry: Retry;
  readonly #failures: FailureLog;
  #connection: RelayConnection | undefined;
  #player: Player | undefined;
  #leave: (() => void) | undefined;
  #presence: Presence | undefined;
  #bytesBefore = 0;
  #droppedBefore = 0;
  readonly #createdAt: Millis;
  #hadEncoder = false;

  constructor(options: PushOptions) {
    this.#options = options;
    const { path, app, config, random, clock, log } = options;
    this.#destination = destinationOf(config, { app, name: path.slice(path.indexOf("/") + 1) });
    this.#createdAt = clock();
    this.#retry = new Retry(
      { ...(config.reconnect === undefined ? {} : { fixed: config.reconnect }), random },
      clock(),
    );
    this.#failures = new FailureLog(log, "push", path);
  }

  status(now: Millis): RelayStatus {
    const { state, since, attempts, lastError } = this.#retry;
    const id = this.#presence?.id;
    return {
      ...(id === undefined ? {} : { id }),
      direction: "push",
      stream: this.#options.path,
      target: this.#destination.shown,
      state,
      forMs: Math.round(now - since),
      attempts,
      ...(lastError === undefined ? {} : { lastError }),
      bytes: this.#bytesBefore + (this.#connection?.outbox.sent ?? 0),
      stalledMs: Math.round(this.#connection?.outbox.stuckFor(now) ?? 0),
      dropped: this.#droppedBefore + (this.#player?.dropped ?? 0),
    };
  }

  /** Connects when it is time, once the stream is live. */
  tick(now: Millis): void {
    if (this.#isOver(now)) return;
    this.#connection?.tick(now);
    const { source, path } = this.#options;
    if (this.#retry.isDue(now) && source.isLive(path)) this.#connect(now);
  }

  /** Harmless when called twice. */
  close(reason: string): void {
    const connection = this.#connection;
    if (connection && this.#retry.state === "running") this.#failures.ended(this.#destination, reason);
    this.#release(reason);
    connection?.close(reason);
  }

  #isOver(now: Millis): boolean {
    const { onOver, hasEncoder } = this.#options;
    if (!onOver) return false;
    const has = hasEncoder();
    const over = !has && (this.#hadEncoder || now - this.#createdAt >= BEGIN_WITHIN);
    this.#hadEncoder ||= has;
    if (!over) return false;
    this.close("the publish has ended");
    onOver();
    return true;
  }

  #connect(now: Millis): void {
    const { via, agent, clock, sendTimeout } = this.#options;
    this.#retry.connecting(now);
    this.#connection = new RelayConnection({
      destination: this.#destination,
      via: via(),
      agent,
      clock,
      sendTimeout: sendTimeout(),
      onReady: () => this.#begin(),
      onDrained: () => this.#player?.drained(),
      onClosed: (reason) => this.#failed(reason),
    });
    this.#connection.open();
  }

  #begin(): void {
    const { source, path, clock, log } = this.#options;
    const connection = this.#connection;
    const config = source.policy(path);
    if (!connection || !config) return;
    const { outbox, streamId } = connection;
    this.#retry.running(clock());
    this.#failures.began(this.#destination);
    const owner = {};
    const player = new Player(config, {
      send: (bytes) => outbox.offer(bytes, owner, config.maxDelay),
      isIdle: () => outbox.isEmpty,
      lagging: () =>
        log.info("a push target is too slow; it goes on at a keyframe", { path, target: this.#destination.shown }),
    });
    this.#player = player;
    this.#presence = new Presence({
      ...this.#options,
      kind: "play",
      destination: this.#destination,
      now: clock(),
      stats: () => ({
        bytesIn: connection.bytesIn,
        bytesOut: outbox.sent,
        dropped: player.dropped,
        ...player.times,
      }),
      drop: (reason) => {
        if (connection !== this.#connection) return;
        this.#failed(reason);
        connection.close(reason);
      },
    });
    const form = new PublishForm({ chunkSize: CHUNK_SIZE, streamId });
    const onLive = (live: boolean) => {
      if (!live && this.#options.config.untilUnpublish) this.#pause();
    };
    this.#leave = source.play(path, { reader: player, form, isViewer: false, fourCcs: undefined, onLive }, clock());
  }

  /** Until the encoder is back. */
  #pause(): void {
    this.close("the encoder has left");
    this.#retry.failed("the encoder has left", this.#options.clock());
  }

  #failed(reason: string): void {
    this.#release(reason);
    this.#failures.failed(this.#destination, reason, this.#retry.failed(reason, this.#options.clock()));
  }

  #release(reason: string): void {
    this.#leave?.();
    this.#presence?.end(reason);
    this.#bytesBefore += this.#connection?.outbox.sent ?? 0;
    this.#droppedBefore += this.#player?.dropped ?? 0;
    this.#leave = this.#player = this.#presence = this.#connection = undefined;
  }
}

/** How a stream is read that is sent on: from a keyframe, and with the encoder's metadata. */
export function pushPolicy(config: PlayConfig): PlayConfig {
  return { ...config, enabled: true, fromKeyframe: true, waitForKeyframe: true, waitForVideo: false, metadata: "copy" };
}
