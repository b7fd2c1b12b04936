import { connect, type Socket } from "node:net";
import { sleep } from "./process.ts";

/** A TCP connection over which a test says whatever it likes. */
export class RawPeer implements Disposable {
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
  #isClosed = false;
  #received: Buffer[] = [];

  private constructor(private readonly socket: Socket) {
    socket.on("data", (bytes) => this.#received.push(bytes as Buffer));
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#isClosed = true;
        resolve();
      });
    });
  }

  /** @param localAddress that it comes from, of 127.0.0.0/8 */
  static connect(port: number, localAddress?: string): Promise<RawPeer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", ...(localAddress !== undefined && { localAddress }) });
      const peer = new RawPeer(socket);
      socket.once("connect", () => resolve(peer));
      socket.once("error", reject);
    });
  }

  /** A connection whose simple handshake (RTMP 5.2) is done. */
  static async connectRtmp(port: number): Promise<RawPeer> {
    const peer = await RawPeer.connect(port);
    peer.write(Buffer.concat([Buffer.of(3), Buffer.alloc(8), Buffer.alloc(1528, 1)]));
    const answer = await peer.receive(1 + 1536 + 1536);
    peer.write(answer.subarray(1, 1 + 1536));
    return peer;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  write(bytes: Uint8Array | string): void {
    if (!this.#isClosed) this.socket.write(bytes);
  }

  /** Everything received so far, once it is `count` bytes or more. */
  async receive(count: number, timeoutMs = 5000): Promise<Buffer> {
    for (const end = performance.now() + timeoutMs; performance.now() < end; await sleep(10)) {
      const all = Buffer.concat(this.#received);
      if (all.length >= count) return all;
    }
    throw new Error(`received ${Buffer.concat(this.#received).length} bytes instead of ${count}`);
  }

  /** Milliseconds until the server closes; undefined when it does not in time. */
  async closedWithin(timeoutMs: number): Promise<number | undefined> {
    const asked = performance.now();
    await Promise.race([this.closed, sleep(timeoutMs)]);
    return this.#isClosed ? performance.now() - asked : undefined;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** The header of a chunk that begins a message, and what is sent of it (RTMP 5.3.1, type 0). */
export function chunk(options: {
  readonly csid: number;
  readonly type: number;
  /** The length announced; that of the payload unless told otherwise. */
  readonly length?: number;
  readonly payload: Uint8Array;
}): Buffer {
  const { csid, type, payload, length = payload.length } = options;
  const basic = csid < 64 ? Buffer.of(csid) : Buffer.of(1, (csid - 64) & 0xff, (csid - 64) >> 8);
  const header = Buffer.alloc(11);
  header.writeUIntBE(length, 3, 3);
  header.writeUInt8(type, 6);
  return Buffer.concat([basic, header, payload]);
}
