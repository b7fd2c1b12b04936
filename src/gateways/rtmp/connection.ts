import type { Log } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import type { PlaySource } from "../../play/feeds.ts";
import type { ConnectRequest } from "../../protocols/rtmp/capabilities.ts";
import type { RtmpServerEvent } from "../../protocols/rtmp/server-event.ts";
import type { RtmpServerSession } from "../../protocols/rtmp/server-session.ts";
import type { CloseReason, Effect } from "../../protocols/session.ts";
import type { AdmissionTarget, PlayRange, Verdict } from "../../streams/admission.ts";
import type { Client } from "../../streams/client.ts";
import { type Ingest, type Publisher, PublishRefusedError } from "../../streams/publish.ts";
import type { Connection, Sessions } from "../../streams/sessions.ts";
import type { FileSource, PlayedFile } from "../../vod/file-source.ts";
import { FilePlay } from "./file-play.ts";
import { Gate, type GateOptions } from "./gate.ts";
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

export type ConnectionOptions = GateOptions & {
  readonly socket: ConnectionSocket;
  readonly session: RtmpServerSession;
  readonly ingest: Ingest;
  /** Without, nothing is played. */
  readonly plays?: PlaySource;
  /** Without, no files are played. */
  readonly files?: FileSource;
  /** Of what is sent, as the session announces it. */
  readonly chunkSize: number;
  /** A peer that takes nothing of what it is sent for this long is closed. */
  readonly sendTimeout: Millis;
  readonly log: Log;
  readonly clock: () => Millis;
  readonly sessions: Sessions;
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
  "relay-loop": "NetStream.Publish.BadName",
};

/** Of the play command (RTMP 1.0 7.2.2.1), in the standard's seconds and in everybody's milliseconds. */
const LIVE_ONLY: readonly number[] = [-1, -1000];
const FROM_ITS_BEGINNING: PlayRange = { start: 0, duration: 0, reset: true };

/** Between two streams that one play has after each other. */
const JOIN: Millis = 100;

/** A play that was let in. */
type AdmittedPlay = {
  readonly id: number;
  readonly streamId: number;
  readonly client: Client;
  readonly target: AdmissionTarget;
  readonly range: PlayRange;
  readonly isMp4: boolean;
  /** Where its times begin. */
  readonly from: Millis;
};

type PublishRequested = Extract<RtmpServerEvent, { type: "publishRequested" }>;
type PlayRequested = Extract<RtmpServerEvent, { type: "playRequested" }>;

