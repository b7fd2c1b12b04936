import { MalformedError } from "../../bytes/errors.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { type AmfObject, type AmfValue, isAmfObject } from "../../formats/amf/value.ts";
import type { Millis } from "../../media/time.ts";
import { ProtocolError } from "../errors.ts";
import type { CloseReason, Effect, Session } from "../session.ts";
import { Acknowledger } from "./acknowledger.ts";
import { splitAggregate } from "./aggregate.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import { ClientHandshake } from "./handshake.ts";
import {
  acknowledgement,
  type Command,
  controlMessage,
  decodeCommand,
  decodeControlValue,
  decodeUserControl,
  encodeCommand,
  MessageType,
  type RtmpMessage,
  setChunkSize,
  UserControl,
  userControl,
  windowAckSize,
} from "./message.ts";

export type RtmpClientOptions = {
  readonly app: string;
  /** Stream key, with its query if it has one. */
  readonly name: string;
  /** `rtmp://host[:port]/app` */
  readonly tcUrl: string;
  /** Of what is sent. */
  readonly chunkSize?: number;
  readonly flashVer?: string;
  /** Random bytes for the handshake. */
  readonly random: (length: number) => Uint8Array;
  /** From `start` until the server lets the publish begin. */
  readonly timeoutMs?: number;
  /** More properties of the connect command, such as enhanced RTMP capabilities. */
  readonly capabilities?: AmfObject;
  /** Plays the stream instead of publishing it. */
  readonly play?: RtmpPlayOptions;
};

export type RtmpPlayOptions = {
  /** Of the play command: milliseconds, or -2000 (live, else recorded), -1000 (live). */
  readonly start: number;
  /** Milliseconds; to the end when left out. */
  readonly duration?: number;
  /** How much is buffered, as the server is told. */
  readonly bufferMs: number;
  /** Of a message that the server may send. */
  readonly maxMessageSize: number;
};

export type RtmpClientEvent =
  /** The server accepted: media may be sent. */
  | { readonly type: "publishing" }
  /** The server plays the stream, or will once there is one. */
  | { readonly type: "playing" }
  /** An FLV tag body of what is played: 8 audio, 9 video, 18 script data. */
  | { readonly type: "media"; readonly messageType: number; readonly timestamp: number; readonly body: Uint8Array }
  /** The stream that is played has ended; it may begin again. */
  | { readonly type: "stopped" }
  /** The server refused, before or during the publish or play. A `close` effect follows. */
  | { readonly type: "rejected"; readonly code: string; readonly description: string }
  /** The session is over, whoever ended it. A `close` effect follows. */
  | { readonly type: "closed"; readonly reason: CloseReason };

/** Largest message a server may send to who publishes: it only sends commands. */
const MAX_MESSAGE_SIZE = 1 << 20;
const DEFAULT_TIMEOUT_MS = 10_000;

const CONNECT = 1;
const CREATE_STREAM = 4;

type State = "idle" | "handshake" | "connecting" | "creating" | "requesting" | "publishing" | "playing" | "closed";

/**
 * The client's side of RTMP. It publishes: `start`, then media once `publishing` was reported, `close` at the end. Or it plays:
 * `start`, then media comes after `playing`.
 */
export class RtmpClientSession implements Session<RtmpClientEvent> {
  readonly #options: RtmpClientOptions;
  readonly #handshake: ClientHandshake;
  readonly #reader: ChunkReader;
  readonly #writer = new ChunkWriter();
  readonly #acknowledger = new Acknowledger();
  #effects: Effect<RtmpClientEvent>[] = [];
  #state: State = "idle";
  #deadline: Millis | undefined;
  #streamId = 0;

  constructor(options: RtmpClientOptions) {
    this.#options = options;
    this.#handshake = new ClientHandshake(options.random);
    const maxMessageSize = options.play?.maxMessageSize ?? MAX_MESSAGE_SIZE;
    this.#reader = new ChunkReader({ maxMessageSize }, (message) => this.#onMessage(message));
  }

  get deadline(): Millis | undefined {
    return this.#deadline;
  }

  /** True between the server's consent and the end. */
  get publishing(): boolean {
    return this.#state === "publishing";
  }

