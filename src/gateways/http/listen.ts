import type { ListenAddress } from "../../config/units.ts";
import { listenOnAll } from "../listen.ts";

export type HttpListener = { readonly address: ListenAddress; close(): Promise<void> };

type Peer = { requestIP(request: Request): { readonly address: string } | null };

type Handlers = {
  readonly fetch: (request: Request, peer: Peer) => Response | Promise<Response>;
  readonly failed: (error: unknown) => Response;
};

export type HttpListenOptions = {
  /** Several threads listen on the same address, and the system spreads connections over them (Linux). */
  readonly reusePort?: boolean;
};

/** Longer than any request is made to wait; a connection that takes nothing for this long is dropped. */
const IDLE_SECONDS = 120;
/** Nothing here reads a request's body. */
const MAX_BODY_BYTES = 64 * 1024;

/** Listens on all of the addresses, or on none. @throws ListenError */
export function listenHttp(
  addresses: readonly ListenAddress[],
  handlers: Handlers,
  options: HttpListenOptions = {},
): HttpListener[] {
  return listenOnAll("http", addresses, (address) => serve(address, handlers, options));
}

function serve({ host, port }: ListenAddress, handlers: Handlers, options: HttpListenOptions): HttpListener {
  const server = Bun.serve({
    // Said in so many words, since Bun otherwise shares a taken port under some conditions instead of failing.
    reusePort: options.reusePort ?? false,
    hostname: host,
    port,
    development: false,
    idleTimeout: IDLE_SECONDS,
    maxRequestBodySize: MAX_BODY_BYTES,
    fetch: handlers.fetch,
    error: handlers.failed,
  });
  return { address: { host, port: server.port ?? port }, close: () => server.stop(true) };
}
