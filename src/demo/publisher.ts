import type { Millis } from "../media/time.ts";
import { type RtmpClientEvent, RtmpClientSession } from "../protocols/rtmp/client-session.ts";
import type { Effect } from "../protocols/session.ts";
import { Outbox } from "./outbox.ts";
import type { PublishTarget } from "./publish-url.ts";
import { DemoSource } from "./source.ts";

/** Why a publish could not begin. */
export class PublishFailedError extends Error {
  override readonly name = "PublishFailedError";
  /**
   * `refused`: nobody listens there; `unreachable`: no connection for another reason; `rejected`: the server said no;
   * `closed`: the connection ended before an answer, or the answer was not RTMP.
   */
  constructor(
    readonly code: "refused" | "unreachable" | "rejected" | "closed",
    message: string,
  ) {
    super(message);
  }
}

export type DemoPublisherOptions = {
  readonly target: PublishTarget;
  /** Monotonic. */
  readonly clock: () => Millis;
  /** Milliseconds since the Unix epoch at the monotonic time `now`. */
  readonly wallclockAt: (now: Millis) => Millis;
  readonly timeOfDay: (wallclock: Millis) => Millis;
  /** The time is in the picture for programs too. */
  readonly stamp?: boolean;
  readonly random: (length: number) => Uint8Array;
  /** How the demo calls itself: `flashVer` of the connect command. */
  readonly agent: string;
};

/** A publish that runs. */
export type DemoPublisher = {
  /** Ends the publish as the protocol does. Harmless when called twice. */
  close(): void;
  /** Settles when the connection has ended. */
  readonly ended: Promise<DemoSummary>;
};

export type DemoSummary = {
  /** Why it ended: `shutdown` when `close` was called. */
  readonly code: string;
  readonly reason: string;
  readonly videoFrames: number;
  readonly bytes: number;
  /** Times that the server or the network did not keep up and media was left out. */
  readonly stalls: number;
};

const CONNECT_TIMEOUT: Millis = 10_000;
/** Unsent bytes at which media is left out until they are gone: about three seconds. */
const MAX_UNSENT = 256 * 1024;
/** A server that has taken nothing for this long has gone. */
const STALL_TIMEOUT: Millis = 20_000;
/** After a longer pause (a suspended machine) what was missed is left out instead of sent at once. */
const MAX_LATE: Millis = 2_000;
const CHUNK_SIZE = 4096;

/** Connects and publishes; resolves when the server has let the publish begin. @throws PublishFailedError */
export async function startDemoPublisher(options: DemoPublisherOptions): Promise<DemoPublisher> {
  const publish = new Publish(options);
  await publish.open();
  return publish;
}

class Publish implements DemoPublisher {
  readonly #options: DemoPublisherOptions;
  readonly #session: RtmpClientSession;
  readonly #begun = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<DemoSummary>();
  readonly #outbox = new Outbox();
  #source: DemoSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #progress: { sent: number; at: Millis } = { sent: 0, at: 0 };
  #stalled = false;
  #closed = false;
  #videoFrames = 0;
  #stalls = 0;

