import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { decodeAmf0, encodeAmf0 } from "../../formats/amf/amf0.ts";
import type { AmfValue } from "../../formats/amf/value.ts";

/** Message type ids (RTMP 1.0 5.4, 7.1). */
export const MessageType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  sharedObjectAmf3: 16,
  commandAmf3: 17,
  data: 18,
  sharedObject: 19,
  command: 20,
  aggregate: 22,
} as const;

/** User control events (RTMP 1.0 7.1.7). */
export const UserControl = {
  streamBegin: 0,
  streamEof: 1,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const;

/** One message of the chunk stream, whole. */
export type RtmpMessage = {
  /** Chunk stream it came by, or goes by. */
  readonly csid: number;
  /** Message stream id; 0 is the connection itself. */
  readonly streamId: number;
  readonly type: number;
  /** Milliseconds, modulo 2^32. */
  readonly timestamp: number;
  readonly body: Uint8Array;
};

/** A remote procedure call: `name, transaction, object, ...args` (7.2). */
export type Command = {
  readonly name: string;
  /** 0 when no answer is expected. */
  readonly transaction: number;
  readonly object: AmfValue;
  readonly args: readonly AmfValue[];
};

/** Decodes the body of a command of type 20 or 17. @throws MalformedError */
export function decodeCommand(type: number, body: Uint8Array): Command {
  const [name, transaction, object, ...args] = decodeAmf0(amf0Of(type, body), 3);
  return {
    name: typeof name === "string" ? name : "",
    transaction: typeof transaction === "number" && Number.isFinite(transaction) ? transaction : 0,
    object,
    args,
  };
}

export function encodeCommand(name: string, transaction: number, object: AmfValue, ...args: AmfValue[]): Uint8Array {
  return encodeAmf0(name, transaction, object, ...args);
}

/**
 * The AMF0 values of a command or data message. Types 15 and 17 begin with a format selector of 0, which some senders leave
 * out: a name follows, so a string marker in its place is the first value itself.
 */
export function amf0Of(type: number, body: Uint8Array): Uint8Array {
  const extended = type === MessageType.commandAmf3 || type === MessageType.dataAmf3;
  return extended && body[0] === 0x00 ? body.subarray(1) : body;
}

/** Control messages go by chunk stream 2 on message stream 0; some receivers insist (5.4). */
export function controlMessage(type: number, body: Uint8Array): RtmpMessage {
  return { csid: 2, streamId: 0, type, timestamp: 0, body };
}

export function setChunkSize(size: number): RtmpMessage {
  return controlMessage(MessageType.setChunkSize, new ByteWriter(4).u32(size).take());
}

/** @param received bytes received so far, modulo 2^32 */
export function acknowledgement(received: number): RtmpMessage {
  return controlMessage(MessageType.acknowledgement, new ByteWriter(4).u32(received).take());
}

export function windowAckSize(size: number): RtmpMessage {
  return controlMessage(MessageType.windowAckSize, new ByteWriter(4).u32(size).take());
}

/** Limit type 2: dynamic (5.4.5). */
export function setPeerBandwidth(size: number): RtmpMessage {
  return controlMessage(MessageType.setPeerBandwidth, new ByteWriter(5).u32(size).u8(2).take());
}

export function userControl(event: number, value: number): RtmpMessage {
  return controlMessage(MessageType.userControl, new ByteWriter(6).u16(event).u32(value).take());
}

/** The event and its first value; undefined for the odd sizes that some clients send. */
export function decodeUserControl(body: Uint8Array): { event: number; value: number } | undefined {
  if (body.length < 6) return undefined;
  const reader = new ByteReader(body);
  return { event: reader.u16(), value: reader.u32() };
}

/** What a player keeps, in milliseconds, as a SetBufferLength event says (RTMP 1.0 7.1.7). */
export function decodeBufferLength(body: Uint8Array): number | undefined {
  return body.length < 10 ? undefined : new ByteReader(body, 6).u32();
}

/** The first four bytes of a control message as a number; undefined when there are fewer. */
export function decodeControlValue(body: Uint8Array): number | undefined {
  return body.length < 4 ? undefined : new ByteReader(body).u32();
}
