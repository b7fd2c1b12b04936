import type { Millis } from "../../media/time.ts";
import type { ConnectRequest } from "../../protocols/rtmp/capabilities.ts";
import type { RtmpServerEvent } from "../../protocols/rtmp/server-event.ts";
import type { CloseReason, Effect } from "../../protocols/session.ts";
import type { Verdict } from "../../streams/admission.ts";
import type { Client } from "../../streams/client.ts";
import type { Connection } from "../../streams/sessions.ts";
import type { ConnectionContext, ConnectionOptions } from "./connection-context.ts";
import { ConnectionPlays } from "./connection-plays.ts";
import { ConnectionPublishes } from "./connection-publishes.ts";
import { Gate } from "./gate.ts";
import { Outbox } from "./outbox.ts";

/** Answers that wait for a peer which does not read; they are a few hundred bytes. Media has a bound of its own. */
const MAX_UNSENT = 1 << 20;
/** Time for the peer to read the last answer and close; closing at once would lose it, if more of its bytes arrive. */
const LINGER: Millis = 1000;

/** One RTMP connection: drives its session, and carries media from it into the streams, and from them to it. */
export class RtmpConnection {
  readonly #options: ConnectionOptions;
  readonly #publishes: ConnectionPublishes;
  readonly #plays: ConnectionPlays;
  readonly #outbox: Outbox;
  readonly #gate: Gate;
  #request: ConnectRequest | undefined;
  /** Undefined until it is let in. */
  #client: Client | undefined;
  #disconnect: (() => void) | undefined;
  readonly #since: Millis;
  #bytesIn = 0;
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
    this.#since = clock();
    this.#gate = new Gate(options);
    this.#outbox = new Outbox({ write: (bytes) => socket.write(bytes), clock });
    const context: ConnectionContext = {
      options,
      gate: this.#gate,
      outbox: this.#outbox,
      counters: this.#counters,
      isOpen: () => this.#state === "open",
      request: () => this.#request,
      client: () => this.#client,
      run: (effects) => this.#run(effects),
      guard: (work) => this.#guard(work),
      decide: (verdict, carryOut) => this.#decide(verdict, carryOut),
      drop: (reason) => this.#drop(reason),
    };
    this.#publishes = new ConnectionPublishes(context);
    this.#plays = new ConnectionPlays(context);
  }

  receive(bytes: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#now = this.#options.clock();
    this.#bytesIn += bytes.length;
    const isCounted = this.#publishes.received(bytes.length);
    this.#guard(() => this.#run(this.#options.session.receive(bytes, this.#now)));
    if (!isCounted) this.#publishes.received(bytes.length);
  }

  drain(): void {
    this.#guard(() => {
      this.#flush();
      if (this.#outbox.isEmpty) this.#plays.drained();
    });
  }

  /** Called often; does something when the session's deadline has passed. */
  tick(now: Millis): void {
    if (this.#state === "closing" && now >= this.#lingerUntil) this.#options.socket.terminate();
    const { sendTimeout } = this.#options;
    if (this.#state === "open" && sendTimeout > 0 && this.#outbox.stuckFor(now) >= sendTimeout) {
      this.#giveUp(`the peer has not read what it is sent for ${sendTimeout / 1000} s`);
    }
    if (this.#state === "open") this.#plays.tick();
    const { deadline } = this.#options.session;
    if (this.#state !== "open" || deadline === undefined || now < deadline) return;
    this.#guard(() => this.#run(this.#options.session.tick(now)));
  }

  /** The socket is closed, by whomever. */
  closed(): void {
    this.#state = "closed";
    this.#outbox.clear();
    this.#publishes.endAll("the encoder closed the connection");
    this.#plays.endAll("the player closed the connection");
    this.#disconnect?.();
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
      this.#publishes.endAll("internal error");
      this.#plays.endAll("internal error");
      socket.terminate();
    }
  }

  #onEvent(event: RtmpServerEvent): void {
    const { log, remote } = this.#options;
    switch (event.type) {
      case "media":
        this.#publishes.media(event, this.#now);
        break;
      case "connectRequested":
        this.#onConnectRequested(event.request);
        break;
      case "publishRequested":
        this.#publishes.requested(event);
        break;
      case "unpublish":
        this.#publishes.end(event.id, event.reason);
        break;
      case "playRequested":
        this.#plays.requested(event);
        break;
      case "playPaused":
        this.#plays.pause(event.id, event.paused);
        break;
      case "playWants":
        this.#plays.want(event.id, event.kind, event.wanted);
        break;
      case "playSought":
        this.#plays.seek(event.id, event.time);
        break;
      case "playStopped":
        this.#plays.end(event.id, "ended by the player");
        break;
      case "refused":
        log.warn(`RTMP ${event.request} refused`, { remote, reason: event.reason });
        break;
    }
  }

  #onConnectRequested(request: ConnectRequest): void {
    const { session, remote, clock, log } = this.#options;
    const { client, verdict: asked } = this.#gate.connect(request, this.#since);
    this.#decide(asked, (verdict) => {
      if (verdict.type === "deny" || verdict.type === "redirect") {
        const reason = verdict.type === "deny" ? verdict.reason : "go on at another server";
        log.info("connect refused", { remote, app: client.app, reason });
        this.#run(session.rejectConnect(reason, verdict.type === "redirect" ? verdict.url : undefined));
        return;
      }
      const app = verdict.type === "rename" ? verdict.name : undefined;
      this.#request = request;
      this.#client = app === undefined ? client : { ...client, app };
      this.#disconnect = this.#options.sessions.connect(this.#entry(this.#client));
      this.#run(session.acceptConnect(clock(), app));
    });
  }

  #entry(client: Client): Connection {
    return {
      client,
      stats: () => this.#counters(),
      drop: (reason) => this.#guard(() => this.#drop(reason)),
    };
  }

  readonly #counters = () => ({ bytesIn: this.#bytesIn, bytesOut: this.#outbox.sent });

  /** Carries out a verdict now or, if it takes time, when it comes: the peer may have left until then. */
  #decide(verdict: Verdict | Promise<Verdict>, carryOut: (verdict: Verdict) => void): void {
    if (!(verdict instanceof Promise)) {
      carryOut(verdict);
      return;
    }
    const later = (work: () => void) => {
      if (this.#state !== "open") return;
      this.#now = this.#options.clock();
      this.#guard(work);
    };
    verdict.then(
      (known) => later(() => carryOut(known)),
      (error: unknown) =>
        later(() => {
          throw error;
        }),
    );
  }

  /** Closes the connection, whatever goes on on it. */
  #drop(reason: string): void {
    if (this.#state === "open") this.#run(this.#options.session.close({ code: "rejected", message: reason }));
  }

  #onClose(reason: CloseReason): void {
    if (this.#state !== "open") return;
    const { log, remote, clock } = this.#options;
    this.#state = "closing";
    this.#lingerUntil = clock() + LINGER;
    const level = reason.code === "rejected" || reason.code === "shutdown" ? "debug" : "warn";
    if (this.#publishes.size + this.#plays.size === 0)
      log[level]("RTMP connection closed", { remote, reason: reason.message });
    this.#publishes.endAll(reason.message);
    this.#plays.endAll(reason.message);
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
    this.#publishes.endAll(reason);
    this.#plays.endAll(reason);
    this.#state = "closed";
    socket.terminate();
  }
}
