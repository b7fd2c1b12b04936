import type { Millis } from "../../media/time.ts";
import { FlvPlayer } from "./flv-player.ts";
import { FlvRelays } from "./flv-relay.ts";
import type { FlvSource } from "./flv-source.ts";
import type { Responses } from "./responses.ts";
import type { Peer } from "./shared-answer.ts";

/** What a WebSocket of ours knows. */
export type FlvSocketData = { readonly path: string; readonly viewer: number; leave?: () => void };
type FlvSocket = Bun.ServerWebSocket<FlvSocketData>;

/** How long a player waits for a stream that exists and sends nothing. */
const BEGIN_MS = 10_000;
/** What the body of a response may hold; `FlvPlayer` stops before. */
const BODY_BYTES = 8 << 20;
/** Private use (RFC 6455 7.4.2), after the status of HTTP. */
const NOT_FOUND = 4404;
const STREAM_ENDED = 1000;
const TRY_AGAIN = 1013;

/** Plays streams as FLV by HTTP and by WebSocket. */
export class FlvAnswers {
  readonly #relays: FlvRelays;

  constructor(source: FlvSource, now: () => Millis) {
    this.#relays = new FlvRelays(source, now);
  }

  /** Tells who plays what. To be called every few seconds. */
  count(seen: (path: string, viewer: number) => void): void {
    this.#relays.count(seen);
  }

  /** A response that goes on as long as the stream. */
  respond(path: string, viewer: number, request: Request, peer: Peer, responses: Responses): Promise<Response> {
    // Whether anything moves is looked after here: an encoder may be away for a while.
    peer.timeout(request, 0);
    return new Promise((resolve) => {
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
      let leave: (() => void) | undefined;
      let isOver = false;
      const over = () => {
        isOver = true;
        clearTimeout(timer);
        leave?.();
      };
      const timer = setTimeout(() => {
        over();
        resolve(responses.text(503, `${path} has no media yet`, { "retry-after": "1" }));
      }, BEGIN_MS);
      const player = new FlvPlayer({
        send: (bytes) => controller?.enqueue(bytes),
        waiting: () => BODY_BYTES - (controller?.desiredSize ?? BODY_BYTES),
        close: (reason) => {
          over();
          if (reason === "end") controller?.close();
          else controller?.error(new Error("the player takes nothing"));
        },
      });
      const onBegin = (result: "begins" | "none") => {
        clearTimeout(timer);
        if (result === "none") resolve(responses.text(404, `there is no stream ${path}`));
        else {
          const body = new ReadableStream<Uint8Array>(
            { start: (own) => void (controller = own), cancel: over },
            { highWaterMark: BODY_BYTES, size: (bytes) => bytes?.length ?? 0 },
          );
          resolve(responses.media(body, "video/x-flv"));
        }
      };
      leave = this.#relays.play(path, { player, id: viewer, onBegin });
      if (isOver) leave();
      request.signal.addEventListener("abort", over);
    });
  }

  /** For `Bun.serve`. */
  readonly websocket: Bun.WebSocketHandler<FlvSocketData> = {
    data: {} as FlvSocketData,
    /** A player has nothing to say. */
    maxPayloadLength: 1024,
    perMessageDeflate: false,
    sendPings: true,
    idleTimeout: 60,
    open: (socket: FlvSocket) => this.#open(socket),
    message() {},
    close: (socket: FlvSocket) => socket.data.leave?.(),
  };

  #open(socket: FlvSocket): void {
    const { path, viewer } = socket.data;
    const player = new FlvPlayer({
      send: (bytes) => void socket.sendBinary(bytes),
      waiting: () => socket.getBufferedAmount(),
      close: (reason) => (reason === "end" ? socket.close(STREAM_ENDED, "the stream has ended") : socket.terminate()),
    });
    const timer = setTimeout(() => socket.close(TRY_AGAIN, `${path} has no media yet`), BEGIN_MS);
    const onBegin = (result: "begins" | "none") => {
      clearTimeout(timer);
      if (result === "none") socket.close(NOT_FOUND, "there is no such stream");
    };
    const leave = this.#relays.play(path, { player, id: viewer, onBegin });
    socket.data.leave = () => {
      clearTimeout(timer);
      leave();
    };
  }
}
