import type { Millis } from "../../media/time.ts";
import type { RtmpServerEvent } from "../../protocols/rtmp/server-event.ts";
import type { AdmissionTarget, PlayRange } from "../../streams/admission.ts";
import type { Client } from "../../streams/client.ts";
import type { PlayedFile } from "../../vod/file-source.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { FilePlay } from "./file-play.ts";
import { Play } from "./play.ts";

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

type PlayRequested = Extract<RtmpServerEvent, { type: "playRequested" }>;

/** The plays of one connection, of streams and of files: lets them in, drives them, ends them. */
export class ConnectionPlays {
  readonly #plays = new Map<number, Play | FilePlay>();
  readonly #context: ConnectionContext;

  constructor(context: ConnectionContext) {
    this.#context = context;
  }

  get size(): number {
    return this.#plays.size;
  }

  /** All that waited has been sent. */
  drained(): void {
    for (const play of this.#plays.values()) play.drained();
  }

  /** To be called often. */
  tick(): void {
    for (const play of this.#plays.values()) if (play instanceof FilePlay) play.tick();
  }

  pause(id: number, paused: boolean): void {
    this.#plays.get(id)?.pause(paused);
  }

  want(id: number, kind: "audio" | "video", wanted: boolean): void {
    this.#plays.get(id)?.want(kind, wanted);
  }

  seek(id: number, time: Millis): void {
    const play = this.#plays.get(id);
    if (play instanceof FilePlay) play.seek(time);
  }

  requested({ id, streamId, target, args, range, isMp4 }: PlayRequested): void {
    const { session, admission } = this.#context.options;
    const client = this.#context.client();
    if (!client || !session.awaits(id)) return;
    const found = this.#context.gate.locate(target);
    if (!found) {
      const reason = `there is no application "${target.app}"`;
      this.#refusePlay(id, target, "NetStream.Play.StreamNotFound", reason);
      return;
    }
    const asked = { ...found, args };
    this.#context.decide(admission.play(client, asked, range), (verdict) => {
      if (!session.awaits(id)) return;
      const decision = this.#context.gate.decide("play", client, asked, verdict);
      if (decision.type === "refused") this.#refusePlay(id, asked, "NetStream.Play.Failed", decision.reason);
      else {
        decision.relay?.();
        this.#play({ id, streamId, client, target: decision.target, range, isMp4, from: 0 });
      }
    });
  }

  #refusePlay(id: number, { path }: AdmissionTarget, code: string, reason: string): void {
    const { log, remote, session } = this.#context.options;
    log.info("play refused", { path, remote, reason });
    this.#context.run(session.rejectPlay(id, code, reason));
  }

  #play({ id, streamId, client, target, range, isMp4, from }: AdmittedPlay): void {
    const { plays, files, chunkSize, log, clock, session, sessions } = this.#context.options;
    const { path } = target;
    const config = plays?.policy(path);
    const isLive = plays?.isLive(path) ?? false;
    // Who asks for a live stream alone waits for it, where there may be one.
    const mayBeFile = !isLive && !(config && LIVE_ONLY.includes(range.start));
    if (mayBeFile && files?.has(path)) {
      void files.open({ path, isMp4, args: target.args ?? "" }).then((file) =>
        this.#context.guard(() => {
          if (!this.#context.isOpen() || !session.hasPlay(id)) file?.close();
          else if (file) this.#playFile(id, streamId, client, target, range, file);
          else this.#refusePlay(id, target, "NetStream.Play.StreamNotFound", `there is no file for ${path}`);
        }),
      );
      return;
    }
    const missing = config && !config.waitForPublisher && !isLive;
    const via = this.#context.request()?.via ?? [];
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
      fourCcs: this.#context.request()?.fourCcs,
      via,
      outbox: this.#context.outbox,
      sessions,
      counters: this.#context.counters,
      log,
      clock,
      onLive: (live) => this.#context.guard(() => this.#onLive(id, live)),
      drop: (reason) => this.#context.guard(() => this.#dropPlay(id, reason)),
      redirect: (to) => this.#context.guard(() => this.#redirectPlay(id, streamId, client, to)),
    });
    this.#plays.set(id, play);
    this.#context.run(session.acceptPlay(id, !config.startOnPublish, clock()));
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
    const { chunkSize, log, clock, session, sessions, remote } = this.#context.options;
    const { path } = target;
    const play: FilePlay = new FilePlay({
      file,
      range,
      client,
      target,
      streamId,
      chunkSize,
      fourCcs: this.#context.request()?.fourCcs,
      bufferLength: () => session.bufferLength,
      outbox: this.#context.outbox,
      sessions,
      counters: this.#context.counters,
      log,
      clock,
      onSought: () => this.#context.guard(() => this.#context.run(session.playSought(id))),
      onComplete: (time) => this.#context.guard(() => this.#context.run(session.playComplete(id, time / 1000))),
      onFailed: (error) =>
        this.#context.guard(() => {
          const reason = error instanceof Error ? error.message : String(error);
          log.warn("a file cannot be played on", { path, remote, file: file.name, reason });
          this.end(id, "the file cannot be read");
          this.#context.run(session.rejectPlay(id, "NetStream.Play.Failed", "The file cannot be read."));
        }),
      drop: (reason) => this.#context.guard(() => this.#dropPlay(id, reason)),
      redirect: (to) => this.#context.guard(() => this.#redirectPlay(id, streamId, client, to)),
    });
    this.#plays.set(id, play);
    this.#context.run(session.acceptFilePlay(id, clock()));
    if (this.#plays.get(id) === play) play.start();
  }

  #redirectPlay(id: number, streamId: number, client: Client, target: AdmissionTarget): void {
    const played = this.#plays.get(id);
    // A little later than what it has: where streams are joined nothing may overlap.
    const from = played instanceof Play && played.time > 0 ? played.time + JOIN : 0;
    this.end(id, `redirected to ${target.name}`);
    this.#play({ id, streamId, client, target, range: FROM_ITS_BEGINNING, isMp4: false, from });
  }

  #dropPlay(id: number, reason: string): void {
    if (!this.#plays.has(id)) return;
    this.end(id, reason);
    this.#context.run(this.#context.options.session.rejectPlay(id, "NetStream.Play.Failed", reason));
    this.#context.drop(reason);
  }

  #onLive(id: number, live: boolean): void {
    const play = this.#plays.get(id);
    if (!(play instanceof Play)) return;
    const { startOnPublish, publishNotify, waitForPublisher } = play.config;
    const { session } = this.#context.options;
    // A server that relays the stream has its own way to bridge the time.
    const notify = publishNotify || (this.#context.request()?.via.length ?? 0) > 0;
    this.#context.run(session.playLive(id, live, { restart: startOnPublish, notify }));
    if (live || waitForPublisher) return;
    this.end(id, "the encoder has left");
    this.#context.run(session.rejectPlay(id, "NetStream.Play.Stop", "The encoder has left.", "status"));
  }

  endAll(reason: string): void {
    for (const id of [...this.#plays.keys()]) this.end(id, reason);
  }

  end(id: number, reason: string): void {
    const play = this.#plays.get(id);
    this.#plays.delete(id);
    play?.end(reason);
  }
}
