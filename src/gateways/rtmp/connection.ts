import type { Log } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import type { RtmpServerEvent } from "../../protocols/rtmp/server-event.ts";
import type { RtmpServerSession } from "../../protocols/rtmp/server-session.ts";
import type { StreamPath } from "../../protocols/rtmp/stream-path.ts";
import type { CloseReason, Effect } from "../../protocols/session.ts";
import { type Ingest, PublishRefusedError } from "../../streams/publish.ts";
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
  readonly log: Log;
  readonly clock: () => Millis;
  readonly remote: string;
};

/** Bytes that wait for a peer which does not read; answers to an encoder are a few hundred. */
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

/** One RTMP connection: drives its session, and carries media from it into the streams. */
export class RtmpConnection {
  readonly #options: ConnectionOptions;
  readonly #publishes = new Map<number, Publish>();
  #agent: string | undefined;
  /** Outgoing bytes that the socket has not taken. */
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #depth = 0;
  /** When the bytes at hand came. */
  #now: Millis = 0;
  #state: "open" | "closing" | "closed" = "open";
  #shutdownSent = false;
  /** In state "closing": when to stop waiting for the peer. */
  #lingerUntil: Millis = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
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
    this.#flush();
  }

  /** Called often; does something when the session's deadline has passed. */
  tick(now: Millis): void {
    if (this.#state === "closing" && now >= this.#lingerUntil) this.#options.socket.terminate();
    const { deadline } = this.#options.session;
    if (this.#state !== "open" || deadline === undefined || now < deadline) return;
    this.#guard(() => this.#run(this.#options.session.tick(now)));
  }

  /** The socket is closed, by whomever. */
  closed(): void {
    this.#state = "closed";
    this.#unsent = [];
    this.#endPublishes("the encoder closed the connection");
  }

  /** Ends the session from our side. */
  close(reason: CloseReason): void {
    if (this.#state === "open") this.#guard(() => this.#run(this.#options.session.close(reason)));
  }

  #run(effects: readonly Effect<RtmpServerEvent>[]): void {
    this.#depth++;
    try {
      for (const effect of effects) {
        if (effect.type === "send") this.#queue(effect.bytes);
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
      socket.terminate();
    }
  }

  #onEvent(event: RtmpServerEvent): void {
    const { log, remote, session } = this.#options;
    switch (event.type) {
      case "media": {
        this.#publishes.get(event.id)?.media(event, this.#now);
        break;
      }
      case "connect":
        this.#agent = event.request.agent || undefined;
        break;
      case "publishRequested":
        this.#onPublishRequested(event.id, event.target);
        break;
      case "unpublish":
        this.#endPublish(event.id, event.reason);
        break;
      case "playRequested":
        log.info("RTMP play refused: playing by RTMP is not supported", { path: event.target.path, remote });
        this.#run(
          session.rejectPlay(
            event.streamId,
            "NetStream.Play.StreamNotFound",
            `Playing by RTMP is not supported yet. Watch ${event.target.path} by HLS: /${event.target.path}/index.m3u8`,
          ),
        );
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
      const agent = this.#agent;
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
    if (this.#publishes.size === 0) log[level]("RTMP connection closed", { remote, reason: reason.message });
    this.#endPublishes(reason.message);
  }

  #endPublishes(reason: string): void {
    for (const id of [...this.#publishes.keys()]) this.#endPublish(id, reason);
  }

  #endPublish(id: number, reason: string): void {
    const publish = this.#publishes.get(id);
    this.#publishes.delete(id);
    publish?.end(reason, this.#options.clock());
  }

  #queue(bytes: Uint8Array): void {
    if (this.#state === "closed") return;
    this.#unsent.push(bytes);
    this.#unsentBytes += bytes.length;
  }

  #flush(): void {
    if (this.#state === "closed") return;
    const { socket, log, remote } = this.#options;
    if (this.#unsentBytes > 0) {
      const bytes = this.#unsent.length === 1 ? (this.#unsent[0] as Uint8Array) : Buffer.concat(this.#unsent);
      const written = Math.max(0, socket.write(bytes));
      this.#unsentBytes = bytes.length - written;
      this.#unsent = this.#unsentBytes > 0 ? [bytes.subarray(written)] : [];
    }
    if (this.#unsentBytes > MAX_UNSENT) {
      log.warn("RTMP connection closed", { remote, reason: "the peer does not read what it is sent" });
      this.#endPublishes("the encoder does not read what it is sent");
      this.#state = "closed";
      socket.terminate();
    } else if (this.#state === "closing" && this.#unsentBytes === 0 && !this.#shutdownSent) {
      this.#shutdownSent = true;
      socket.shutdown();
    }
  }
}