  /** Message stream that media goes by, once it may. */
  get streamId(): number {
    return this.#streamId;
  }

  /** The connection is open. */
  start(now: Millis): readonly Effect<RtmpClientEvent>[] {
    if (this.#state !== "idle") return [];
    this.#state = "handshake";
    this.#deadline = now + (this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.#effects.push({ type: "send", bytes: this.#handshake.c0c1 });
    return this.#take();
  }

  receive(bytes: Uint8Array, _now: Millis): readonly Effect<RtmpClientEvent>[] {
    if (this.#state === "idle" || this.#state === "closed") return [];
    try {
      let start = 0;
      if (!this.#handshake.done) {
        const { consumed, reply } = this.#handshake.receive(bytes);
        start = consumed;
        if (reply) this.#effects.push({ type: "send", bytes: reply });
        if (this.#handshake.done) this.#connect();
      }
      if (this.#handshake.done) this.#reader.read(bytes, start);
      const acknowledge = this.#acknowledger.count(bytes.length);
      if (acknowledge !== undefined) this.#send(acknowledgement(acknowledge));
    } catch (error) {
      if (!(error instanceof ProtocolError || error instanceof MalformedError)) throw error;
      this.#end({ code: "protocol-error", message: error.message });
    }
    return this.#take();
  }

  tick(now: Millis): readonly Effect<RtmpClientEvent>[] {
    if (this.#deadline !== undefined && now >= this.#deadline) {
      this.#end({ code: "timeout", message: `the server did not let the ${this.#purpose} begin (${this.#state})` });
    }
    return this.#take();
  }

  /**
   * Sends an FLV tag body: 8 audio, 9 video, 18 script data (with "@setDataFrame" in front where the server shall keep it).
   * Nothing happens before `publishing`. @param timestamp milliseconds, modulo 2^32
   */
  sendMedia(type: 8 | 9 | 18, timestamp: number, body: Uint8Array): readonly Effect<RtmpClientEvent>[] {
    if (this.#state !== "publishing") return [];
    const csid = type === MessageType.audio ? 4 : type === MessageType.video ? 6 : 5;
    this.#send({ csid, streamId: this.#streamId, type, timestamp, body });
    return this.#take();
  }

  close(reason: CloseReason): readonly Effect<RtmpClientEvent>[] {
    if (this.#state === "publishing") {
      this.#command("FCUnpublish", 6, null, this.#options.name);
    }
    if (this.#state === "publishing" || this.#state === "playing")
      this.#command("deleteStream", 7, null, this.#streamId);
    this.#end(reason);
    return this.#take();
  }

  get #purpose(): "publish" | "play" {
    return this.#options.play ? "play" : "publish";
  }

  #connect(): void {
    const { app, tcUrl, flashVer, capabilities } = this.#options;
    const size = this.#options.chunkSize ?? 4096;
    this.#send(setChunkSize(size));
    this.#writer.chunkSize = size;
    this.#state = "connecting";
    this.#command("connect", CONNECT, {
      app,
      type: "nonprivate",
      flashVer: flashVer ?? "FMLE/3.0 (compatible; naru)",
      tcUrl,
      ...capabilities,
    });
  }

  #onMessage(message: RtmpMessage): void {
    if (this.#state === "closed") return;
    const { type, body } = message;
    if (type === MessageType.command || type === MessageType.commandAmf3) this.#onCommand(decodeCommand(type, body));
    else if (type === MessageType.windowAckSize) this.#acknowledger.setWindow(decodeControlValue(body) ?? 0);
    else if (type === MessageType.setPeerBandwidth) this.#send(windowAckSize(decodeControlValue(body) || 2_500_000));
    else if (type === MessageType.userControl) {
      const control = decodeUserControl(body);
      if (control?.event === UserControl.pingRequest) {
        this.#send(userControl(UserControl.pingResponse, control.value));
      } else if (control?.event === UserControl.streamEof) this.#onStopped();
    } else if (this.#options.play) this.#onMedia(message);
  }

  #onMedia(message: RtmpMessage): void {
    const { type, timestamp, body } = message;
    if (type === MessageType.aggregate) {
      for (const part of splitAggregate(message)) this.#onMedia(part);
      return;
    }
    if (type !== MessageType.audio && type !== MessageType.video && type !== MessageType.data) return;
    // Some servers send media and never say that it begins.
    if (this.#state === "requesting" && type !== MessageType.data) this.#onPlaying();
    this.#effects.push({ type: "event", event: { type: "media", messageType: type, timestamp, body } });
  }

  #onPlaying(): void {
    this.#state = "playing";
    this.#deadline = undefined;
    this.#effects.push({ type: "event", event: { type: "playing" } });
  }

  #onStopped(): void {
    if (this.#state === "playing") this.#effects.push({ type: "event", event: { type: "stopped" } });
  }

  #onCommand(command: Command): void {
    switch (command.name) {
      case "_result":
        this.#onResult(command);
        return;
      case "_error":
        // Answers to releaseStream and FCPublish do not matter: many servers know neither.
        if (command.transaction === CONNECT || command.transaction === CREATE_STREAM) this.#onRefusal(command);
        return;
      case "onStatus": {
        const info = statusOf(command.args[0]);
        if (info.code === "NetStream.Publish.Start" && this.#state === "requesting") {
          this.#state = "publishing";
          this.#deadline = undefined;
          this.#effects.push({ type: "event", event: { type: "publishing" } });
        } else if (info.code === "NetStream.Play.Start" && this.#state === "requesting" && this.#options.play) {
          this.#onPlaying();
        } else if (info.code === "NetStream.Play.UnpublishNotify" || info.code === "NetStream.Play.Stop") {
          this.#onStopped();
        } else if (info.level === "error") this.#onRefusal(command);
        return;
      }
      case "close":
        this.#end({ code: "peer-closed", message: "the server closed the session" });
    }
  }

  #onResult(command: Command): void {
    const { name } = this.#options;
    if (command.transaction === CONNECT && this.#state === "connecting") {
      this.#state = "creating";
      if (!this.#options.play) {
        this.#command("releaseStream", 2, null, name);
        this.#command("FCPublish", 3, null, name);
      }
      this.#command("createStream", CREATE_STREAM, null);
    } else if (command.transaction === CREATE_STREAM && this.#state === "creating") {
      const id = command.args[0];
      if (typeof id !== "number") throw new ProtocolError("createStream was answered without a stream id");
      this.#streamId = id;
      this.#state = "requesting";
      const { play } = this.#options;
      const body = play
        ? encodeCommand("play", 0, null, name, play.start, ...(play.duration === undefined ? [] : [play.duration]))
        : encodeCommand("publish", 5, null, name, "live");
      this.#send({ csid: play ? 8 : 4, streamId: id, type: MessageType.command, timestamp: 0, body });
      if (play) this.#send(setBufferLength(id, play.bufferMs));
    }
  }

