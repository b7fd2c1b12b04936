import { MalformedError } from "../../bytes/errors.ts";
import type { AmfValue } from "../../formats/amf/value.ts";
import type { Millis } from "../../media/time.ts";
import { ProtocolError } from "../errors.ts";
import type { CloseReason, Effect, Session } from "../session.ts";
import { Acknowledger } from "./acknowledger.ts";
import { splitAggregate } from "./aggregate.ts";
import { type ConnectRequest, connectInfo, parseConnect, SERVER_PROPERTIES } from "./capabilities.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import { type HandshakeCrypto, isHttp, ServerHandshake } from "./handshake.ts";
import {
  acknowledgement,
  amf0Of,
  type Command,
  decodeCommand,
  decodeControlValue,
  decodeUserControl,
  encodeCommand,
  MessageType,
  type RtmpMessage,
  setChunkSize,
  setPeerBandwidth,
  UserControl,
  userControl,
  windowAckSize,
} from "./message.ts";
import { ServerStreams } from "./server-streams.ts";
import { parseStreamPath, type StreamPath } from "./stream-path.ts";

export type RtmpServerOptions = {
  /** Chunk size of what is sent; announced before the answer to connect, because FFmpeg adopts it. */
  readonly chunkSize: number;
  readonly ackWindow: number;
  readonly maxMessageSize: number;
  /** Message streams that may exist at the same time. */
  readonly maxStreams: number;
  /** From the first byte, or the end of the last publish, until the next publish is asked for. */
  readonly handshakeTimeout: Millis;
  /** A publisher without a media message for this long is closed. */
  readonly idleTimeout: Millis;
  /** 0 turns pings off. */
  readonly pingInterval: Millis;
};

export type RtmpMedia = {
  readonly type: "media";
  /** The publish, as in `publishRequested`. */
  readonly id: number;
  readonly messageType: 8 | 9 | 18;
  /** Milliseconds, modulo 2^32. */
  readonly timestamp: number;
  /** FLV tag body; for 18 AMF0 values. */
  readonly body: Uint8Array;
};

/** What the application learns. `publishRequested` and `playRequested` wait for its answer. */
export type RtmpServerEvent =
  | { readonly type: "connect"; readonly request: ConnectRequest }
  /** Answer with `acceptPublish` or `rejectPublish`. The id is the publish's own and is not used again. */
  | { readonly type: "publishRequested"; readonly id: number; readonly target: StreamPath }
  /** Answer with `rejectPlay`. */
  | { readonly type: "playRequested"; readonly streamId: number; readonly target: StreamPath }
  /** A publish or play that the session itself refused: the path is not one. */
  | { readonly type: "refused"; readonly request: "publish" | "play"; readonly reason: string }
  /** Only of accepted publishes. */
  | RtmpMedia
  /** The client has ended this publish; the connection goes on. */
  | { readonly type: "unpublish"; readonly id: number; readonly reason: string };

type ServerEffect = Effect<RtmpServerEvent>;

const HTTP_ANSWER = new TextEncoder().encode(
  "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis port speaks RTMP, not HTTP.\n",
);

/** The server's side of one RTMP connection (RTMP 1.0; enhanced RTMP v2). */
export class RtmpServerSession implements Session<RtmpServerEvent> {
  readonly #options: RtmpServerOptions;
  readonly #handshake: ServerHandshake;
  readonly #reader: ChunkReader;
  readonly #writer = new ChunkWriter();
  readonly #acknowledger = new Acknowledger();
  readonly #streams: ServerStreams;
  #effects: ServerEffect[] = [];
  #connection: ConnectRequest | undefined;
  #closed = false;
  #now: Millis;
  /** A publish must have been asked for by then; undefined while one is. */
  #requestDeadline: Millis | undefined;
  #lastMedia: Millis;
  #nextPing: Millis | undefined;

  /** @param now when the connection was accepted */
  constructor(options: RtmpServerOptions, crypto: HandshakeCrypto, now: Millis) {
    this.#options = options;
    this.#handshake = new ServerHandshake(crypto);
    this.#reader = new ChunkReader(options, (message) => this.#onMessage(message));
    this.#streams = new ServerStreams(options.maxStreams);
    this.#now = now;
    this.#lastMedia = now;
    this.#requestDeadline = now + options.handshakeTimeout;
  }

