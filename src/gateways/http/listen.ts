import type { ListenAddress } from "../../config/units.ts";

/** An address that cannot be listened on. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  constructor(
    readonly code: "address-in-use" | "not-permitted" | "cannot-listen",
    readonly address: ListenAddress,
    message: string,
  ) {
    super(message);
  }
}

export type HttpListener = { readonly address: ListenAddress; close(): Promise<void> };

type Peer = { requestIP(request: Request): { readonly address: string } | null };

type Handlers = {
  readonly fetch: (request: Request, peer: Peer) => Response | Promise<Response>;
  readonly failed: (error: unknown) => Response;
};

/** Longer than any request is made to wait; a connection that takes nothing for this long is dropped. */
const IDLE_SECONDS = 120;
/** Nothing here reads a request's body. */
const MAX_BODY_BYTES = 64 * 1024;

/** Listens on all of the addresses, or throws a `ListenError` and keeps none. */
export function listenHttp(addresses: readonly ListenAddress[], handlers: Handlers): HttpListener[] {
  const listeners: HttpListener[] = [];
  try {
    for (const address of addresses) listeners.push(listen(address, handlers));
  } catch (error) {
    for (const listener of listeners) void listener.close();
    throw error;
  }
  return listeners;
}

function listen(address: ListenAddress, handlers: Handlers): HttpListener {
  try {
    return serve(address, handlers);
  } catch (error) {
    // A machine without IPv6 has no "::".
    if (address.host === "::" && codeOf(error) !== "EADDRINUSE") {
      try {
        return serve({ ...address, host: "0.0.0.0" }, handlers);
      } catch {}
    }
    throw listenError(address, error);
  }
}

function serve({ host, port }: ListenAddress, handlers: Handlers): HttpListener {
  const server = Bun.serve({
    // Said in so many words, since Bun otherwise shares a taken port under some conditions instead of failing.
    reusePort: false,
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

function listenError(address: ListenAddress, error: unknown): ListenError {
  const where = `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return new ListenError("address-in-use", address, `HTTP cannot listen on ${where}: another program already does`);
    case "EACCES":
    case "EPERM":
      return new ListenError(
        "not-permitted",
        address,
        `HTTP cannot listen on ${where}: not permitted (ports below 1024 need a privilege)`,
      );
    default: {
      const reason = error instanceof Error ? error.message : String(error);
      return new ListenError("cannot-listen", address, `HTTP cannot listen on ${where}: ${reason}`);
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