/** One RTMP connection: drives its session, and carries media from it into the streams, and from them to it. */
export class RtmpConnection {
  readonly #options: ConnectionOptions;
  readonly #publishes = new Map<number, Publish>();
  readonly #plays = new Map<number, Play | FilePlay>();
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
  }

  receive(bytes: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#now = this.#options.clock();
    this.#bytesIn += bytes.length;
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
    if (this.#state === "open") for (const play of this.#plays.values()) if (play instanceof FilePlay) play.tick();
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
      case "connectRequested":
        this.#onConnectRequested(event.request);
        break;
      case "publishRequested":
        this.#onPublishRequested(event);
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
      case "playSought": {
        const play = this.#plays.get(event.id);
        if (play instanceof FilePlay) play.seek(event.time);
        break;
      }
      case "playStopped":
        this.#endPlay(event.id, "ended by the player");
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

  #onPublishRequested({ id, target, args, publishType }: PublishRequested): void {
    const { session, admission } = this.#options;
    const client = this.#client;
    // It may have been taken back in the same breath.
    if (!client || !session.awaits(id)) return;
    const found = this.#gate.locate(target);
    if (!found) {
      this.#refusePublish(id, target, "unknown-application", `there is no application "${target.app}"`);
      return;
    }
    const asked = { ...found, args, publishType };
    this.#decide(admission.publish(client, asked), (verdict) => {
      if (!session.awaits(id)) return;
      const decision = this.#gate.decide("publish", client, asked, verdict);
      if (decision.type === "refused") this.#refusePublish(id, asked, "denied", decision.reason);
      // A name that is taken is somebody else's stream, which is not to be sent there.
      else if (this.#publish(id, client, decision.target)) decision.relay?.();
    });
  }

  #refusePublish(id: number, { path }: AdmissionTarget, code: PublishRefusedError["code"], reason: string): void {
    const { log, remote, session } = this.#options;
    log.warn("publish refused", { path, remote, code, reason });
    this.#run(session.rejectPublish(id, REFUSAL_CODES[code], reason));
  }

  /** False when it is refused. */
  #publish(id: number, client: Client, target: AdmissionTarget): boolean {
    const { log, clock, session, sessions } = this.#options;
    const begin = (to: AdmissionTarget) => this.#publisher(id, to);
    let publish: Publish;
    try {
      publish = new Publish({
        client,
        target,
        begin,
        sessions,
        counters: this.#counters,
        drop: (reason) => this.#guard(() => this.#dropPublish(id, reason)),
        log,
        clock,
      });
    } catch (error) {
      if (!(error instanceof PublishRefusedError)) throw error;
      this.#refusePublish(id, target, error.code, error.message);
      return false;
    }
    this.#publishes.set(id, publish);
    publish.start();
    if (!this.#publishes.has(id)) return false;
    this.#run(session.acceptPublish(id, clock()));
    return true;
  }

  /** @throws PublishRefusedError */
  #publisher(id: number, { path, query }: AdmissionTarget): Publisher {
    const { ingest, clock, remote } = this.#options;
    const agent = this.#request?.agent || undefined;
    const onClosed = (reason: string) => this.#guard(() => this.#onEndedByServer(id, reason));
    const onNotice = (code: string, description: string) =>
      this.#guard(() => this.#run(this.#options.session.publishNotice(id, code, description)));
    const { via } = this.#request ?? {};
    return ingest.publish({ path, protocol: "rtmp", remote, query, agent, via, onClosed, onNotice }, clock());
  }

  #onPlayRequested({ id, streamId, target, args, range, isMp4 }: PlayRequested): void {
    const { session, admission } = this.#options;
    const client = this.#client;
    if (!client || !session.awaits(id)) return;
    const found = this.#gate.locate(target);
    if (!found) {
      const reason = `there is no application "${target.app}"`;
      this.#refusePlay(id, target, "NetStream.Play.StreamNotFound", reason);
      return;
    }
    const asked = { ...found, args };
    this.#decide(admission.play(client, asked, range), (verdict) => {
      if (!session.awaits(id)) return;
      const decision = this.#gate.decide("play", client, asked, verdict);
      if (decision.type === "refused") this.#refusePlay(id, asked, "NetStream.Play.Failed", decision.reason);
      else {
        decision.relay?.();
        this.#play({ id, streamId, client, target: decision.target, range, isMp4, from: 0 });
      }
    });
  }

  #refusePlay(id: number, { path }: AdmissionTarget, code: string, reason: string): void {
    const { log, remote, session } = this.#options;
    log.info("play refused", { path, remote, reason });
    this.#run(session.rejectPlay(id, code, reason));
  }

  #play({ id, streamId, client, target, range, isMp4, from }: AdmittedPlay): void {
    const { plays, files, chunkSize, log, clock, session, sessions } = this.#options;
    const { path } = target;
    const config = plays?.policy(path);
    const isLive = plays?.isLive(path) ?? false;
    // Who asks for a live stream alone waits for it, where there may be one.
    const mayBeFile = !isLive && !(config && LIVE_ONLY.includes(range.start));
    if (mayBeFile && files?.has(path)) {
      void files.open({ path, isMp4, args: target.args ?? "" }).then((file) =>
        this.#guard(() => {
          if (this.#state !== "open" || !session.hasPlay(id)) file?.close();
          else if (file) this.#playFile(id, streamId, client, target, range, file);
          else this.#refusePlay(id, target, "NetStream.Play.StreamNotFound", `there is no file for ${path}`);
        }),
      );
      return;
    }
    const missing = config && !config.waitForPublisher && !isLive;
    const via = this.#request?.via ?? [];
    const objection = plays?.objection(path, via);
    if (!plays || !config || missing || objection !== undefined) {
      const reason = objection ?? (config ? `nobody publishes ${path}` : `${path} is not played by RTMP here`);
      this.#refusePlay(id, target, "NetStream.Play.StreamNotFound", reason);
      return;
    }
    const play = new Play({
      source: plays,
      config,
      client,
      target,
      streamId,
      from,
      chunkSize,
      fourCcs: this.#request?.fourCcs,
      via,
      outbox: this.#outbox,
      sessions,
      counters: this.#counters,
      log,
      clock,
      onLive: (live) => this.#guard(() => this.#onLive(id, live)),
      drop: (reason) => this.#guard(() => this.#dropPlay(id, reason)),
      redirect: (to) => this.#guard(() => this.#redirectPlay(id, streamId, client, to)),
    });
    this.#plays.set(id, play);
    this.#run(session.acceptPlay(id, !config.startOnPublish, clock()));
    play.start();
  }

  #playFile(
    id: number,
    streamId: number,
    client: Client,
    target: AdmissionTarget,
    range: PlayRange,
    file: PlayedFile,
  ): void {
    const { chunkSize, log, clock, session, sessions, remote } = this.#options;
    const { path } = target;
    const play: FilePlay = new FilePlay({
      file,
      range,
      client,
      target,
      streamId,
      chunkSize,
      fourCcs: this.#request?.fourCcs,
      bufferLength: () => session.bufferLength,
      outbox: this.#outbox,
      sessions,
      counters: this.#counters,
      log,
      clock,
      onSought: () => this.#guard(() => this.#run(session.playSought(id))),
      onComplete: (time) => this.#guard(() => this.#run(session.playComplete(id, time / 1000))),
      onFailed: (error) =>
        this.#guard(() => {
          const reason = error instanceof Error ? error.message : String(error);
          log.warn("a file cannot be played on", { path, remote, file: file.name, reason });
          this.#endPlay(id, "the file cannot be read");
          this.#run(session.rejectPlay(id, "NetStream.Play.Failed", "The file cannot be read."));
        }),
      drop: (reason) => this.#guard(() => this.#dropPlay(id, reason)),
      redirect: (to) => this.#guard(() => this.#redirectPlay(id, streamId, client, to)),
    });
    this.#plays.set(id, play);
    this.#run(session.acceptFilePlay(id, clock()));
    if (this.#plays.get(id) === play) play.start();
  }

  #redirectPlay(id: number, streamId: number, client: Client, target: AdmissionTarget): void {
    const played = this.#plays.get(id);
    // A little later than what it has: where streams are joined nothing may overlap.
    const from = played instanceof Play && played.time > 0 ? played.time + JOIN : 0;
    this.#endPlay(id, `redirected to ${target.name}`);
    this.#play({ id, streamId, client, target, range: FROM_ITS_BEGINNING, isMp4: false, from });
  }

  #dropPlay(id: number, reason: string): void {
    if (!this.#plays.has(id)) return;
    this.#endPlay(id, reason);
    this.#run(this.#options.session.rejectPlay(id, "NetStream.Play.Failed", reason));
    this.#drop(reason);
  }

  #dropPublish(id: number, reason: string): void {
    this.#onEndedByServer(id, reason);
    this.#drop(reason);
  }

  /** Closes the connection, whatever goes on on it. */
  #drop(reason: string): void {
    if (this.#state === "open") this.#run(this.#options.session.close({ code: "rejected", message: reason }));
  }

  #onLive(id: number, live: boolean): void {
    const play = this.#plays.get(id);
    if (!(play instanceof Play)) return;
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
