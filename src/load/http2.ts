import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Millis } from "../media/time.ts";
import {
  type Exchange,
  type ExchangeOwner,
  isLate,
  keepsBody,
  type Target,
  type TransportOptions,
  type ViewerTransport,
} from "./exchange.ts";
import type { FailureKind, ViewerRequest } from "./request.ts";

/** An exchange on its stream, and its answer so far. */
type Running = {
  readonly exchange: Exchange;
  readonly session: Session;
  stream: ClientHttp2Stream | undefined;
  readonly kept: Buffer[];
  bytes: number;
  status: number;
  location: string | undefined;
  encoding: string;
};

type Session = { readonly http2: ClientHttp2Session; connected: boolean; answers: number };

/** One HTTP/2 connection to each origin, as a browser has it, with all requests of a viewer on it. TLS only. */
export class Http2Transport implements ViewerTransport {
  readonly #owner: ExchangeOwner;
  readonly #options: TransportOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #running = new Map<ViewerRequest, Running>();

  constructor(owner: ExchangeOwner, options: TransportOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  get connections(): number {
    return this.#sessions.size;
  }

  send(exchange: Exchange): void {
    const { target, request } = exchange;
    const session = this.#session(target);
    const running: Running = {
      exchange,
      session,
      stream: undefined,
      kept: [],
      bytes: 0,
      status: 0,
      location: undefined,
      encoding: "",
    };
    this.#running.set(request, running);
    const stream = session.http2.request({
      ":path": target.href.slice(target.origin.length),
      "user-agent": this.#options.userAgent,
      accept: "*/*",
      "accept-encoding": "gzip",
    });
    running.stream = stream;
    stream.on("response", (headers) => {
      exchange.firstByteAt ??= this.#options.now();
      running.status = headers[":status"] ?? 0;
      running.location = headers.location;
      running.encoding = headers["content-encoding"] ?? "";
    });
    stream.on("data", (bytes: Buffer) => {
      running.bytes += bytes.length;
      if (keepsBody(request.kind)) running.kept.push(bytes);
    });
    stream.on("end", () => this.#ended(running));
    stream.on("error", () => this.#lost(running, session.connected ? "closed" : "connect"));
    stream.on("close", () => this.#lost(running, "closed"));
    stream.end();
  }

  abandon(request: ViewerRequest): void {
    const running = this.#running.get(request);
    this.#running.delete(request);
    running?.stream?.close(constants.NGHTTP2_CANCEL);
  }

  sweep(now: Millis): void {
    for (const running of this.#running.values()) {
      if (!isLate(running.exchange, this.#options.timeout, now)) continue;
      this.#lost(running, running.session.connected ? "timeout" : "connect");
      running.stream?.close(constants.NGHTTP2_CANCEL);
    }
  }

  close(): void {
    this.#running.clear();
    for (const { http2 } of this.#sessions.values()) http2.destroy();
    this.#sessions.clear();
  }

  #session({ origin }: Target): Session {
    const known = this.#sessions.get(origin);
    if (known && !known.http2.closed && !known.http2.destroyed) return known;
    const http2 = connect(origin, { rejectUnauthorized: !this.#options.insecure });
    const session: Session = { http2, connected: false, answers: 0 };
    this.#sessions.set(origin, session);
    http2.on("connect", () => {
      session.connected = true;
    });
    const forget = (): void => {
      if (this.#sessions.get(origin) === session) this.#sessions.delete(origin);
      for (const running of this.#running.values()) {
        if (running.session === session) this.#lost(running, session.connected ? "closed" : "connect");
      }
    };
    // Without a listener, an error would end the process.
    http2.on("error", forget);
    http2.on("goaway", forget);
    http2.on("close", forget);
    return session;
  }

  #ended(running: Running): void {
    const { exchange, status, bytes, location, encoding, kept } = running;
    if (status === 0 || !this.#running.delete(exchange.request)) return;
    running.session.answers++;
    const body = keepsBody(exchange.request.kind) ? Buffer.concat(kept) : undefined;
    this.#owner.finished(exchange, { status, bytes, location, encoding, body });
  }

  #lost({ exchange, session }: Running, failure: FailureKind): void {
    if (!this.#running.delete(exchange.request)) return;
    // The server may have closed the idle connection just then.
    if (failure === "closed" && session.answers > 0 && exchange.firstByteAt === undefined && !exchange.repeated) {
      exchange.repeated = true;
      this.send(exchange);
      return;
    }
    this.#owner.failed(exchange, failure);
  }
}
