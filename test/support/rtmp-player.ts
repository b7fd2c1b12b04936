import { ByteWriter } from "../../src/bytes/writer.ts";
import { decodeAmf0 } from "../../src/formats/amf/amf0.ts";
import { type AmfValue, isAmfObject } from "../../src/formats/amf/value.ts";
import { ChunkReader } from "../../src/protocols/rtmp/chunk-reader.ts";
import { ChunkWriter } from "../../src/protocols/rtmp/chunk-writer.ts";
import {
  controlMessage,
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

export type RtmpPlayerOptions = {
  /** Of the play command, in milliseconds. */
  readonly start?: number;
  /** What it says that it keeps, in milliseconds. */
  readonly bufferLength?: number;
  /** Codes of onStatus and onPlayStatus as they come. */
  readonly onStatus?: (code: string) => void;
};

/**
 * Plays a stream by RTMP and throws it away. With `onMedia` it reads every message; without, it only counts bytes once it plays,
 * so that hundreds cost the machine little.
 */
export class RtmpPlayer {
  bytes = 0;
  closed = false;
  #skip = HANDSHAKE_BYTES;
  #playing = false;
  #streamId = 0;
  readonly #writer = new ChunkWriter();
  readonly #reader = new ChunkReader({ maxMessageSize: 16 << 20 }, (message) => this.#onMessage(message));
  #socket: Bun.Socket | undefined;

  constructor(
    private readonly url: PlayerUrl,
    private readonly onMedia?: (message: RtmpMessage, at: number) => void,
    private readonly options: RtmpPlayerOptions = {},
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

  /** A command on the stream that is played, such as `pause` and `seek`. */
  command(name: string, ...args: Parameters<typeof encodeCommand>[2][]): void {
    this.#command(this.#streamId, name, 0, null, ...args);
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
      else if (name === "_result") this.#play(Number(args[0]));
      else if (name === "onStatus") {
        this.#playing = true;
        this.#tell(args[0]);
      }
    } else if (message.type === MessageType.data) {
      const [name, info] = decodeAmf0(message.body);
      if (name === "onPlayStatus") this.#tell(info);
    } else if (message.type === MessageType.userControl) {
      const control = decodeUserControl(message.body);
      if (control?.event === UserControl.pingRequest) this.#send(userControl(UserControl.pingResponse, control.value));
    } else if (message.type === MessageType.audio || message.type === MessageType.video) {
      this.onMedia?.(message, performance.now());
    }
  }

  #play(streamId: number): void {
    const { start = -1000, bufferLength } = this.options;
    this.#streamId = streamId;
    this.#command(streamId, "play", 3, null, this.url.name, start);
    if (bufferLength === undefined) return;
    const body = new ByteWriter(10).u16(UserControl.setBufferLength).u32(streamId).u32(bufferLength).take();
    this.#send(controlMessage(MessageType.userControl, body));
  }

  #tell(info: AmfValue): void {
    if (isAmfObject(info) && typeof info.code === "string") this.options.onStatus?.(info.code);
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
