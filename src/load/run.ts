import type { Millis } from "../media/time.ts";
import {
  type Exchange,
  type ExchangeOwner,
  type ExchangeResult,
  parseTarget,
  type Target,
  type TransportOptions,
  type ViewerTransport,
} from "./exchange.ts";
import { PlaylistCache } from "./playlist-cache.ts";
import type { FailureKind, ViewerRequest } from "./request.ts";
import type { Tally } from "./tally.ts";
import { Viewer, type ViewerOptions, type ViewerPort } from "./viewer.ts";
import { type Timed, TimerWheel } from "./wheel.ts";

export type LoadOptions = {
  readonly viewers: number;
  /** The viewers' own options, for the n-th of them. */
  readonly viewer: (n: number) => ViewerOptions;
  /** The first viewers arrive spread over this time. */
  readonly ramp: Millis;
  /** Viewers that leave, each replaced by a new one, in a second. */
  readonly churn: number;
  /** Bits per second that each viewer's line carries. */
  readonly bandwidth: number | undefined;
  readonly transport: Omit<TransportOptions, "now" | "userAgent">;
  readonly userAgent: string;
};

export type LoadWorld = {
  /** Monotonic. */
  readonly now: () => Millis;
  readonly wallclockAt: (now: Millis) => Millis;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly transport: (owner: ExchangeOwner, options: TransportOptions) => ViewerTransport;
};

/** How things are at a moment. */
export type LoadState = {
  readonly viewers: number;
  readonly playing: number;
  readonly stalled: number;
  readonly ended: number;
  readonly connections: number;
};

const MAX_REDIRECTS = 5;
/** Viewers are looked at in turn, so many groups a second. */
const SAMPLE_GROUPS = 50;
const SAMPLE_MS: Millis = 1_000;
/** URLs of a live stream change all the time. */
const MAX_TARGETS = 4_096;

/** A viewer with its connections and its line. */
type Client = Timed & {
  readonly viewer: Viewer;
  readonly transport: ViewerTransport;
  /** Answers that are still on the viewer's line, and when they are there. */
  readonly arriving: { readonly exchange: Exchange; readonly result: ExchangeResult; readonly at: Millis }[];
  lineFreeAt: Millis;
};

/** Simulated viewers, driven by `tick` from outside. Everything of one process: call `tick` every 10 ms or so. */
export class LoadRun implements ViewerPort {
  readonly tally: Tally;
  readonly #options: LoadOptions;
  readonly #world: LoadWorld;
  readonly #wheel: TimerWheel<Client>;
  readonly #clients: Client[] = [];
  readonly #byViewer = new Map<Viewer, Client>();
  readonly #playlists = new PlaylistCache(decodeBody);
  readonly #targets = new Map<string, Target>();
  readonly #began: Millis;
  #joined = 0;
  #replaced = 0;
  #sampled = 0;
  #sampledAt: Millis;

  constructor(options: LoadOptions, world: LoadWorld, tally: Tally) {
    this.#options = options;
    this.#world = world;
    this.tally = tally;
    this.#began = world.now();
    this.#sampledAt = this.#began;
    this.#wheel = new TimerWheel(this.#began);
  }

  /** Viewers that came over all the time. */
  get joined(): number {
    return this.#joined;
  }

  get left(): number {
    return this.#replaced;
  }

