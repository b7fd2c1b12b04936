import type { Millis } from "../media/time.ts";
import {
  type Exchange,
  type ExchangeOwner,
  isLate,
  keepsBody,
  type TransportOptions,
  type ViewerTransport,
} from "./exchange.ts";
import type { FailureKind, ViewerRequest } from "./request.ts";

/**
 * HTTP/3 by `fetch`, which shares its connections: unlike a browser's, a viewer's requests go with those of the others. For what
 * HTTP/3 does to the answers, then, and not for what many connections cost the server.
 */
export class Http3Transport implements ViewerTransport {
  readonly connections = 0;
  readonly #owner: ExchangeOwner;
  readonly #options: TransportOptions;
  readonly #running = new Map<ViewerRequest, { readonly exchange: Exchange; readonly abort: AbortController }>();

  constructor(owner: ExchangeOwner, options: TransportOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  send(exchange: Exchange): void {
    const abort = new AbortController();
    this.#running.set(exchange.request, { exchange, abort });
    this.#fetch(exchange, abort.signal).catch(() => {
      this.#fail(exchange, exchange.firstByteAt === undefined ? "connect" : "closed");
    });
  }

  abandon(request: ViewerRequest): void {
    const running = this.#running.get(request);
    this.#running.delete(request);
    running?.abort.abort();
  }

  sweep(now: Millis): void {
    for (const { exchange, abort } of this.#running.values()) {
      if (!isLate(exchange, this.#options.timeout, now)) continue;
      this.#fail(exchange, "timeout");
      abort.abort();
    }
  }

  close(): void {
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const { abort } of running) abort.abort();
  }

  async #fetch(exchange: Exchange, signal: AbortSignal): Promise<void> {
    const { request, target } = exchange;
    const response = await fetch(target.href, {
      protocol: "http3",
      signal,
      redirect: "manual",
      decompress: false,
      headers: { "user-agent": this.#options.userAgent, accept: "*/*", "accept-encoding": "gzip" },
      tls: { rejectUnauthorized: !this.#options.insecure },
    });
    exchange.firstByteAt ??= this.#options.now();
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (!this.#running.delete(request)) return;
    this.#owner.finished(exchange, {
      status: response.status,
      bytes: bytes.length,
      location: response.headers.get("location") ?? undefined,
      encoding: response.headers.get("content-encoding") ?? "",
      body: keepsBody(request.kind) ? bytes : undefined,
    });
  }

  #fail(exchange: Exchange, failure: FailureKind): void {
    if (this.#running.delete(exchange.request)) this.#owner.failed(exchange, failure);
  }
}
