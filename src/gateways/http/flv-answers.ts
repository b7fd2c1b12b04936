import type { Millis } from "../../media/time.ts";
import type { FlvVisit } from "./flv-door.ts";
import { type FlvEnd, FlvPlay } from "./flv-play.ts";
import { FlvPlayer } from "./flv-player.ts";
import { FlvRelays } from "./flv-relay.ts";
import type { FlvSource } from "./flv-source.ts";
import type { Responses } from "./responses.ts";
import type { Peer } from "./shared-answer.ts";

/** What a WebSocket of ours knows. */
export type FlvSocketData = { readonly visit: FlvVisit; readonly viewer: number; leave?: () => void };
type FlvSocket = Bun.ServerWebSocket<FlvSocketData>;

/** What the body of a response may hold; `FlvPlayer` stops before. */
const BODY_BYTES = 8 << 20;
/** Private use (RFC 6455 7.4.2), after the status of HTTP. */
const CLOSE_CODES: Readonly<Record<FlvEnd, number>> = { denied: 4403, none: 4404, late: 1013 };
const STREAM_ENDED = 1000;

/** Plays streams as FLV by HTTP and by WebSocket. */
export class FlvAnswers {
  readonly #relays: FlvRelays;

  constructor(
    private readonly source: FlvSource,
    now: () => Millis,
  ) {
    this.#relays = new FlvRelays(source, now);
  }

  /** Tells who plays what. To be called every few seconds. */
  count(seen: (path: string, viewer: number) => void): void {
    this.#relays.count(seen);
  }

  /** A response that goes on as long as the stream. */
  respond(visit: FlvVisit, viewer: number, request: Request, peer: Peer, responses: Responses): Promise<Response> {
    // Whether anything moves is looked after here: an encoder may be away for a while.
    peer.timeout(request, 0);
    return new Promise((resolve) => {
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
      const player = new FlvPlayer({
        send: (bytes) => controller?.enqueue(bytes),
        waiting: () => BODY_BYTES - (controller?.desiredSize ?? BODY_BYTES),
        close: (reason) => {
          play.leave(reason === "end" ? "the stream has ended" : "the player takes nothing");
          if (reason === "end") controller?.close();
          else controller?.error(new Error("the player takes nothing"));
        },
      });
      const leave = () => play.leave("the player closed the connection");
      const play = new FlvPlay(this.#relays, this.source, player, {
        begins: () => {
          const body = new ReadableStream<Uint8Array>(
            { start: (own) => void (controller = own), cancel: leave },
            { highWaterMark: BODY_BYTES, size: (bytes) => bytes?.length ?? 0 },
          );
          resolve(responses.media(body, "video/x-flv"));
        },
        ends: (end, reason) => {
          if (controller) controller.close();
          else if (end === "denied") resolve(responses.text(403, reason));
          else if (end === "none") resolve(responses.text(404, reason));
          else resolve(responses.text(503, reason, { "retry-after": "1" }));
        },
      });
      play.enter(visit, viewer);
      request.signal.addEventListener("abort", leave);
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
    const { visit, viewer } = socket.data;
    const player = new FlvPlayer({
      send: (bytes) => void socket.sendBinary(bytes),
      waiting: () => socket.getBufferedAmount(),
      close: (reason) => (reason === "end" ? socket.close(STREAM_ENDED, "the stream has ended") : socket.terminate()),
    });
    const play = new FlvPlay(this.#relays, this.source, player, {
      begins: () => {},
      ends: (end, reason) => socket.close(CLOSE_CODES[end], closeReason(reason)),
    });
    socket.data.leave = () => play.leave("the player closed the connection");
    play.enter(visit, viewer);
  }
}

/** In at most 123 bytes (RFC 6455 5.5). */
function closeReason(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, 120), { stream: true });
}
