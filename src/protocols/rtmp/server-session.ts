import { MalformedError } from "../../bytes/errors.ts";
import type { AmfValue } from "../../formats/amf/value.ts";
import type { Millis } from "../../media/time.ts";
import { ProtocolError } from "../errors.ts";
import type { CloseReason, Effect, Session } from "../session.ts";
import { Acknowledger } from "./acknowledger.ts";
import { splitAggregate } from "./aggregate.ts";
import { type ConnectRequest, connectInfo, inApplication, parseConnect, SERVER_PROPERTIES } from "./capabilities.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { type HandshakeCrypto, isHttp, ServerHandshake } from "./handshake.ts";
import { HeldMessages } from "./held-messages.ts";
import {
  acknowledgement,
  amf0Of,
  type Command,
  decodeBufferLength,
  decodeCommand,
  decodeControlValue,
  decodeUserControl,
  MessageType,
  type RtmpMessage,
  setPeerBandwidth,
  UserControl,
  userControl,
  windowAckSize,
} from "./message.ts";
import { ServerDeadlines } from "./server-deadlines.ts";
import type { PlayRange, RtmpServerEvent, RtmpServerOptions } from "./server-event.ts";
import { ServerOutput, type StatusLevel } from "./server-output.ts";
import { type ServerStream, ServerStreams } from "./server-streams.ts";
import { argumentsOf, parseStreamPath } from "./stream-path.ts";

type ServerEffect = Effect<RtmpServerEvent>;

const HTTP_ANSWER = new TextEncoder().encode(
  "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis port speaks RTMP, not HTTP.\n",
);

/** Longest type of a publish, in characters. */
const MAX_TYPE = 32;
/** What a player may ask for as soon as it has asked to play. */
const HELD_UNTIL_PLAYED: ReadonlySet<string> = new Set(["pause", "pauseRaw", "seek", "receiveAudio", "receiveVideo"]);

/** The server's side of one RTMP connection (RTMP 1.0; enhanced RTMP v2). */
export class RtmpServerSession implements Session<RtmpServerEvent> {
  readonly #options: RtmpServerOptions;
  readonly #handshake: ServerHandshake;
  readonly #reader: ChunkReader;
  readonly #output = new ServerOutput();
  readonly #acknowledger = new Acknowledger();
  readonly #streams: ServerStreams;
  readonly #deadlines: ServerDeadlines;
  #connection: ConnectRequest | undefined;
  /** The connect command, until it is answered, and what came after it. */
  #connecting: { readonly command: Command; readonly held: HeldMessages } | undefined;
  #bufferLength: Millis | undefined;
  #now: Millis;

  /** @param now when the connection was accepted */
  constructor(options: RtmpServerOptions, crypto: HandshakeCrypto, now: Millis) {
    this.#options = options;
    this.#handshake = new ServerHandshake(crypto);
    this.#reader = new ChunkReader(options, (message) => this.#onMessage(message));
    this.#streams = new ServerStreams(options.maxStreams);
    this.#deadlines = new ServerDeadlines(options, now);
    this.#now = now;
  }

  /** How much the player keeps, as it said last. */
  get bufferLength(): Millis | undefined {
    return this.#bufferLength;
  }

  get deadline(): Millis | undefined {
    return this.#output.closed ? undefined : this.#deadlines.next;
  }

