import type { Millis } from "../media/time.ts";
import { type ClosedCode, RelayConnection } from "../relay/connection.ts";
import type { PublishTarget } from "./publish-url.ts";
import { DemoSource } from "./source.ts";

/** Why a publish could not begin; `closed`: the connection ended before an answer, or the answer was not RTMP. */
export class PublishFailedError extends Error {
  override readonly name = "PublishFailedError";
  constructor(
    readonly code: ClosedCode,
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

/** Unsent bytes at which media is left out until they are gone: about three seconds. */
const MAX_UNSENT = 256 * 1024;
/** A server that has taken nothing for this long has gone. */
const STALL_TIMEOUT: Millis = 20_000;
/** After a longer pause (a suspended machine) what was missed is left out instead of sent at once. */
const MAX_LATE: Millis = 2_000;
/** How often it is looked whether the server answers. */
const LOOK_MS: Millis = 200;

/** Connects and publishes; resolves when the server has let the publish begin. @throws PublishFailedError */
export async function startDemoPublisher(options: DemoPublisherOptions): Promise<DemoPublisher> {
  const publish = new Publish(options);
  await publish.open();
  return publish;
}

class Publish implements DemoPublisher {
  readonly #options: DemoPublisherOptions;
  readonly #connection: RelayConnection;
  readonly #begun = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<DemoSummary>();
  #source: DemoSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stalled = false;
  #closed = false;
  #videoFrames = 0;
  #stalls = 0;

  constructor(options: DemoPublisherOptions) {
    this.#options = options;
    const { target, agent, clock } = options;
    this.#connection = new RelayConnection({
      destination: {
        ...target,
        credentials: undefined,
        pageUrl: undefined,
        swfUrl: undefined,
        flashVer: undefined,
        insecure: false,
        shown: target.tcUrl,
      },
      via: [],
      agent,
      clock,
      sendTimeout: STALL_TIMEOUT,
      onReady: () => this.#begin(),
      onClosed: (reason, code) => {
        this.#begun.reject(new PublishFailedError(code, reason));
        this.#end(code, reason);
      },
    });
  }

  get ended(): Promise<DemoSummary> {
    return this.#ended.promise;
  }

  open(): Promise<void> {
    this.#connection.open();
    this.#wakeIn(LOOK_MS);
    return this.#begun.promise;
  }

  close(): void {
    if (this.#closed) return;
    const reason = "the demo has ended";
    if (this.#source) this.#send(this.#source.footer());
    this.#connection.close(reason);
    this.#begun.reject(new PublishFailedError("closed", reason));
    this.#end("shutdown", reason);
  }

  #begin(): void {
    const { clock, wallclockAt, timeOfDay, stamp } = this.#options;
    this.#source = new DemoSource({ startsAt: wallclockAt(clock()), timeOfDay, stamp });
    for (const message of this.#source.headers()) this.#send(message);
    this.#begun.resolve();
    this.#wake();
  }

  #send({ type, timestamp, body }: ReturnType<DemoSource["next"]>): void {
    this.#connection.sendMedia(type, timestamp, body);
  }

  /** The one timer: looks until the publish begins, then the next frame. */
  #wakeIn(delay: Millis): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, Math.ceil(delay)));
  }

  #wake(): void {
    const now = this.#options.clock();
    this.#connection.tick(now);
    if (this.#closed) return;
    const source = this.#source;
    if (!source) return void this.#wakeIn(LOOK_MS);
    const wallclock = this.#options.wallclockAt(now);
    if (this.#isBlocked() || wallclock - source.due > MAX_LATE) source.skipTo(wallclock);
    while (!this.#closed && source.due <= wallclock) {
      const message = source.next();
      if (message.type === 9) this.#videoFrames++;
      this.#send(message);
    }
    if (!this.#closed) this.#wakeIn(source.due - wallclock);
  }

  /** Whether so much waits to be sent that nothing may be added. */
  #isBlocked(): boolean {
    const { ownBytes } = this.#connection.outbox;
    if (ownBytes === 0) this.#stalled = false;
    else if (ownBytes > MAX_UNSENT && !this.#stalled) {
      this.#stalled = true;
      this.#stalls++;
    }
    return this.#stalled;
  }

  #end(code: string, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    const bytes = this.#connection.outbox.sent;
    this.#ended.resolve({ code, reason, videoFrames: this.#videoFrames, bytes, stalls: this.#stalls });
  }
}
