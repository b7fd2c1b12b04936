import { createHash, randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import type { Socket } from "bun";
import { Outbox } from "../gateways/rtmp/outbox.ts";
import type { Millis } from "../media/time.ts";
import { ClientAuthentication } from "../protocols/rtmp/client-authentication.ts";
import { type RtmpClientEvent, RtmpClientSession, type RtmpPlayOptions } from "../protocols/rtmp/client-session.ts";
import type { Effect } from "../protocols/session.ts";
import { certificateProblem, isRefusal, wordsOf } from "./connect-problems.ts";
import type { Destination } from "./destination.ts";

export type RelayConnectionOptions = {
  readonly destination: Destination;
  /** Plays the stream; without, it is published. */
  readonly play?: RtmpPlayOptions;
  /** Marks of the servers that the stream has come by, this one included. */
  readonly via: readonly string[];
  /** How this server calls itself where the configuration says nothing. */
  readonly agent: string;
  readonly clock: () => Millis;
  /** Addresses of a host, the one to try first first. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** A peer that takes nothing for so long is given up. */
  readonly sendTimeout: Millis;
  /** Media may be sent, or will come. */
  readonly onReady: () => void;
  readonly onMedia?: (type: number, timestamp: number, body: Uint8Array) => void;
  readonly onStopped?: () => void;
  /** The socket has taken all that waited. */
  readonly onDrained?: () => void;
  /** Called once, unless `close` was. */
  readonly onClosed: (reason: string, code: ClosedCode) => void;
};

/** `refused`: nobody listens there; `unreachable`: no connection for another reason; `rejected`: the server said no; `closed`: all else. */
export type ClosedCode = "refused" | "unreachable" | "rejected" | "closed";

/** Of what is sent: media are cut into few chunks. */
export const CHUNK_SIZE = 60_000;
const CONNECT_TIMEOUT: Millis = 10_000;
/** Answers that wait for a peer which does not read. */
const MAX_UNSENT = 1 << 20;

/** A connection to another server, with all that its opening takes: every address of the name, TLS, the dialogue of authentication. */
export class RelayConnection {
  readonly outbox: Outbox;
  bytesIn = 0;
  readonly #options: RelayConnectionOptions;
  readonly #authentication: ClientAuthentication;
  #session: RtmpClientSession | undefined;
  #socket: Socket | undefined;
  #connectBy: Millis | undefined;
  #closed = false;

  constructor(options: RelayConnectionOptions) {
    this.#options = options;
    const { destination, play, clock } = options;
    const { credentials, app } = destination;
    this.#authentication = new ClientAuthentication({
      credentials,
      app,
      method: play ? "play" : "publish",
      md5: (text) => createHash("md5").update(text).digest(),
      random: (length) => randomBytes(length),
    });
    this.outbox = new Outbox({ write: (bytes) => this.#socket?.write(bytes) ?? 0, clock });
  }

  /** Message stream of the media. */
  get streamId(): number {
    return this.#session?.streamId ?? 0;
  }

  open(): void {
    this.#open().catch((error: unknown) => this.#fail(wordsOf(error), "unreachable"));
  }

  /** To be called now and then. */
  tick(now: Millis): void {
    if (this.#closed) return;
    const { sendTimeout, destination } = this.#options;
    if (this.#connectBy !== undefined && now >= this.#connectBy)
      return void this.#fail(`${destination.host} port ${destination.port} does not answer`, "unreachable");
    if (this.outbox.stuckFor(now) >= sendTimeout)
      return void this.#fail(`the server has not read what it is sent for ${sendTimeout / 1000} s`);
    const { deadline } = this.#session ?? {};
    if (deadline !== undefined && now >= deadline) this.#run(this.#session?.tick(now) ?? []);
  }

  /** Media, when it is ready. How much waits of it is for the caller to bound, by `outbox.ownBytes`. */
  sendMedia(type: 8 | 9 | 18, timestamp: number, body: Uint8Array): void {
    this.#run(this.#session?.sendMedia(type, timestamp, body) ?? []);
  }

  /** Says goodbye. Harmless when called twice. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const effect of this.#session?.close({ code: "shutdown", message: reason }) ?? [])
      if (effect.type === "send") this.outbox.push(effect.bytes);
    this.outbox.flush();
    this.outbox.clear();
    this.#socket?.end();
  }

  /** The addresses are asked for anew each time, and tried one after the other. */
  async #open(): Promise<void> {
    const { host, port } = this.#options.destination;
    this.#connectBy = this.#options.clock() + CONNECT_TIMEOUT;
    const addresses = await (this.#options.resolve ?? addressesOf)(host);
    const failures = new Set<string>();
    let isRefused = addresses.length > 0;
    for (const address of addresses) {
      if (this.#closed) return;
      try {
        await this.#connect(address);
        return;
      } catch (error) {
        failures.add(wordsOf(error));
        isRefused &&= isRefusal(error);
      }
    }
    const code = isRefused ? "refused" : "unreachable";
    this.#fail(`no connection to ${host} port ${port}: ${[...failures].join("; ")}`, code);
  }

  async #connect(address: string): Promise<void> {
    const { tls, host, port, insecure } = this.#options.destination;
    const begin = (socket: Socket): void => {
      if (this.#closed) return void socket.end();
      this.#socket = socket;
      this.#start();
    };
    await Bun.connect({
      hostname: address,
      port,
      tls: tls ? { serverName: host, rejectUnauthorized: false } : undefined,
      socket: {
        open: (socket) => {
          socket.setNoDelay(true);
          if (!tls) begin(socket);
        },
        handshake: (socket, success, error) => {
          const problem = insecure ? undefined : certificateProblem(socket, host, success, error);
          if (problem === undefined) return void begin(socket);
          this.#fail(problem, "unreachable");
          socket.terminate();
        },
        data: (socket, bytes) => {
          if (socket !== this.#socket) return;
          this.bytesIn += bytes.length;
          this.#run(this.#session?.receive(bytes, this.#options.clock()) ?? []);
        },
        drain: (socket) => {
          if (socket !== this.#socket) return;
          this.outbox.flush();
          if (this.outbox.isEmpty) this.#options.onDrained?.();
        },
        close: (socket) => {
          if (socket === this.#socket || (tls && !this.#socket)) this.#fail("the server closed the connection");
        },
        error: (socket, error) => {
          if (socket === this.#socket) this.#fail(error.message);
        },
      },
    });
  }

  #start(): void {
    const { destination, play, via, agent, clock } = this.#options;
    const { app, name, tcUrl, flashVer, pageUrl, swfUrl } = destination;
    const { query } = this.#authentication;
    this.#connectBy = undefined;
    this.#session = new RtmpClientSession({
      app: app + query,
      name,
      tcUrl: tcUrl + query,
      chunkSize: CHUNK_SIZE,
      flashVer: flashVer ?? agent,
      random: (length) => randomBytes(length),
      capabilities: {
        ...(pageUrl === undefined ? {} : { pageUrl }),
        ...(swfUrl === undefined ? {} : { swfUrl }),
        // Enhanced RTMP 2: anything is taken, and handed on.
        fourCcList: ["*"],
        capsEx: 2 | 4 | 8,
        naruVia: via.join(),
      },
      ...(play ? { play } : {}),
    });
    this.#run(this.#session.start(clock()));
  }

  #run(effects: readonly Effect<RtmpClientEvent>[]): void {
    const { onReady, onMedia, onStopped } = this.#options;
    const session = this.#session;
    for (const effect of effects) {
      // A new session may have begun.
      if (this.#closed || session !== this.#session) return;
      if (effect.type === "send") this.outbox.push(effect.bytes);
      else if (effect.type === "close") this.#fail(effect.reason.message);
      else {
        const { event } = effect;
        if (event.type === "publishing" || event.type === "playing") {
          this.outbox.flush();
          onReady();
        } else if (event.type === "media") onMedia?.(event.messageType, event.timestamp, event.body);
        else if (event.type === "stopped") onStopped?.();
        else if (event.type === "rejected") this.#refused(event.code, event.description);
      }
    }
    if (this.#closed) return;
    this.outbox.flush();
    if (this.outbox.ownBytes > MAX_UNSENT) this.#fail("the server does not read what it is sent");
  }

  #refused(code: string, description: string): void {
    const step = this.#authentication.refused(description);
    if (step.type === "failed") return void this.#fail(step.reason, "rejected");
    if (step.type === "unrelated") {
      return void this.#fail([code, description].filter((part) => part !== "").join(": "), "rejected");
    }
    const socket = this.#socket;
    this.#socket = this.#session = undefined;
    this.outbox.clear();
    socket?.end();
    this.open();
  }

  #fail(reason: string, code: ClosedCode = "closed"): void {
    if (this.#closed) return;
    this.#closed = true;
    this.outbox.clear();
    this.#socket?.terminate();
    this.#options.onClosed(reason, code);
  }
}

async function addressesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}
