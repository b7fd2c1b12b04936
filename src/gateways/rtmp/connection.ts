import type { Log } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import type { PlaySource } from "../../play/feeds.ts";
import type { ConnectRequest } from "../../protocols/rtmp/capabilities.ts";
import type { RtmpServerEvent } from "../../protocols/rtmp/server-event.ts";
import type { RtmpServerSession } from "../../protocols/rtmp/server-session.ts";
import type { StreamPath } from "../../protocols/rtmp/stream-path.ts";
import type { CloseReason, Effect } from "../../protocols/session.ts";
import { type Ingest, PublishRefusedError } from "../../streams/publish.ts";
import { Outbox } from "./outbox.ts";
import { Play } from "./play.ts";
import { Publish } from "./publish.ts";

/** What a connection needs of its socket. */
export type ConnectionSocket = {
  /** How many bytes were taken; the rest is for after `drain`. */
  write(bytes: Uint8Array): number;
  /** Sends what was taken and then the end of the stream; reading goes on. */
  shutdown(): void;
  /** Closes at once. */
  terminate(): void;
};

export type ConnectionOptions = {
  readonly socket: ConnectionSocket;
  readonly session: RtmpServerSession;
  readonly ingest: Ingest;
  /** Without, nothing is played. */
  readonly plays?: PlaySource;
  /** Of what is sent, as the session announces it. */
  readonly chunkSize: number;
  /** A peer that takes nothing of what it is sent for this long is closed. */
  readonly sendTimeout: Millis;
  readonly log: Log;
  readonly clock: () => Millis;
  readonly remote: string;
};

/** Answers that wait for a peer which does not read; they are a few hundred bytes. Media has a bound of its own. */
const MAX_UNSENT = 1 << 20;
/** Time for the peer to read the last answer and close; closing at once would lose it, if more of its bytes arrive. */
const LINGER: Millis = 1000;

const REFUSAL_CODES: Readonly<Record<PublishRefusedError["code"], string>> = {
  "already-publishing": "NetStream.Publish.BadName",
  "bad-path": "NetStream.Publish.BadName",
  "unknown-application": "NetStream.Publish.BadName",
  "not-live": "NetStream.Publish.Denied",
  "no-backup": "NetStream.Publish.Denied",
  denied: "NetStream.Publish.Denied",
  "limit-reached": "NetStream.Publish.Rejected",
};

