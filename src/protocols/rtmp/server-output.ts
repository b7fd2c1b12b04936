import { encodeAmf0 } from "../../formats/amf/amf0.ts";
import type { AmfValue } from "../../formats/amf/value.ts";
import type { CloseReason, Effect } from "../session.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import { type Command, encodeCommand, MessageType, type RtmpMessage, setChunkSize } from "./message.ts";
import type { RtmpServerEvent } from "./server-event.ts";

/** Chunk streams of what a server sends besides control messages; strict clients look for `_result` on 3. */
const CONNECTION_CSID = 3;
const STATUS_CSID = 5;

export type StatusLevel = "status" | "warning" | "error";

/** Gathers the effects of a server session, and words its answers. Nothing follows `close`. */
export class ServerOutput {
  readonly #writer = new ChunkWriter();
  #effects: Effect<RtmpServerEvent>[] = [];
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  /** The effects since the last call. */
  take(): readonly Effect<RtmpServerEvent>[] {
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }

  event(event: RtmpServerEvent): void {
    this.#effects.push({ type: "event", event });
  }

  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#effects.push({ type: "close", reason });
    this.#closed = true;
  }

  /** Bytes that are no chunks. */
  bytes(bytes: Uint8Array): void {
    if (!this.#closed) this.#effects.push({ type: "send", bytes });
  }

  send(message: RtmpMessage): void {
    this.bytes(this.#writer.write(message));
  }

  /** Announces the size of the chunks that follow. */
  chunkSize(size: number): void {
    this.send(setChunkSize(size));
    this.#writer.chunkSize = size;
  }

  /** `_result`, unless the client wants no answer. */
  result(command: Command, ...values: readonly [AmfValue, ...AmfValue[]]): void {
    const [object, ...args] = values;
    if (command.transaction !== 0)
      this.#command(CONNECTION_CSID, 0, encodeCommand("_result", command.transaction, object, ...args));
  }

  /** `_error`, unless the client wants no answer. */
  failure(command: Command, description: string): void {
    if (command.transaction === 0) return;
    const info = { level: "error", code: "NetConnection.Call.Failed", description };
    this.#command(CONNECTION_CSID, 0, encodeCommand("_error", command.transaction, null, info));
  }

  /** `_error` to connect (NetConnection.Connect.Rejected). @param redirect as Flash Media Server says it */
  connectRejected(transaction: number, description: string, redirect: string | undefined): void {
    const info = {
      level: "error",
      code: "NetConnection.Connect.Rejected",
      description,
      ...(redirect !== undefined && { ex: { code: 302, redirect } }),
    };
    this.#command(CONNECTION_CSID, 0, encodeCommand("_error", transaction, null, info));
  }

  /** A command on the connection that asks for nothing. */
  notice(name: string, info: AmfValue): void {
    this.#command(CONNECTION_CSID, 0, encodeCommand(name, 0, null, info));
  }

  /** onStatus on a message stream. */
  status(streamId: number, level: StatusLevel, code: string, description: string): void {
    this.#command(STATUS_CSID, streamId, encodeCommand("onStatus", 0, null, { level, code, description }));
  }

  /** A data message on a message stream. */
  data(streamId: number, ...values: readonly AmfValue[]): void {
    const body = encodeAmf0(...values);
    this.send({ csid: STATUS_CSID, streamId, type: MessageType.data, timestamp: 0, body });
  }

  #command(csid: number, streamId: number, body: Uint8Array): void {
    this.send({ csid, streamId, type: MessageType.command, timestamp: 0, body });
  }
}
