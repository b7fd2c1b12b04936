import type { Log } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import type { PlayConfig } from "../../play/config.ts";
import type { PlaySource } from "../../play/feeds.ts";
import { Player } from "../../play/player.ts";
import { PlayChunks } from "../../protocols/rtmp/play-chunks.ts";
import { type AdmissionTarget, renamed } from "../../streams/admission.ts";
import type { Client } from "../../streams/client.ts";
import type { Session, Sessions } from "../../streams/sessions.ts";
import type { Outbox } from "./outbox.ts";
import type { Counters } from "./publish.ts";

export type PlayOptions = {
  readonly source: PlaySource;
  readonly config: PlayConfig;
  readonly client: Client;
  readonly target: AdmissionTarget;
  readonly streamId: number;
  /** Up to here it has played another stream: its times go on. */
  readonly from?: Millis;
  /** As announced to the player. */
  readonly chunkSize: number;
  /** What it can play besides H.264, AAC and MP3; undefined when it does not say. */
  readonly fourCcs: readonly string[] | undefined;
  /** Marks of the servers for whom it plays. */
  readonly via: readonly string[];
  readonly outbox: Outbox;
  readonly sessions: Sessions;
  /** Of the connection. */
  readonly counters: Counters;
  readonly log: Log;
  readonly clock: () => Millis;
  /** The encoder has come or gone. */
  readonly onLive: (live: boolean) => void;
  /** Ends the play and the connection. */
  readonly drop: (reason: string) => void;
  /** Ends the play and goes on with another. */
  readonly redirect: (target: AdmissionTarget) => void;
};

/** One play of a connection: takes its stream's messages, counts, and logs its beginning and its end. */
export class Play {
  readonly #options: PlayOptions;
  readonly #player: Player;
  readonly #since: Millis;
  readonly #sentBefore: number;
  #leave: (() => void) | undefined;
  #endSession: ((reason: string) => void) | undefined;
  #ended = false;
  #lags = 0;

  constructor(options: PlayOptions) {
    this.#options = options;
    const { outbox, clock, config } = options;
    this.#since = clock();
    this.#sentBefore = outbox.sent;
    this.#player = new Player(
      config,
      {
        send: (bytes) => outbox.offer(bytes, this, config.maxDelay),
        isIdle: () => outbox.isEmpty,
        lagging: () => this.#lagging(),
      },
      options.from,
    );
  }

  /** Time of the latest message, as the player sees it. */
  get time(): Millis {
    return this.#player.times.timestamp;
  }

  get config(): PlayConfig {
    return this.#options.config;
  }

  /** Sends what there is now, and then what comes. */
  start(): void {
    const { source, client, target, streamId, chunkSize, config, fourCcs, via, clock, onLive, sessions } =
      this.#options;
    const { path } = target;
    this.#log("play started", { player: client.flashVer || undefined });
    this.#endSession = sessions.begin(this.#session());
    if (this.#ended) return;
    const form = new PlayChunks({ chunkSize, streamId, interleave: config.interleave });
    const leave = source.play(path, { reader: this.#player, form, isViewer: true, fourCcs, via, onLive }, clock());
    if (this.#ended) leave();
    this.#leave = leave;
  }

  pause(paused: boolean): void {
    if (paused) this.#options.outbox.drop(this);
    this.#player.pause(paused);
  }

  want(kind: "audio" | "video", wanted: boolean): void {
    this.#player.want(kind, wanted);
  }

  /** All that waited has been sent. */
  drained(): void {
    this.#player.drained();
  }

  /** Harmless when called twice. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#leave?.();
    const { outbox, clock } = this.#options;
    outbox.drop(this);
    this.#log("play ended", {
      reason,
      seconds: ((clock() - this.#since) / 1000).toFixed(1),
      bytes: outbox.sent - this.#sentBefore,
      dropped: this.#player.dropped || undefined,
      lags: this.#lags || undefined,
    });
    this.#endSession?.(reason);
  }

  #session(): Session {
    const { client, target, counters, drop, redirect } = this.#options;
    const before = counters();
    return {
      client,
      kind: "play",
      target,
      since: this.#since,
      stats: () => {
        const { bytesIn, bytesOut } = counters();
        const sent = { bytesIn: bytesIn - before.bytesIn, bytesOut: bytesOut - before.bytesOut };
        return { ...sent, dropped: this.#player.dropped, ...this.#player.times };
      },
      drop,
      redirect: (name) => {
        if (!this.#ended && name !== target.name) redirect(renamed(target, name));
      },
    };
  }

  /** Said once; the end of the play says how much it was in all. */
  #lagging(): void {
    if (this.#lags++ === 0) this.#log("a player is too slow and skips to the next keyframe");
  }

  #log(message: string, more?: Readonly<Record<string, string | number | undefined>>): void {
    const { log, client, target } = this.#options;
    log.info(message, { path: target.path, remote: client.remote, ...more });
  }
}