/** One RTMP connection: drives its session, and carries media from it into the streams, and from them to it. */
export class RtmpConnection {
  readonly #options: ConnectionOptions;
  readonly #publishes = new Map<number, Publish>();
  readonly #plays = new Map<number, Play>();
  readonly #outbox: Outbox;
  #client: ConnectRequest | undefined;
  #depth = 0;
  /** When the bytes at hand came. */
  #now: Millis = 0;
  #state: "open" | "closing" | "closed" = "open";
  #shutdownSent = false;
  /** In state "closing": when to stop waiting for the peer. */
  #lingerUntil: Millis = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { socket, clock } = options;
    this.#outbox = new Outbox({ write: (bytes) => socket.write(bytes), clock });
  }

  receive(bytes: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#now = this.#options.clock();
    // Which of several publishes the bytes belong to is not known; the first counts them all.
    const [before] = this.#publishes.values();
    before?.received(bytes.length);
    this.#guard(() => this.#run(this.#options.session.receive(bytes, this.#now)));
    if (before) return;
    const [begun] = this.#publishes.values();
    begun?.received(bytes.length);
  }

  drain(): void {
    this.#guard(() => {
      this.#flush();
      if (this.#outbox.isEmpty) for (const play of this.#plays.values()) play.drained();
    });
  }

  /** Called often; does something when the session's deadline has passed. */
  tick(now: Millis): void {
    if (this.#state === "closing" && now >= this.#lingerUntil) this.#options.socket.terminate();
    const { sendTimeout } = this.#options;
    if (this.#state === "open" && sendTimeout > 0 && this.#outbox.stuckFor(now) >= sendTimeout) {
      this.#giveUp(`the peer has not read what it is sent for ${sendTimeout / 1000} s`);
    }
    const { deadline } = this.#options.session;
    if (this.#state !== "open" || deadline === undefined || now < deadline) return;
    this.#guard(() => this.#run(this.#options.session.tick(now)));
  }

  /** The socket is closed, by whomever. */
  closed(): void {
    this.#state = "closed";
    this.#outbox.clear();
    this.#endPublishes("the encoder closed the connection");
    this.#endPlays("the player closed the connection");
  }

  /** Ends the session from our side. */
  close(reason: CloseReason): void {
    if (this.#state === "open") this.#guard(() => this.#run(this.#options.session.close(reason)));
  }

  #run(effects: readonly Effect<RtmpServerEvent>[]): void {
    this.#depth++;
    this.#outbox.cork();
    try {
      for (const effect of effects) {
        if (effect.type === "send") this.#send(effect.bytes);
        else if (effect.type === "event") this.#onEvent(effect.event);
        else this.#onClose(effect.reason);
      }
    } finally {
      this.#depth--;
    }
    if (this.#depth === 0) this.#flush();
  }

  /** A mistake of ours ends this session, and nothing else. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      const { log, remote, socket } = this.#options;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error("internal error in an RTMP session", { remote, error: text });
      this.#state = "closed";
      this.#endPublishes("internal error");
      this.#endPlays("internal error");
      socket.terminate();
    }
  }

  #onEvent(event: RtmpServerEvent): void {
    const { log, remote } = this.#options;
    switch (event.type) {
      case "media": {
        this.#publishes.get(event.id)?.media(event, this.#now);
        break;
      }
      case "connect":
        this.#client = event.request;
        break;
      case "publishRequested":
        this.#onPublishRequested(event.id, event.target);
        break;
      case "unpublish":
        this.#endPublish(event.id, event.reason);
        break;
      case "playRequested":
        this.#onPlayRequested(event);
        break;
      case "playPaused":
        this.#plays.get(event.id)?.pause(event.paused);
        break;
      case "playWants":
        this.#plays.get(event.id)?.want(event.kind, event.wanted);
        break;
      case "playStopped":
        this.#endPlay(event.id, "ended by the player");
        break;
      case "refused":
        log.warn(`RTMP ${event.request} refused`, { remote, reason: event.reason });
        break;
    }
  }

  #onPublishRequested(id: number, target: StreamPath): void {
    const { ingest, log, clock, remote, session } = this.#options;
    const { path, query } = target;
    const onClosed = (reason: string) => this.#guard(() => this.#onEndedByServer(id, reason));
    try {
      const agent = this.#client?.agent || undefined;
      const publisher = ingest.publish({ path, protocol: "rtmp", remote, query, agent, onClosed }, clock());
      this.#publishes.set(id, new Publish({ publisher, path, remote, agent, log, now: clock() }));
    } catch (error) {
      if (!(error instanceof PublishRefusedError)) throw error;
      log.warn("publish refused", { path, remote, code: error.code, reason: error.message });
      this.#run(session.rejectPublish(id, REFUSAL_CODES[error.code], error.message));
      return;
    }
    this.#run(session.acceptPublish(id));
  }

  #onPlayRequested({ id, streamId, target }: Extract<RtmpServerEvent, { type: "playRequested" }>): void {
    const { plays, chunkSize, log, clock, remote, session } = this.#options;
    const { path } = target;
    const config = plays?.policy(path);
    const missing = config && !config.waitForPublisher && !plays?.isLive(path);
    if (!plays || !config || missing) {
      const reason = config ? `nobody publishes ${path}` : `${path} is not played by RTMP here`;
      log.info("play refused", { path, remote, reason });
      this.#run(session.rejectPlay(id, "NetStream.Play.StreamNotFound", reason));
      return;
    }
    const { agent, fourCcs } = this.#client ?? {};
    const play = new Play({
      source: plays,
      config,
      path,
      streamId,
      chunkSize,
      fourCcs,
      outbox: this.#outbox,
      log,
      remote,
      agent: agent || undefined,
      clock,
      onLive: (live) => this.#guard(() => this.#onLive(id, live)),
    });
    this.#plays.set(id, play);
    this.#run(session.acceptPlay(id, !config.startOnPublish));
    play.start();
  }

  #onLive(id: number, live: boolean): void {
    const play = this.#plays.get(id);
    if (!play) return;
    const { startOnPublish, publishNotify, waitForPublisher } = play.config;
    const { session } = this.#options;
    this.#run(session.playLive(id, live, { restart: startOnPublish, notify: publishNotify }));
    if (live || waitForPublisher) return;
    this.#endPlay(id, "the encoder has left");
    this.#run(session.rejectPlay(id, "NetStream.Play.Stop", "The encoder has left.", "status"));
  }

  /** Taken over, kicked, or the server shuts down. */
  #onEndedByServer(id: number, reason: string): void {
    if (!this.#publishes.has(id)) return;
    this.#endPublish(id, reason);
    this.#run(this.#options.session.rejectPublish(id, "NetStream.Publish.Denied", reason));
  }

  #onClose(reason: CloseReason): void {
    if (this.#state !== "open") return;
    const { log, remote, clock } = this.#options;
    this.#state = "closing";
    this.#lingerUntil = clock() + LINGER;
    const level = reason.code === "rejected" || reason.code === "shutdown" ? "debug" : "warn";
    if (this.#publishes.size + this.#plays.size === 0)
      log[level]("RTMP connection closed", { remote, reason: reason.message });
    this.#endPublishes(reason.message);
    this.#endPlays(reason.message);
  }

  #endPublishes(reason: string): void {
    for (const id of [...this.#publishes.keys()]) this.#endPublish(id, reason);
  }

  #endPublish(id: number, reason: string): void {
    const publish = this.#publishes.get(id);
    this.#publishes.delete(id);
    publish?.end(reason, this.#options.clock());
  }

  #endPlays(reason: string): void {
    for (const id of [...this.#plays.keys()]) this.#endPlay(id, reason);
  }

  #endPlay(id: number, reason: string): void {
    const play = this.#plays.get(id);
    this.#plays.delete(id);
    play?.end(reason);
  }

  #send(bytes: Uint8Array): void {
    if (this.#state !== "closed") this.#outbox.push(bytes);
  }

  #flush(): void {
    if (this.#state === "closed") return;
    this.#outbox.flush();
    if (this.#outbox.ownBytes > MAX_UNSENT) this.#giveUp("the peer does not read what it is sent");
    else if (this.#state === "closing" && this.#outbox.isEmpty && !this.#shutdownSent) {
      this.#shutdownSent = true;
      this.#options.socket.shutdown();
    }
  }

  /** Of a peer that does not read, there is nothing to wait for. */
  #giveUp(reason: string): void {
    const { socket, log, remote } = this.#options;
    if (this.#plays.size === 0) log.warn("RTMP connection closed", { remote, reason });
    this.#endPublishes(reason);
    this.#endPlays(reason);
    this.#state = "closed";
    socket.terminate();
  }
}
