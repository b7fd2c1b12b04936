import type { ListenAddress } from "../../config/units.ts";
import { listenOnAll } from "../listen.ts";
import { type Handlers, serveOptions } from "./serve-options.ts";
import { TlsListener, type TlsListenerOptions } from "./tls-listener.ts";

export type HttpListener = { readonly address: ListenAddress; close(): Promise<void> };

export type HttpListenOptions = {
  /** Several threads listen on the same address, and the system spreads connections over them (Linux). */
  readonly reusePort?: boolean;
};

/** Listens on all of the addresses, or on none. @throws ListenError */
export function listenHttp(
  addresses: readonly ListenAddress[],
  handlers: Handlers,
  { reusePort = false }: HttpListenOptions = {},
): HttpListener[] {
  return listenOnAll("http", addresses, ({ host, port }) => {
    const server = Bun.serve(serveOptions({ host, port }, handlers, reusePort));
    return { address: { host, port: server.port ?? port }, close: () => server.stop(true) };
  });
}

/** Listens with TLS on all of the addresses, or on none: HTTP/1.1 and HTTP/2, and HTTP/3 if wanted. @throws ListenError */
export function listenHttps(
  addresses: readonly ListenAddress[],
  handlers: Handlers,
  { reusePort = false, ...options }: HttpListenOptions & TlsListenerOptions,
): TlsListener[] {
  const optionsAt = (address: ListenAddress) => serveOptions(address, handlers, reusePort);
  return listenOnAll("https", addresses, (address) => new TlsListener(address, optionsAt, options));
}