  #onRefusal(command: Command): void {
    const { code, description } = statusOf(command.args[0]);
    this.#effects.push({ type: "event", event: { type: "rejected", code, description } });
    this.#end({ code: "rejected", message: [code, description].filter((part) => part !== "").join(": ") });
  }

  #end(reason: CloseReason): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#deadline = undefined;
    this.#effects.push({ type: "event", event: { type: "closed", reason } }, { type: "close", reason });
  }

  #command(name: string, transaction: number, object: AmfValue, ...args: AmfValue[]): void {
    const body = encodeCommand(name, transaction, object, ...args);
    this.#send({ csid: 3, streamId: 0, type: MessageType.command, timestamp: 0, body });
  }

  #send(message: RtmpMessage): void {
    if (this.#state === "closed") return;
    this.#effects.push({ type: "send", bytes: this.#writer.write(message) });
  }

  #take(): readonly Effect<RtmpClientEvent>[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}

/** RTMP 1.0 7.1.7. */
function setBufferLength(streamId: number, ms: number): RtmpMessage {
  const body = new ByteWriter(10).u16(UserControl.setBufferLength).u32(streamId).u32(ms).take();
  return controlMessage(MessageType.userControl, body);
}

/** The information object of onStatus, _result and _error. */
function statusOf(value: AmfValue): { level: string; code: string; description: string } {
  const info = value !== undefined && isAmfObject(value) ? value : {};
  const text = (field: AmfValue) => (typeof field === "string" ? field : "");
  return { level: text(info.level), code: text(info.code), description: text(info.description) };
}