  receive(bytes: Uint8Array, now: Millis): readonly ServerEffect[] {
    if (this.#output.closed) return [];
    this.#now = now;
    try {
      let start = 0;
      if (!this.#handshake.done) {
        const { consumed, reply } = this.#handshake.receive(bytes);
        start = consumed;
        if (reply) this.#output.bytes(reply);
      }
      if (this.#handshake.done) this.#reader.read(bytes, start);
      const acknowledge = this.#acknowledger.count(bytes.length);
      if (acknowledge !== undefined && this.#isConnected) this.#output.send(acknowledgement(acknowledge));
    } catch (error) {
      if (!this.#handshake.done && isHttp(bytes)) this.#output.bytes(HTTP_ANSWER);
      this.#fail(error);
    }
    return this.#output.take();
  }

  tick(now: Millis): readonly ServerEffect[] {
    if (this.#output.closed) return [];
    this.#now = now;
    if (this.#deadlines.isRequestLate(now)) this.#output.close({ code: "timeout", message: this.#whatIsMissing() });
    else if (this.#deadlines.isIdle(now)) {
      this.#output.close({ code: "timeout", message: `nothing sent for ${this.#options.idleTimeout / 1000} s` });
    } else if (this.#deadlines.isWithoutMedia(now)) {
      this.#output.close({ code: "timeout", message: `no media for ${this.#options.mediaTimeout / 1000} s` });
    } else if (this.#deadlines.takePing(now)) this.#output.send(userControl(UserControl.pingRequest, now >>> 0));
    return this.#output.take();
  }

  /**
   * Lets the client in; what it sent meanwhile follows.
   * @param app the application that it is to be in, if not the one it named
   */
  acceptConnect(now: Millis, app?: string): readonly ServerEffect[] {
    const connecting = this.#connecting;
    if (this.#output.closed || !connecting || !this.#connection) return [];
    this.#now = now;
    this.#connecting = undefined;
    if (app !== undefined) this.#connection = inApplication(this.#connection, app);
    this.#output.send(windowAckSize(this.#options.ackWindow));
    this.#output.send(setPeerBandwidth(this.#options.ackWindow));
    this.#output.chunkSize(this.#options.chunkSize);
    const answered = { ...connecting.command, transaction: connecting.command.transaction || 1 };
    this.#output.result(answered, SERVER_PROPERTIES, connectInfo(this.#connection));
    this.#deadlines.connected(now);
    this.#replay(connecting.held.take());
    return this.#output.take();
  }

  /** Does not let the client in. @param redirect where it shall go instead */
  rejectConnect(description: string, redirect?: string): readonly ServerEffect[] {
    const connecting = this.#connecting;
    if (this.#output.closed || !connecting) return [];
    this.#connecting = undefined;
    const transaction = connecting.command.transaction || 1;
    this.#output.connectRejected(transaction, description, redirect);
    this.#output.close({ code: "rejected", message: description });
    return this.#output.take();
  }

  /** Whether a publish or play still waits for its answer. */
  awaits(id: number): boolean {
    const state = this.#output.closed ? undefined : this.#streams.ofUse(id)?.state;
    return state === "requested" || state === "asked";
  }

  /** Whether it is a play that has not ended. */
  hasPlay(id: number): boolean {
    return !this.#output.closed && isPlay(this.#streams.ofUse(id));
  }

  /** Lets a requested publish begin; media that came before the answer follows as events. */
  acceptPublish(id: number, now: Millis = this.#now): readonly ServerEffect[] {
    const stream = this.#streams.ofUse(id);
    if (this.#output.closed || stream?.state !== "requested") return [];
    this.#now = now;
    this.#deadlines.accepted(now);
    this.#deadlines.media(now);
    this.#output.send(userControl(UserControl.streamBegin, stream.id));
    this.#output.status(
      stream.id,
      "status",
      "NetStream.Publish.Start",
      `${stream.target?.name ?? ""} is now published.`,
    );
    for (const message of this.#streams.accept(stream)) this.#emitMedia(id, message);
    return this.#output.take();
  }

  /**
   * Refuses a requested publish, or ends an accepted one. The connection is closed unless it carries another publish.
   * @param code such as `NetStream.Publish.BadName`; @param description what encoders show to their user
   */
  rejectPublish(id: number, code: string, description: string): readonly ServerEffect[] {
    const stream = this.#streams.ofUse(id);
    if (!stream) return [];
    this.#streams.end(stream, false);
    this.#reject(stream.id, code, description);
    return this.#output.take();
  }

  /**
   * Lets a requested play begin, or begin anew; what the player asked for meanwhile follows.
   * @param started says so with NetStream.Play.Start
   */
  acceptPlay(id: number, started: boolean, now: Millis = this.#now): readonly ServerEffect[] {
    const stream = this.#streams.ofUse(id);
    if (this.#output.closed || !isPlay(stream)) return [];
    this.#now = now;
    this.#deadlines.accepted(now);
    this.#output.status(stream.id, "status", "NetStream.Play.Reset", `Playing and resetting ${stream.name}.`);
    if (started) this.#playStarted(stream);
    this.#replay(this.#streams.acceptPlay(stream));
    return this.#output.take();
  }

  /**
   * Tells a player that its stream's encoder has come or gone.
   * @param restart with NetStream.Play.Start or Stop; @param notify with PublishNotify or UnpublishNotify
   */
  playLive(id: number, live: boolean, options: { restart: boolean; notify: boolean }): readonly ServerEffect[] {
    const stream = this.#streams.ofUse(id);
    if (stream?.state !== "playing") return [];
    const { streamBegin, streamEof } = UserControl;
    // At StreamEOF GStreamer ends, though the encoder may come back.
    if (live || options.restart) this.#output.send(userControl(live ? streamBegin : streamEof, stream.id));
    if (options.restart && live) this.#playStarted(stream);
    if (options.restart && !live) this.#output.status(stream.id, "status", "NetStream.Play.Stop", "The stream stops.");
    if (options.notify) {
      const code = `NetStream.Play.${live ? "PublishNotify" : "UnpublishNotify"}`;
      this.#output.status(stream.id, "status", code, `${stream.name} is ${live ? "now" : "no longer"} published.`);
    }
    return this.#output.take();
  }

  /** Tells an encoder something about its publish. */
  publishNotice(id: number, code: string, description: string): readonly ServerEffect[] {
    const stream = this.#streams.ofUse(id);
    if (stream?.state === "publishing") this.#output.status(stream.id, "status", code, description);
    return this.#output.take();
  }

  /** Lets a requested play of a file begin. */
  acceptFilePlay(id: number, now: Millis): readonly ServerEffect[] {
    const stream = this.#streams.ofUse(id);
    if (this.#output.closed || !isPlay(stream)) return [];
    stream.isFile = true;
    this.#output.send(userControl(UserControl.streamBegin, stream.id));
    this.#output.send(userControl(UserControl.streamIsRecorded, stream.id));
    return this.acceptPlay(id, true, now);
  }

  /** A file is played from the place that was asked for. */
  playSought(id: number): readonly ServerEffect[] {
    const stream = this.#streams.ofUse(id);
    if (stream?.state !== "playing") return [];
    this.#output.send(userControl(UserControl.streamEof, stream.id));
    this.#output.status(stream.id, "status", "NetStream.Seek.Notify", `${stream.name} goes on elsewhere.`);
    this.#output.send(userControl(UserControl.streamBegin, stream.id));
    this.#output.status(stream.id, "status", "NetStream.Play.Start", `${stream.name} is played.`);
    return this.#output.take();
  }

  /** All of a file has been sent. @param seconds of it */
  playComplete(id: number, seconds: number): readonly ServerEffect[] {
    const stream = this.#streams.ofUse(id);
    if (stream?.state !== "playing") return [];
    this.#output.send(userControl(UserControl.streamEof, stream.id));
    const complete = { level: "status", code: "NetStream.Play.Complete", duration: seconds, bytes: 0 };
    this.#output.data(stream.id, "onPlayStatus", complete);
    this.#output.status(stream.id, "status", "NetStream.Play.Stop", `${stream.name} is over.`);
    return this.#output.take();
  }

  /** Tells a player something. */
  playStatus(id: number, level: StatusLevel, code: string, description: string): readonly ServerEffect[] {
    const stream = this.#streams.ofUse(id);
    if (stream?.state === "playing") this.#output.status(stream.id, level, code, description);
    return this.#output.take();
  }

  /** Refuses a requested play or ends one. The connection is closed unless something else goes on. */
  rejectPlay(id: number, code: string, description: string, level: StatusLevel = "error"): readonly ServerEffect[] {
    const stream = this.#streams.ofUse(id);
    if (!isPlay(stream)) return [];
    this.#streams.end(stream, false);
    this.#reject(stream.id, code, description, level);
    return this.#output.take();
  }

  close(reason: CloseReason): readonly ServerEffect[] {
    this.#output.close(reason);
    return this.#output.take();
  }

  #onMessage(message: RtmpMessage): void {
    if (this.#output.closed) return;
    this.#deadlines.message(this.#now);
    const { type, body } = message;
    if (this.#connecting && type !== MessageType.userControl && type !== MessageType.windowAckSize) {
      this.#connecting.held.add(message);
      return;
    }
    switch (type) {
      case MessageType.audio:
      case MessageType.video:
      case MessageType.data:
      case MessageType.dataAmf3:
        this.#onMedia(message);
        break;
      case MessageType.aggregate:
        this.#onAggregate(message);
        break;
      case MessageType.command:
      case MessageType.commandAmf3:
        this.#onCommand(decodeCommand(type, body), message);
        break;
      case MessageType.windowAckSize:
        this.#acknowledger.setWindow(decodeControlValue(body) ?? 0);
        break;
      case MessageType.userControl: {
        const control = decodeUserControl(body);
        if (control?.event === UserControl.pingRequest) {
          this.#output.send(userControl(UserControl.pingResponse, control.value));
        } else if (control?.event === UserControl.setBufferLength) {
          this.#bufferLength = decodeBufferLength(body) ?? this.#bufferLength;
        }
        break;
      }
      // Acknowledgements, bandwidth, shared objects and what is unknown need no answer.
    }
  }

  #onMedia(message: RtmpMessage): void {
    const stream = this.#streams.forMedia(message.streamId);
    if (!stream) return;
    this.#deadlines.media(this.#now);
    if (stream.state === "requested") stream.held.add(message);
    else this.#emitMedia(stream.use, message);
  }

  #onAggregate(message: RtmpMessage): void {
    let parts: RtmpMessage[];
    try {
      parts = splitAggregate(message);
    } catch (error) {
      // Broken media does not end a publish, and no part of it can be trusted.
      if (error instanceof MalformedError) return;
      throw error;
    }
    for (const part of parts) {
      if (part.type === MessageType.audio || part.type === MessageType.video || part.type === MessageType.data) {
        this.#onMedia(part);
      }
    }
  }

  #emitMedia(id: number, message: RtmpMessage): void {
    const { type, timestamp } = message;
    const messageType = type === MessageType.audio || type === MessageType.video ? type : MessageType.data;
    const body = type === MessageType.dataAmf3 ? amf0Of(type, message.body) : message.body;
    this.#output.event({ type: "media", id, messageType, timestamp, body });
  }

  #onCommand(command: Command, message: RtmpMessage): void {
    const { streamId } = message;
    if (!this.#connection && command.name !== "connect")
      throw new ProtocolError(`the command ${printable(command.name)} before connect`);
    const asked = this.#streams.get(streamId);
    if (asked?.state === "asked" && HELD_UNTIL_PLAYED.has(command.name)) {
      asked.held.add(message);
      return;
    }
    const name = command.args[0];
    switch (command.name) {
      case "connect":
        this.#onConnect(command);
        break;
      case "createStream": {
        const stream = this.#streams.create();
        if (stream) this.#output.result(command, null, stream.id);
        else this.#output.failure(command, "too many streams on one connection");
        break;
      }
      case "publish":
        this.#onPublish(streamId, textOf(name), textOf(command.args[1]).slice(0, MAX_TYPE));
        break;
      case "play":
      case "play2":
        this.#onPlay(streamId, command);
        break;
      case "pause":
      case "pauseRaw":
        this.#onPause(streamId, command.args[0] !== false);
        break;
      case "seek": {
        // A live stream has one place. An error would end most players.
        const stream = this.#streams.get(streamId);
        const said = "A live stream cannot be sought in.";
        if (stream?.state !== "playing") break;
        if (stream.isFile) this.#output.event({ type: "playSought", id: stream.use, time: Number(name) || 0 });
        else this.#output.status(streamId, "warning", "NetStream.Seek.Failed", said);
        break;
      }
      case "receiveAudio":
      case "receiveVideo": {
        const stream = this.#streams.get(streamId);
        if (stream?.state !== "playing") break;
        const kind = command.name === "receiveAudio" ? "audio" : "video";
        this.#output.event({ type: "playWants", id: stream.use, kind, wanted: command.args[0] !== false });
        break;
      }
      case "FCSubscribe":
        this.#output.notice("onFCSubscribe", {
          level: "status",
          code: "NetStream.Play.Start",
          description: textOf(name),
        });
        this.#output.result(command, null, undefined);
        break;
      case "FCUnsubscribe":
        this.#output.notice("onFCUnsubscribe", {
          level: "status",
          code: "NetStream.Play.Stop",
          description: textOf(name),
        });
        this.#output.result(command, null, undefined);
        break;
      case "FCPublish":
        // Haivision's encoders wait for it before they publish.
        this.#output.notice("onFCPublish", { code: "NetStream.Publish.Start", description: textOf(name) });
        this.#output.result(command, null, undefined);
        break;
      case "FCUnpublish":
        this.#output.notice("onFCUnpublish", {
          code: "NetStream.Unpublish.Success",
          description: textOf(name),
        });
        this.#output.result(command, null, undefined);
        break;
      case "deleteStream":
        // GStreamer names the stream where the others give its id.
        this.#stop(typeof name === "number" ? name : (this.#streams.named(textOf(name))?.id ?? streamId), true);
        break;
      case "closeStream":
        this.#stop(streamId, false);
        break;
      case "releaseStream":
      case "_checkbw":
        this.#output.result(command, null, undefined);
        break;
      case "getStreamLength":
        this.#output.result(command, null, 0);
        break;
      default:
        // An answer or a notice of the client's own asks for nothing.
        if (!/^(_|on)/.test(command.name)) this.#output.failure(command, "unknown command");
    }
  }

  #onConnect(command: Command): void {
    if (this.#connection) throw new ProtocolError("a second connect");
    this.#connection = parseConnect(command.object);
    this.#connecting = { command, held: new HeldMessages() };
    this.#deadlines.decisionDue();
    this.#output.event({ type: "connectRequested", request: this.#connection });
  }

  #onPublish(streamId: number, name: string, publishType: string): void {
    const target = this.#target(name);
    if (!target.valid) {
      this.#output.event({ type: "refused", request: "publish", reason: target.reason });
      this.#reject(streamId, "NetStream.Publish.BadName", target.reason);
      return;
    }
    // Publishing again on a stream ends what was published on it; a copy of the request changes nothing.
    const before = this.#streams.get(streamId);
    if (before && before.state !== "created") {
      if (before.state !== "playing" && before.target?.path === target.path) return;
      this.#stop(streamId, false);
    }
    const stream = this.#streams.request(streamId, name, target);
    if (!stream) {
      throw new ProtocolError("too many streams on one connection", "limit-reached");
    }
    this.#deadlines.decisionDue();
    this.#output.event({ type: "publishRequested", id: stream.use, target, args: argumentsOf(name), publishType });
  }

  #onPlay(streamId: number, { args }: Command): void {
    const name = textOf(args[0]);
    const target = this.#target(name);
    if (!target.valid) {
      this.#output.event({ type: "refused", request: "play", reason: target.reason });
      this.#reject(streamId, "NetStream.Play.StreamNotFound", target.reason);
      return;
    }
    const before = this.#streams.get(streamId);
    if (before && before.state !== "created") this.#stop(streamId, false);
    const stream = this.#streams.play(streamId, name, target);
    if (!stream) throw new ProtocolError("too many streams on one connection", "limit-reached");
    this.#deadlines.decisionDue();
    this.#output.event({
      type: "playRequested",
      id: stream.use,
      streamId,
      target,
      args: argumentsOf(name),
      range: playRangeOf(args),
      isMp4: name.startsWith("mp4:"),
    });
  }

  #playStarted({ id, name }: ServerStream): void {
    this.#output.status(id, "status", "NetStream.Play.Start", `${name} is played.`);
    // Players of the Flash era ask whether they may read the samples.
    this.#output.data(id, "|RtmpSampleAccess", true, true);
  }

  #onPause(streamId: number, paused: boolean): void {
    const stream = this.#streams.get(streamId);
    if (stream?.state !== "playing") return;
    const code = paused ? "NetStream.Pause.Notify" : "NetStream.Unpause.Notify";
    this.#output.status(streamId, "status", code, `${stream.name} is ${paused ? "paused" : "played"}.`);
    this.#output.event({ type: "playPaused", id: stream.use, paused });
  }

  #target(name: string) {
    const { app, tcUrl } = this.#connection ?? { app: "", tcUrl: "" };
    return parseStreamPath({ app, name, tcUrl });
  }

  /** The client ends what it does on a stream. */
  #stop(streamId: number, remove: boolean): void {
    const stream = this.#streams.get(streamId);
    if (!stream) return;
    const { state } = stream;
    this.#streams.end(stream, remove);
    if (state === "playing" || state === "asked") {
      if (!remove) this.#output.status(streamId, "status", "NetStream.Play.Stop", "The play has ended.");
      this.#output.event({ type: "playStopped", id: stream.use });
    } else if (state !== "created") {
      if (!remove) this.#output.status(streamId, "status", "NetStream.Unpublish.Success", "The publish has ended.");
      this.#output.event({ type: "unpublish", id: stream.use, reason: "ended by the encoder" });
    }
    if (state !== "created")
      this.#deadlines.ended(this.#now, { publishing: this.#streams.publishing, active: this.#streams.active });
  }

  /** Closes the connection unless something else goes on on it. */
  #reject(streamId: number, code: string, description: string, level: StatusLevel = "error"): void {
    this.#output.status(streamId, level, code, description);
    if (!this.#streams.active) this.#output.close({ code: "rejected", message: description });
  }

  #replay(messages: readonly RtmpMessage[]): void {
    try {
      for (const message of messages) this.#onMessage(message);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends the session for what the peer did. */
  #fail(error: unknown): void {
    if (!(error instanceof ProtocolError || error instanceof MalformedError)) throw error;
    const code = error.code === "limit-reached" ? "limit-reached" : "protocol-error";
    this.#output.close({ code, message: error.message });
  }

  get #isConnected(): boolean {
    return this.#connection !== undefined && this.#connecting === undefined;
  }

  #whatIsMissing(): string {
    const seconds = this.#options.handshakeTimeout / 1000;
    const missing = !this.#handshake.done ? "handshake" : this.#connection ? "publish or play" : "connect";
    return `no complete ${missing} within ${seconds} s`;
  }
}

/** ActionScript programs name streams by numbers, too; `false` and null stand for none. */
function textOf(value: AmfValue): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

const isPlay = (stream: ServerStream | undefined): stream is ServerStream =>
  stream?.state === "asked" || stream?.state === "playing";

/** As it came: milliseconds, though RTMP 1.0 7.2.2.1 says seconds. */
function playRangeOf([, start, duration, reset]: Command["args"]): PlayRange {
  const number = (value: AmfValue) => (typeof value === "number" ? value : 0);
  return { start: number(start), duration: number(duration), reset: reset === true || number(reset) > 0 };
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 32));
}
