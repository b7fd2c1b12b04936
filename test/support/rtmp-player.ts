import { ChunkReader } from "../../src/protocols/rtmp/chunk-reader.ts";
import { ChunkWriter } from "../../src/protocols/rtmp/chunk-writer.ts";
import {
  decodeCommand,
  decodeUserControl,
  encodeCommand,
  MessageType,
  type RtmpMessage,
  setChunkSize,
  UserControl,
  userControl,
} from "../../src/protocols/rtmp/message.ts";

/** S0, S1 and S2. */
const HANDSHAKE_BYTES = 3073;
const CONNECT = 1;
const CREATE_STREAM = 2;

export type PlayerUrl = { readonly port: number; readonly app: string; readonly name: string };

/**
 * Plays a stream by RTMP and throws it away. With `onMedia` it reads every message; without, it only counts bytes once it plays,
 * so that hundreds cost the machine little.
 */
export class RtmpPlayer {
  bytes = 0;
  closed = false;
  #skip = HANDSHAKE_BYTES;
  #playing = false;
  readonly #writer = new ChunkWriter();
  readonly #reader = new ChunkReader({ maxMessageSize: 16 << 20 }, (message) => this.#onMessage(message));
  #socket: Bun.Socket | undefined;

  constructor(
    private readonly url: PlayerUrl,
    private readonly onMedia?: (message: RtmpMessage, at: number) => void,
  ) {
    void Bun.connect({
      hostname: "127.0.0.1",
      port: url.port,
      socket: {
        binaryType: "uint8array",
        open: (socket) => {
          this.#socket = socket;
          const c0c1 = new Uint8Array(1537).fill(1, 9);
          c0c1[0] = 3;
          socket.write(c0c1);
          socket.write(new Uint8Array(1536));
          this.#send(setChunkSize(4096));
          this.#writer.chunkSize = 4096;
          const { app, port } = url;
          this.#command(0, "connect", CONNECT, {
            app,
            tcUrl: `rtmp://127.0.0.1:${port}/${app}`,
            flashVer: "LNX 9,0,124,2",
          });
        },
        data: (_, bytes) => this.#read(bytes),
        close: () => {
          this.closed = true;
        },
      },
    });
  }

  /** Reads nothing any more: what comes stays in the socket. */
  stick(): void {
    this.#socket?.pause();
  }

  close(): void {
    this.#socket?.terminate();
  }

  #read(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    if (this.#playing && !this.onMedia) return;
    const start = Math.min(this.#skip, bytes.length);
    this.#skip -= start;
    if (start < bytes.length) this.#reader.read(bytes, start);
  }

  #onMessage(message: RtmpMessage): void {
    if (message.type === MessageType.command) {
      const { name, transaction, args } = decodeCommand(message.type, message.body);
      if (name === "_result" && transaction === CONNECT) this.#command(0, "createStream", CREATE_STREAM, null);
      else if (name === "_result") this.#command(Number(args[0]), "play", 3, null, this.url.name, -1000);
      else if (name === "onStatus") this.#playing = true;
    } else if (message.type === MessageType.userControl) {
      const control = decodeUserControl(message.body);
      if (control?.event === UserControl.pingRequest) this.#send(userControl(UserControl.pingResponse, control.value));
    } else if (message.type === MessageType.audio || message.type === MessageType.video) {
      this.onMedia?.(message, performance.now());
    }
  }

  #command(
    streamId: number,
    name: string,
    transaction: number,
    ...values: Parameters<typeof encodeCommand>[2][]
  ): void {
    const [object, ...args] = values;
    const body = encodeCommand(name, transaction, object, ...args);
    this.#send({ csid: 3, streamId, type: MessageType.command, timestamp: 0, body });
  }

  #send(message: RtmpMessage): void {
    this.#socket?.write(this.#writer.write(message));
  }
}
