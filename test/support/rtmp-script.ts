import { createHmac } from "node:crypto";
import type { AmfValue } from "../../src/formats/amf/value.ts";
import { ChunkReader } from "../../src/protocols/rtmp/chunk-reader.ts";
import { ChunkWriter } from "../../src/protocols/rtmp/chunk-writer.ts";
import type { HandshakeCrypto } from "../../src/protocols/rtmp/handshake.ts";
import { type Command, decodeCommand, encodeCommand, type RtmpMessage } from "../../src/protocols/rtmp/message.ts";

/** Handshake cryptography whose randomness is always the same. */
export const testCrypto: HandshakeCrypto = {
  random: (length) => new Uint8Array(length).fill(0x5a),
  hmacSha256: (key, message) => createHmac("sha256", key).update(message).digest(),
};

/** Writes what an RTMP client sends, message by message, and reads what it is answered. */
export class RtmpScript {
  readonly #writer = new ChunkWriter();
  readonly #messages: RtmpMessage[] = [];
  readonly #reader = new ChunkReader({ maxMessageSize: 1 << 20 }, (message) => this.#messages.push(message));
  /** Bytes of S0 S1 S2 that are still to come. */
  #handshake = 3073;

  /** C0 C1 C2, simple; C2 is zero, because servers do not look at it. */
  handshake(): Uint8Array {
    const bytes = new Uint8Array(1 + 2 * 1536).fill(1, 9, 1537);
    bytes[0] = 3;
    return bytes;
  }

  command(streamId: number, name: string, transaction: number, object: AmfValue, ...args: AmfValue[]): Uint8Array {
    return this.message(20, streamId, 0, encodeCommand(name, transaction, object, ...args), 3);
  }

  connect(properties: { readonly [key: string]: AmfValue } = {}): Uint8Array {
    return this.command(0, "connect", 1, { app: "live", tcUrl: "rtmp://host/live", ...properties });
  }

  /** Handshake, connect, createStream and publish on stream 1, as pipelining clients send them. */
  publish(name = "key"): Uint8Array {
    return concat([
      this.handshake(),
      this.connect(),
      this.command(0, "createStream", 2, null),
      this.command(1, "publish", 3, null, name, "live"),
    ]);
  }

  message(type: number, streamId: number, timestamp: number, body: Uint8Array, csid = 6): Uint8Array {
    return this.#writer.write({ csid, streamId, type, timestamp, body });
  }

  /** Messages of the server in these bytes; an incomplete one waits for the next call. */
  read(bytes: Uint8Array): RtmpMessage[] {
    const skipped = Math.min(this.#handshake, bytes.length);
    this.#handshake -= skipped;
    this.#reader.read(bytes, skipped);
    return this.#messages.splice(0);
  }

  /** Only the commands among them. */
  readCommands(bytes: Uint8Array): Command[] {
    return this.read(bytes).flatMap(({ type, body }) => (type === 20 ? [decodeCommand(type, body)] : []));
  }
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