  get state(): LoadState {
    let playing = 0;
    let stalled = 0;
    let ended = 0;
    let connections = 0;
    for (const { viewer, transport } of this.#clients) {
      const { state } = viewer.playout;
      if (state === "playing") playing++;
      else if (state === "stalled") stalled++;
      else if (state === "ended") ended++;
      connections += transport.connections;
    }
    return { viewers: this.#clients.length, playing, stalled, ended, connections };
  }

  tick(): void {
    const now = this.#world.now();
    this.#wheel.advance(now, (client) => this.#wake(client, now));
    this.#join(now);
    this.#churn(now);
    this.#sample(now);
  }

  /** All viewers leave. */
  close(): void {
    const now = this.#world.now();
    for (const client of this.#clients.splice(0)) this.#leave(client, now);
  }

  send(viewer: Viewer, request: ViewerRequest): void {
    const client = this.#byViewer.get(viewer);
    const target = this.#target(request.url);
    if (!client) return;
    const askedAt = this.#world.now();
    if (!target) {
      this.tally.error(`${request.kind}: not a URL that can be fetched`);
      return;
    }
    client.transport.send({ request, target, redirects: 0, askedAt, firstByteAt: undefined, repeated: false });
  }

  abandon(viewer: Viewer, request: ViewerRequest): void {
    this.#byViewer.get(viewer)?.transport.abandon(request);
  }

  wallclockAt(now: Millis): Millis {
    return this.#world.wallclockAt(now);
  }

  random(): number {
    return this.#world.random();
  }

  #join(now: Millis): void {
    const { viewers, ramp } = this.#options;
    const due = ramp <= 0 ? viewers : Math.min(viewers, Math.ceil(((now - this.#began) / ramp) * viewers));
    while (this.#joined - this.#replaced < due) this.#admit(now);
  }

  #admit(now: Millis): void {
    const n = this.#joined++;
    const viewer = new Viewer(this.#options.viewer(n), this, this.tally);
    const owner: ExchangeOwner = {
      finished: (exchange, result) => this.#finished(client, exchange, result),
      failed: (exchange, failure) => this.#failed(client, exchange, failure),
    };
    const { transport, userAgent } = this.#options;
    const client: Client = {
      viewer,
      // A number of its own, so that servers that count viewers can tell them apart.
      transport: this.#world.transport(owner, {
        ...transport,
        now: this.#world.now,
        userAgent: `${userAgent} viewer/${n}`,
      }),
      arriving: [],
      lineFreeAt: now,
      due: undefined,
      slot: undefined,
    };
    this.#clients.push(client);
    this.#byViewer.set(viewer, client);
    viewer.start(now);
    this.#arm(client);
  }

  #churn(now: Millis): void {
    const { churn, ramp } = this.#options;
    const due = Math.floor((churn * Math.max(0, now - this.#began - ramp)) / 1000);
    while (this.#replaced < due && this.#clients.length > 0) {
      const at = Math.floor(this.#world.random() * this.#clients.length);
      const client = this.#clients[at] as Client;
      this.#clients[at] = this.#clients.at(-1) as Client;
      this.#clients.pop();
      this.#leave(client, now);
      this.#replaced++;
      this.#admit(now);
    }
  }

  #leave(client: Client, now: Millis): void {
    client.viewer.leave(now);
    client.transport.close();
    client.arriving.length = 0;
    this.#wheel.set(client, undefined);
    this.#byViewer.delete(client.viewer);
  }

  /** Looks at each viewer once a second, a few at a time. */
  #sample(now: Millis): void {
    const { length } = this.#clients;
    const due = Math.floor(((now - this.#sampledAt) / SAMPLE_MS) * SAMPLE_GROUPS);
    if (due === 0 || length === 0) return;
    this.#sampledAt = now;
    let left = Math.min(length, Math.ceil((length * due) / SAMPLE_GROUPS));
    for (; left > 0; left--) {
      this.#sampled = (this.#sampled + 1) % length;
      const client = this.#clients[this.#sampled] as Client;
      client.viewer.sample(now);
      client.transport.sweep(now);
    }
  }

  #wake(client: Client, now: Millis): void {
    const { arriving, viewer } = client;
    while (arriving[0] && arriving[0].at <= now) {
      const { exchange, result } = arriving.shift() as Client["arriving"][number];
      this.#deliver(client, exchange, result, now);
    }
    if ((viewer.deadline ?? Number.POSITIVE_INFINITY) <= now) viewer.tick(now);
    this.#arm(client);
  }

  #arm(client: Client): void {
    const viewer = client.viewer.deadline;
    const line = client.arriving[0]?.at;
    const due = viewer === undefined || line === undefined ? (viewer ?? line) : Math.min(viewer, line);
    if (due !== client.due) this.#wheel.set(client, due);
  }

  #finished(client: Client, exchange: Exchange, result: ExchangeResult): void {
    const now = this.#world.now();
    if (result.location !== undefined && exchange.redirects < MAX_REDIRECTS) {
      const { href } = exchange.target;
      const { location } = result;
      const target = URL.canParse(location, href) ? this.#target(new URL(location, href).href) : undefined;
      if (target) {
        exchange.target = target;
        exchange.redirects++;
        client.transport.send(exchange);
        return;
      }
    }
    const { bandwidth } = this.#options;
    if (bandwidth === undefined) this.#deliver(client, exchange, result, now);
    else {
      client.lineFreeAt = Math.max(client.lineFreeAt, exchange.firstByteAt ?? now) + (result.bytes * 8000) / bandwidth;
      client.arriving.push({ exchange, result, at: client.lineFreeAt });
    }
    this.#arm(client);
  }

  #deliver(
    { viewer }: Client,
    exchange: Exchange,
    { status, bytes, encoding, body }: ExchangeResult,
    now: Millis,
  ): void {
    const { request, target } = exchange;
    const took = now - (exchange.firstByteAt ?? now);
    if (!body || status !== 200) {
      viewer.answered(request, { status, bytes, took }, now);
      return;
    }
    viewer.answered(request, { status, bytes, took, playlist: this.#playlists.read(target.base, body, encoding) }, now);
  }

  #failed(client: Client, exchange: Exchange, failure: FailureKind): void {
    client.viewer.failed(exchange.request, failure, this.#world.now());
    this.#arm(client);
  }

  #target(href: string): Target | undefined {
    let target = this.#targets.get(href);
    if (target) return target;
    target = parseTarget(href);
    if (!target) return undefined;
    if (this.#targets.size >= MAX_TARGETS) this.#targets.clear();
    this.#targets.set(href, target);
    return target;
  }
}

function decodeBody(body: Uint8Array, encoding: string): string {
  const name = encoding.toLowerCase();
  if (name !== "" && name !== "gzip" && name !== "identity")
    throw new Error(`Content-Encoding ${encoding} was not asked for`);
  const bytes = name === "gzip" ? Bun.gunzipSync(body as Uint8Array<ArrayBuffer>) : body;
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