  get deadline(): Millis | undefined {
    if (this.#closed) return undefined;
    const ping = this.#nextPing ?? Number.POSITIVE_INFINITY;
    return Math.min(ping, this.#requestDeadline ?? this.#lastMedia + this.#options.idleTimeout);
  }

  receive(bytes: Uint8Array, now: Millis): readonly ServerEffect[] {
    if (this.#closed) return [];
    this.#now = now;
    try {
      let start = 0;
      if (!this.#handshake.done) {
        const { consumed, reply } = this.#handshake.receive(bytes);
        start = consumed;
        if (reply) this.#effects.push({ type: "send", bytes: reply });
      }
      if (this.#handshake.done) this.#reader.read(bytes, start);
      const acknowledge = this.#acknowledger.count(bytes.length);
      if (acknowledge !== undefined && this.#connection) this.#send(acknowledgement(acknowledge));
    } catch (error) {
      if (!(error instanceof ProtocolError || error instanceof MalformedError)) throw error;
      if (!this.#handshake.done && isHttp(bytes)) this.#effects.push({ type: "send", bytes: HTTP_ANSWER });
      this.#end({ code: error.code === "limit-reached" ? "limit-reached" : "protocol-error", message: error.message });
    }
    return this.#take();
  }

  tick(now: Millis): readonly ServerEffect[] {
    if (this.#closed) return [];
    this.#now = now;
    if (this.#requestDeadline !== undefined) {
      if (now >= this.#requestDeadline) this.#end({ code: "timeout", message: this.#whatIsMissing() });
    } else if (now >= this.#lastMedia + this.#options.idleTimeout) {
      this.#end({ code: "timeout", message: `no media for ${this.#options.idleTimeout / 1000} s` });
    }
    if (this.#nextPing !== undefined && now >= this.#nextPing) {
      this.#nextPing = now + this.#options.pingInterval;
      this.#send(userControl(UserControl.pingRequest, now >>> 0));
    }
    return this.#take();
  }

  /** Lets a requested publish begin; media that came before the answer follows as events. */
  acceptPublish(id: number): readonly ServerEffect[] {
    const stream = this.#streams.ofPublish(id);
    if (this.#closed || stream?.state !== "requested") return [];
    this.#lastMedia = this.#now;
    this.#send(userControl(UserControl.streamBegin, stream.id));
    this.#status(stream.id, "status", "NetStream.Publish.Start", `${stream.target?.name ?? ""} is now published.`);
    for (const message of this.#streams.accept(stream)) this.#emitMedia(id, message);
    return this.#take();
  }

  /**
   * Refuses a requested publish, or ends an accepted one. The connection is closed unless it carries another publish.
   * @param code such as `NetStream.Publish.BadName`; @param description what encoders show to their user
   */
  rejectPublish(id: number, code: string, description: string): readonly ServerEffect[] {
    const stream = this.#streams.ofPublish(id);
    if (!stream) return [];
    this.#streams.end(stream, false);
    return this.#reject(stream.id, code, description);
  }

  /** Refuses a requested play, by its message stream. */
  rejectPlay(streamId: number, code: string, description: string): readonly ServerEffect[] {
    return this.#reject(streamId, code, description);
  }

  close(reason: CloseReason): readonly ServerEffect[] {
    this.#end(reason);
    return this.#take();
  }

  #onMessage(message: RtmpMessage): void {
    if (this.#closed) return;
    const { type, body } = message;
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
        this.#onCommand(decodeCommand(type, body), message.streamId);
        break;
      case MessageType.windowAckSize:
        this.#acknowledger.setWindow(decodeControlValue(body) ?? 0);
        break;
      case MessageType.userControl: {
        const control = decodeUserControl(body);
        if (control?.event === UserControl.pingRequest) {
          this.#send(userControl(UserControl.pingResponse, control.value));
        }
        break;
      }
      // Acknowledgements, bandwidth, shared objects and what is unknown need no answer.
    }
  }

  #onMedia(message: RtmpMessage): void {
    const stream = this.#streams.forMedia(message.streamId);
    if (!stream) return;
    this.#lastMedia = this.#now;
    if (stream.state === "requested") this.#streams.hold(stream, message);
    else this.#emitMedia(stream.publish, message);
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
    this.#emit({ type: "media", id, messageType, timestamp, body });
  }

  #onCommand(command: Command, streamId: number): void {
    if (!this.#connection && command.name !== "connect")
      throw new ProtocolError(`the command ${printable(command.name)} before connect`);
    const name = command.args[0];
    switch (command.name) {
      case "connect":
        this.#onConnect(command);
        break;
      case "createStream": {
        const stream = this.#streams.create();
        if (stream) this.#result(command, stream.id);
        else this.#failCall(command, "too many streams on one connection");
        break;
      }
      case "publish":
        this.#onPublish(streamId, textOf(name));
        break;
      case "play":
      case "play2":
        this.#onPlay(streamId, textOf(name));
        break;
      case "FCPublish":
        // Haivision's encoders wait for it before they publish.
        this.#command(0, 3, "onFCPublish", 0, null, { code: "NetStream.Publish.Start", description: textOf(name) });
        this.#result(command, undefined);
        break;
      case "FCUnpublish":
        this.#command(0, 3, "onFCUnpublish", 0, null, {
          code: "NetStream.Unpublish.Success",
          description: textOf(name),
        });
        this.#result(command, undefined);
        break;
      case "deleteStream":
        // GStreamer names the stream where the others give its id.
        this.#unpublish(typeof name === "number" ? name : (this.#streams.named(textOf(name))?.id ?? streamId), true);
        break;
      case "closeStream":
        this.#unpublish(streamId, false);
        break;
      case "releaseStream":
      case "_checkbw":
        this.#result(command, undefined);
        break;
      case "getStreamLength":
        this.#result(command, 0);
        break;
      default:
        // An answer or a notice of the client's own asks for nothing.
        if (!/^(_|on)/.test(command.name)) this.#failCall(command, "unknown command");
    }
  }

  #onConnect(command: Command): void {
    this.#connection = parseConnect(command.object);
    this.#emit({ type: "connect", request: this.#connection });
    this.#send(windowAckSize(this.#options.ackWindow));
    this.#send(setPeerBandwidth(this.#options.ackWindow));
    this.#send(setChunkSize(this.#options.chunkSize));
    this.#writer.chunkSize = this.#options.chunkSize;
    this.#command(0, 3, "_result", command.transaction || 1, SERVER_PROPERTIES, connectInfo(this.#connection));
    if (this.#options.pingInterval > 0) this.#nextPing = this.#now + this.#options.pingInterval;
  }

  #onPublish(streamId: number, name: string): void {
    const target = this.#target(name);
    if (!target.valid) {
      this.#emit({ type: "refused", request: "publish", reason: target.reason });
      this.#append(this.#reject(streamId, "NetStream.Publish.BadName", target.reason));
      return;
    }
    // Publishing again on a stream ends what was published on it; a copy of the request changes nothing.
    const before = this.#streams.get(streamId);
    if (before && before.state !== "created") {
      if (before.target?.path === target.path) return;
      this.#unpublish(streamId, false);
    }
    const stream = this.#streams.request(streamId, name, target);
    if (!stream) {
      throw new ProtocolError("too many streams on one connection", "limit-reached");
    }
    this.#requestDeadline = undefined;
    this.#lastMedia = this.#now;
    this.#emit({ type: "publishRequested", id: stream.publish, target });
  }

  #onPlay(streamId: number, name: string): void {
    const target = this.#target(name);
    if (target.valid) {
      this.#emit({ type: "playRequested", streamId, target });
      return;
    }
    this.#emit({ type: "refused", request: "play", reason: target.reason });
    this.#append(this.rejectPlay(streamId, "NetStream.Play.StreamNotFound", target.reason));
  }

  #target(name: string) {
    const { app, tcUrl } = this.#connection ?? { app: "", tcUrl: "" };
    return parseStreamPath({ app, name, tcUrl });
  }

  #unpublish(streamId: number, remove: boolean): void {
    const stream = this.#streams.get(streamId);
    if (!stream) return;
    const active = stream.state !== "created";
    this.#streams.end(stream, remove);
    if (!active) return;
    if (!remove) this.#status(streamId, "status", "NetStream.Unpublish.Success", "The publish has ended.");
    this.#emit({ type: "unpublish", id: stream.publish, reason: "ended by the encoder" });
    if (!this.#streams.active) this.#requestDeadline = this.#now + this.#options.handshakeTimeout;
  }

  /** Closes the connection unless something else is published on it. */
  #reject(streamId: number, code: string, description: string): readonly ServerEffect[] {
    if (this.#closed) return [];
    this.#status(streamId, "error", code, description);
    if (!this.#streams.active) this.#end({ code: "rejected", message: description });
    return this.#take();
  }

  #whatIsMissing(): string {
    const seconds = this.#options.handshakeTimeout / 1000;
    const missing = !this.#handshake.done ? "handshake" : this.#connection ? "publish or play" : "connect";
    return `no complete ${missing} within ${seconds} s`;
  }

  #end(reason: CloseReason): void {
    if (this.#closed) return;
    this.#effects.push({ type: "close", reason });
    this.#closed = true;
  }

  #result(command: Command, value: AmfValue): void {
    if (command.transaction !== 0) this.#command(0, 3, "_result", command.transaction, null, value);
  }

  #failCall(command: Command, description: string): void {
    if (command.transaction === 0) return;
    this.#command(0, 3, "_error", command.transaction, null, {
      level: "error",
      code: "NetConnection.Call.Failed",
      description,
    });
  }

  #status(id: number, level: string, code: string, description: string): void {
    this.#command(id, 5, "onStatus", 0, null, { level, code, description });
  }

  #command(streamId: number, csid: number, name: string, transaction: number, ...values: readonly AmfValue[]): void {
    const [object, ...args] = values;
    const body = encodeCommand(name, transaction, object, ...args);
    this.#send({ csid, streamId, type: MessageType.command, timestamp: 0, body });
  }

  #send(message: RtmpMessage): void {
    if (!this.#closed) this.#effects.push({ type: "send", bytes: this.#writer.write(message) });
  }

  #emit(event: RtmpServerEvent): void {
    this.#effects.push({ type: "event", event });
  }

  #append(effects: readonly ServerEffect[]): void {
    this.#effects.push(...effects);
  }

  #take(): readonly ServerEffect[] {
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }
}

/** ActionScript programs name streams by numbers, too; `false` and null stand for none. */
function textOf(value: AmfValue): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 32));
}