  constructor(options: DemoPublisherOptions) {
    this.#options = options;
    const { app, name, tcUrl } = options.target;
    this.#session = new RtmpClientSession({
      app,
      name,
      tcUrl,
      chunkSize: CHUNK_SIZE,
      flashVer: options.agent,
      random: options.random,
    });
  }

  get ended(): Promise<DemoSummary> {
    return this.#ended.promise;
  }

  async open(): Promise<void> {
    const { host, port, tls } = this.#options.target;
    const timeout = setTimeout(
      () => this.#fail("unreachable", `${host} port ${port} does not answer`),
      CONNECT_TIMEOUT,
    );
    Bun.connect({
      hostname: host,
      port,
      tls: tls ? { serverName: host } : undefined,
      socket: {
        open: (socket) => {
          clearTimeout(timeout);
          if (this.#closed) return void socket.end();
          socket.setNoDelay(true);
          this.#outbox.connect(socket);
          this.#perform(this.#session.start(this.#options.clock()));
          const { deadline } = this.#session;
          if (deadline !== undefined) this.#wakeAt(deadline);
        },
        data: (_socket, bytes) => this.#perform(this.#session.receive(bytes, this.#options.clock())),
        drain: () => this.#outbox.flush(),
        close: () => this.#end("peer-closed", "the server closed the connection"),
        error: (_socket, error) => this.#end("connection-lost", error.message),
      },
    }).catch((error: unknown) => {
      clearTimeout(timeout);
      const refused = error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
      if (refused) this.#fail("refused", `nobody listens at ${host} port ${port}`);
      else this.#fail("unreachable", `no connection to ${host} port ${port}: ${wordsOf(error)}`);
    });
    return this.#begun.promise;
  }

  close(): void {
    if (this.#source) this.#perform(this.#session.sendMedia(...messageArguments(this.#source.footer())));
    this.#perform(this.#session.close({ code: "shutdown", message: "the demo has ended" }));
  }

  #perform(effects: readonly Effect<RtmpClientEvent>[]): void {
    for (const effect of effects) {
      if (effect.type === "send") this.#outbox.send(effect.bytes);
      else if (effect.type === "close") this.#end(effect.reason.code, effect.reason.message);
      else if (effect.event.type === "publishing") this.#begin();
      else if (effect.event.type === "rejected") {
        const { code, description } = effect.event;
        this.#begun.reject(new PublishFailedError("rejected", [code, description].filter(Boolean).join(": ")));
      }
    }
  }

  #begin(): void {
    const { clock, wallclockAt, timeOfDay, stamp } = this.#options;
    this.#source = new DemoSource({ startsAt: wallclockAt(clock()), timeOfDay, stamp });
    for (const message of this.#source.headers()) this.#perform(this.#session.sendMedia(...messageArguments(message)));
    this.#begun.resolve();
    this.#wake();
  }

  /** The one timer: the answer's deadline until the publish begins, then the next frame. */
  #wakeAt(time: Millis): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, Math.ceil(time - this.#options.clock())));
  }

  #wake(): void {
    if (this.#closed) return;
    const now = this.#options.clock();
    const source = this.#source;
    if (!source) {
      this.#perform(this.#session.tick(now));
      const { deadline } = this.#session;
      if (deadline !== undefined) this.#wakeAt(deadline);
      return;
    }
    const wallclock = this.#options.wallclockAt(now);
    if (this.#isBlocked(now)) source.skipTo(wallclock);
    else if (wallclock - source.due > MAX_LATE) source.skipTo(wallclock);
    while (!this.#closed && source.due <= wallclock) {
      const message = source.next();
      if (message.type === 9) this.#videoFrames++;
      this.#perform(this.#session.sendMedia(...messageArguments(message)));
    }
    if (!this.#closed) this.#wakeAt(now + source.due - wallclock);
  }

  /** Whether so much waits to be sent that nothing may be added; ends the publish when nothing moves any more. */
  #isBlocked(now: Millis): boolean {
    const { unsent, sent } = this.#outbox;
    if (unsent === 0 || sent !== this.#progress.sent) this.#progress = { sent, at: now };
    else if (now - this.#progress.at > STALL_TIMEOUT) {
      this.#end("stalled", "the server has stopped reading");
      this.#outbox.abort();
    }
    if (unsent === 0) this.#stalled = false;
    else if (unsent > MAX_UNSENT && !this.#stalled) {
      this.#stalled = true;
      this.#stalls++;
    }
    return this.#stalled;
  }

  #fail(code: PublishFailedError["code"], message: string): void {
    this.#begun.reject(new PublishFailedError(code, message));
    this.#end(code, message);
  }

  #end(code: string, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#outbox.close();
    this.#begun.reject(new PublishFailedError("closed", reason));
    const bytes = this.#outbox.sent;
    this.#ended.resolve({ code, reason, videoFrames: this.#videoFrames, bytes, stalls: this.#stalls });
  }
}

function messageArguments({ type, timestamp, body }: ReturnType<DemoSource["next"]>): [8 | 9 | 18, number, Uint8Array] {
  return [type, timestamp, body];
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
