import type { Socket } from "bun";
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
import { HttpResponseReader } from "./http-response.ts";
import type { FailureKind, ViewerRequest } from "./request.ts";

/** Browsers open no more to one origin. */
const MAX_CONNECTIONS = 6;

/**
 * The HTTP/1.1 connections of one viewer, as a browser has them: kept alive, one request at a time on each, up to six to an
 * origin. Written on sockets because `fetch` costs five times as much CPU a request.
 */
export class Http1Transport implements ViewerTransport {
  readonly #options: TransportOptions;
  readonly #owner: ExchangeOwner;
  readonly #open: Connection[] = [];
  readonly #queue: Exchange[] = [];

  constructor(owner: ExchangeOwner, options: TransportOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  get connections(): number {
    return this.#open.length;
  }

  send(exchange: Exchange): void {
    const { origin } = exchange.target;
    let busy = 0;
    for (const connection of this.#open) {
      if (connection.origin !== origin) continue;
      if (connection.isIdle) {
        connection.send(exchange);
        return;
      }
      busy++;
    }
    if (busy >= MAX_CONNECTIONS) {
      this.#queue.push(exchange);
      return;
    }
    const connection = new Connection(this, exchange, this.#options);
    this.#open.push(connection);
    connection.connect();
  }

  abandon(request: ViewerRequest): void {
    const queued = this.#queue.findIndex((exchange) => exchange.request === request);
    if (queued >= 0) this.#queue.splice(queued, 1);
    const connection = this.#open.find(({ exchange }) => exchange?.request === request);
    if (!connection) return;
    connection.exchange = undefined;
    // The answer would come on it still.
    connection.close();
    this.#remove(connection);
  }

  sweep(now: Millis): void {
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const connection = this.#open[i] as Connection;
      const { exchange } = connection;
      if (!exchange || !isLate(exchange, this.#options.timeout, now)) continue;
      connection.close();
      this.lost(connection, connection.isOpen ? "timeout" : "connect");
    }
  }

  close(): void {
    this.#queue.length = 0;
    for (const connection of this.#open.splice(0)) {
      connection.exchange = undefined;
      connection.close();
    }
  }

  /** A connection has got a whole answer. */
  answered(connection: Connection, exchange: Exchange): void {
    const { reader } = connection;
    if (!reader.keepsAlive) {
      connection.close();
      this.#remove(connection);
    }
    const result = {
      status: reader.status,
      bytes: reader.bytes,
      location: reader.status >= 300 && reader.status < 400 ? reader.header("location") : undefined,
      encoding: keepsBody(exchange.request.kind) ? (reader.header("content-encoding") ?? "") : "",
      body: keepsBody(exchange.request.kind) ? reader.body() : undefined,
    };
    this.#sendQueued();
    this.#owner.finished(exchange, result);
  }

  /** A connection is no more, and with it what was asked on it. */
  lost(connection: Connection, failure: FailureKind): void {
    if (!this.#remove(connection)) return;
    const { exchange } = connection;
    connection.exchange = undefined;
    this.#sendQueued();
    if (!exchange) return;
    // A server may close an idle connection at any time; clients ask again (RFC 9112 9.3.1).
    if (failure === "closed" && connection.wasUsed && exchange.firstByteAt === undefined && !exchange.repeated) {
      exchange.repeated = true;
      this.send(exchange);
      return;
    }
    this.#owner.failed(exchange, failure);
  }

  #sendQueued(): void {
    const next = this.#queue.shift();
    if (next) this.send(next);
  }

  #remove(connection: Connection): boolean {
    const at = this.#open.indexOf(connection);
    if (at >= 0) this.#open.splice(at, 1);
    return at >= 0;
  }
}

/** One connection. */
class Connection {
  readonly origin: string;
  readonly reader = new HttpResponseReader();
  /** What is asked on it now. */
  exchange: Exchange | undefined;
  readonly #transport: Http1Transport;
  readonly #options: TransportOptions;
  readonly #target: Target;
  /** Behind the head of each request. */
  readonly #tail: string;
  /** Before its handshake, with TLS. */
  #connecting: Socket<Connection> | undefined;
  #socket: Socket<Connection> | undefined;
  #closed = false;
  #answers = 0;

  constructor(transport: Http1Transport, exchange: Exchange, options: TransportOptions) {
    this.#transport = transport;
    this.exchange = exchange;
    this.#options = options;
    this.#target = exchange.target;
    this.#tail = `User-Agent: ${options.userAgent}\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n`;
    this.origin = exchange.target.origin;
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  get isIdle(): boolean {
    return this.exchange === undefined;
  }

  /** Whether something was answered on it before. */
  get wasUsed(): boolean {
    return this.#answers > 0;
  }

  connect(): void {
    const { hostname, port, secure } = this.#target;
    // Failures are told to connectError.
    Bun.connect({
      hostname: this.#options.address?.(hostname) ?? hostname,
      port,
      ...(secure && {
        tls: { serverName: hostname, rejectUnauthorized: !this.#options.insecure, ALPNProtocols: "http/1.1" },
      }),
      data: this,
      socket: secure ? SECURE_HANDLERS : HANDLERS,
    }).catch(() => this.lost("connect"));
  }

  send(exchange: Exchange): void {
    this.exchange = exchange;
    this.#write(exchange);
  }

  connected(socket: Socket<Connection>): void {
    if (this.#closed) socket.terminate();
    else this.#connecting = socket;
  }

  opened(socket: Socket<Connection>): void {
    if (this.#closed) {
      socket.terminate();
      return;
    }
    this.#socket = socket;
    socket.setNoDelay(true);
    if (this.exchange) this.#write(this.exchange);
  }

  received(bytes: Buffer): void {
    const { exchange } = this;
    if (this.#closed) return;
    if (!exchange) {
      this.#fail("closed");
      return;
    }
    exchange.firstByteAt ??= this.#options.now();
    let complete: boolean;
    try {
      complete = this.reader.receive(bytes);
    } catch {
      this.#fail("malformed");
      return;
    }
    if (complete) this.#answered(exchange);
  }

  ended(): void {
    if (this.exchange && this.reader.close()) this.#answered(this.exchange);
    this.lost("closed");
  }

  lost(failure: FailureKind): void {
    if (this.#closed) return;
    this.close();
    this.#transport.lost(this, this.isOpen ? failure : "connect");
  }

  close(): void {
    this.#closed = true;
    (this.#socket ?? this.#connecting)?.terminate();
  }

  #answered(exchange: Exchange): void {
    this.#answers++;
    this.exchange = undefined;
    this.#transport.answered(this, exchange);
  }

  #fail(failure: FailureKind): void {
    this.lost(failure);
  }

  /** A request is shorter than any socket's buffer: what cannot be written whole is a connection that is of no use. */
  #write({ target, request }: Exchange): void {
    const head = target.head + this.#tail;
    this.reader.begin(keepsBody(request.kind));
    if ((this.#socket?.write(head) ?? 0) < head.length) this.lost("closed");
  }
}

const HANDLERS = {
  binaryType: "buffer" as const,
  open: (socket: Socket<Connection>) => socket.data.opened(socket),
  data: (socket: Socket<Connection>, bytes: Buffer) => socket.data.received(bytes),
  end: (socket: Socket<Connection>) => socket.data.ended(),
  close: (socket: Socket<Connection>) => socket.data.ended(),
  error: (socket: Socket<Connection>) => socket.data.lost("closed"),
  connectError: (socket: Socket<Connection>) => socket.data.lost("connect"),
};

/** Of TLS, `open` comes before the certificate is looked at. */
const SECURE_HANDLERS = {
  ...HANDLERS,
  open: (socket: Socket<Connection>) => socket.data.connected(socket),
  handshake: (socket: Socket<Connection>, accepted: boolean) => {
    if (accepted) socket.data.opened(socket);
    else socket.data.lost("connect");
  },
};
