import { MalformedError } from "../../bytes/errors.ts";
import { type AmfObject, type AmfValue, isAmfObject } from "../../formats/amf/value.ts";
import type { Millis } from "../../media/time.ts";
import { ProtocolError } from "../errors.ts";
import type { CloseReason, Effect, Session } from "../session.ts";
import { Acknowledger } from "./acknowledger.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import { ClientHandshake } from "./handshake.ts";
import {
  acknowledgement,
  type Command,
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
};

export type RtmpClientEvent =
  /** The server accepted: media may be sent. */
  | { readonly type: "publishing" }
  /** The server refused, before or during the publish. A `close` effect follows. */
  | { readonly type: "rejected"; readonly code: string; readonly description: string }
  /** The session is over, whoever ended it. A `close` effect follows. */
  | { readonly type: "closed"; readonly reason: CloseReason };

/** Largest message a server may send: it only sends commands here. */
const MAX_MESSAGE_SIZE = 1 << 20;
const DEFAULT_TIMEOUT_MS = 10_000;

const CONNECT = 1;
const CREATE_STREAM = 4;

type State = "idle" | "handshake" | "connecting" | "creating" | "requesting" | "publishing" | "closed";

/** The publishing side of RTMP: `start`, then media once `publishing` was reported, `close` at the end. */
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
    this.#reader = new ChunkReader({ maxMessageSize: MAX_MESSAGE_SIZE }, (message) => this.#onMessage(message));
  }

  get deadline(): Millis | undefined {
    return this.#deadline;
  }

  /** True between the server's consent and the end. */
  get publishing(): boolean {
    return this.#state === "publishing";
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
      this.#end({ code: "timeout", message: `the server did not let the publish begin (${this.#state})` });
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
      this.#command("deleteStream", 7, null, this.#streamId);
    }
    this.#end(reason);
    return this.#take();
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
      }
    }
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
      this.#command("releaseStream", 2, null, name);
      this.#command("FCPublish", 3, null, name);
      this.#command("createStream", CREATE_STREAM, null);
    } else if (command.transaction === CREATE_STREAM && this.#state === "creating") {
      const id = command.args[0];
      if (typeof id !== "number") throw new ProtocolError("createStream was answered without a stream id");
      this.#streamId = id;
      this.#state = "requesting";
      const body = encodeCommand("publish", 5, null, name, "live");
      this.#send({ csid: 4, streamId: id, type: MessageType.command, timestamp: 0, body });
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

/** The information object of onStatus, _result and _error. */
function statusOf(value: AmfValue): { level: string; code: string; description: string } {
  const info = value !== undefined && isAmfObject(value) ? value : {};
  const text = (field: AmfValue) => (typeof field === "string" ? field : "");
  return { level: text(info.level), code: text(info.code), description: text(info.description) };
}
