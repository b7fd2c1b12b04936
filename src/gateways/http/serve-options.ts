import type { ListenAddress } from "../../config/units.ts";
import type { FlvSocketData } from "./flv-answers.ts";
import type { Peer } from "./shared-answer.ts";

export type Handlers = {
  readonly fetch: (request: Request, peer: Peer) => Response | Promise<Response>;
  readonly failed: (error: unknown) => Response;
  readonly websocket?: Bun.WebSocketHandler<FlvSocketData>;
};

export type ServeOptions = ReturnType<typeof serveOptions>;

/** For connections that have not asked for anything yet, and between the requests of HTTP/2; the handler gives others their own. */
const IDLE_SECONDS = 30;
/** Only OBS asks with a body, of a few kilobytes. */
const MAX_BODY_BYTES = 64 * 1024;

const NO_SOCKETS: Bun.WebSocketHandler<FlvSocketData> = { message() {} };

/** What `Bun.serve` is told for each address, with TLS or without. */
export function serveOptions({ host, port }: ListenAddress, handlers: Handlers, reusePort: boolean) {
  return {
    // Said in so many words, since Bun otherwise shares a taken port under some conditions instead of failing.
    reusePort,
    hostname: host,
    port,
    development: false,
    idleTimeout: IDLE_SECONDS,
    maxRequestBodySize: MAX_BODY_BYTES,
    fetch: handlers.fetch,
    error: handlers.failed,
    websocket: handlers.websocket ?? NO_SOCKETS,
  } as const;
}
