import type { ListenAddress } from "../../config/units.ts";
import type { Log } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import { invalidStreamPath } from "../../streams/stream-path.ts";
import { type Conditions, readConditions } from "./conditions.ts";
import type { HttpConfig, HttpLocation } from "./config.ts";
import { listenHttp } from "./listen.ts";
import { matchLocation } from "./location.ts";
import type { OriginHandler } from "./origin-handler.ts";
import { PageAssets } from "./page-assets.ts";
import { answerAsset, answerPage } from "./pages.ts";
import { MAX_TARGET_LENGTH, parseRequestTarget, type RequestTarget } from "./request-target.ts";
import { Responses } from "./responses.ts";
import { parseRoute, type Route } from "./route.ts";
import { answerFile, answerFileOptions, hasFile } from "./static-files.ts";
import { type FoundStream, listStream, type StreamList, type StreamSummary } from "./stream-list.ts";
import { Viewers } from "./viewers.ts";

export type HttpGatewayOptions = {
  readonly config: HttpConfig;
  readonly origin: OriginHandler;
  readonly streams: {
    /** Streams that exist now. */
    list(): readonly StreamSummary[];
    get(path: string): StreamSummary | undefined;
    /** An MP4 file of one frame: the latest keyframe of a live stream. */
    poster(path: string): Uint8Array | undefined;
  };
  /** Where encoders publish, for the start page's instructions. */
  readonly rtmpPort?: number;
  readonly version: string;
  readonly log: Log;
  /** Monotonic. */
  readonly now: () => Millis;
  /** Where the pages' files come from; the server's own when left out. */
  readonly assets?: PageAssets;
};

export interface HttpGateway {
  /** Where it listens, with the ports that were free where 0 was asked for. */
  readonly addresses: readonly ListenAddress[];
  /** Viewers of a stream in the last few seconds. */
  viewers(path: string): number;
  /** Stops listening and drops the connections; harmless when called twice. */
  close(): Promise<void>;
}

/** How often what nobody asks for any more is dropped. */
const SWEEP_MS = 5_000;

/**
 * Listens on every address of the configuration.
 * @throws ListenError when an address cannot be had; then none is kept
 */
export function startHttpGateway(options: HttpGatewayOptions): HttpGateway {
  const handler = new HttpHandler(options);
  const listeners = listenHttp(options.config.listen, {
    fetch: (request, server) => handler.answer(request, server),
    failed: (error) => handler.failed(error),
  });
  const sweep = setInterval(() => handler.sweep(), SWEEP_MS);
  sweep.unref();
  const addresses = listeners.map((listener) => listener.address);
  return {
    addresses,
    viewers: (path) => handler.viewers(path),
    async close() {
      clearInterval(sweep);
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}

/** What a location answers where it has no file: none, a directory without index, a directory without its slash. */
const NO_FILE: ReadonlySet<number> = new Set([404, 403, 301]);

/** What the handler needs of `Bun.serve`. */
type Peer = { requestIP(request: Request): { readonly address: string } | null };

/** Answers requests; knows nothing of sockets. */
export class HttpHandler {
  readonly #responses: Responses;
  readonly #assets: PageAssets;
  readonly #viewers = new Viewers();

  constructor(private readonly options: HttpGatewayOptions) {
    this.#responses = new Responses(options.config.cors);
    this.#assets = options.assets ?? new PageAssets();
  }

  viewers(path: string): number {
    return this.#viewers.count(path, this.options.now());
  }

  sweep(): void {
    const now = this.options.now();
    this.#viewers.sweep(now);
    this.#responses.sweep(now);
  }

  /** Never throws and never rejects. */
  answer(request: Request, peer: Peer): Response | Promise<Response> {
    try {
      const response = this.#answer(request, peer);
      return response instanceof Promise ? response.catch((error) => this.failed(error)) : response;
    } catch (error) {
      return this.failed(error);
    }
  }

  /** A mistake of our own: the answer, and a line in the log. */
  failed(error: unknown): Response {
    this.options.log.error("HTTP request failed", { error: error instanceof Error ? error.message : String(error) });
    return this.#responses.text(500, "the server made a mistake; its log says which");
  }

  #answer(request: Request, peer: Peer): Response | Promise<Response> {
    if (request.url.length > MAX_TARGET_LENGTH) return this.#responses.text(414, "the URL is too long");
    const target = parseRequestTarget(request.url);
    if (!target) return this.#responses.text(400, "the URL is malformed");

    const { method } = request;
    const location = matchLocation(this.options.config.locations, target.path);
    if (method === "OPTIONS") return this.#answerOptions(location, request, target);
    if (method !== "GET" && method !== "HEAD") {
      return this.#responses.text(405, `${method} is not allowed here`, { allow: "GET, HEAD, OPTIONS" });
    }
    const conditions = readConditions(request);
    if (!location) return this.#answerRoute(request, peer, target, conditions);
    return this.#answerLocation(location, request, peer, target, conditions);
  }

  async #answerOptions(
    location: HttpLocation | undefined,
    request: Request,
    { path }: RequestTarget,
  ): Promise<Response> {
    if (!location || (location.path === "/" && !(await hasFile(location, path)))) return this.#responses.options();
    return answerFileOptions(location, readConditions(request));
  }

  /**
   * A `location /` claims every URL, and `/hls` those of an application of that name: what there is no file for may still be
   * a page, or a stream.
   */
  async #answerLocation(
    location: HttpLocation,
    request: Request,
    peer: Peer,
    target: RequestTarget,
    conditions: Conditions,
  ): Promise<Response> {
    if (location.path === "/") {
      if (await hasFile(location, target.path)) return answerFile(location, target.path, conditions);
    } else {
      const response = await answerFile(location, target.path, conditions);
      if (!NO_FILE.has(response.status)) return response;
      const route = parseRoute(target.path);
      if (!("path" in route) || !this.options.streams.get(route.path)) return response;
    }
    return this.#answerRoute(request, peer, target, conditions);
  }

  #answerRoute(
    request: Request,
    peer: Peer,
    target: RequestTarget,
    conditions: Conditions,
  ): Response | Promise<Response> {
    const route = parseRoute(target.path);
    if ("path" in route && route.kind !== "moved") {
      const problem = invalidStreamPath(route.path);
      if (problem) return this.#responses.text(404, problem);
    }
    switch (route.kind) {
      case "media":
        return this.#media(request, peer, route, target.query, conditions);
      case "poster":
        return this.#poster(route.path, conditions);
      case "streams":
        return this.#responses.json(200, this.#list(), conditions);
      case "stream":
        return this.#stream(route.path, conditions);
      case "health":
        return this.#responses.json(200, { status: "ok", version: this.options.version }, conditions);
      case "asset":
      case "start":
      case "watch":
      case "moved":
        return this.options.config.pages ? this.#page(route, target.query, conditions) : this.#unknown();
      case "unknown":
        return this.#unknown();
    }
  }

  /** Exactly one answer, at once or later; a client that leaves while it waits withdraws its request. */
  #media(
    request: Request,
    peer: Peer,
    route: { readonly path: string; readonly resource: string },
    query: string,
    conditions: Conditions,
  ): Response | Promise<Response> {
    const { origin, now } = this.options;
    let answered: Response | undefined;
    let resolve: ((response: Response) => void) | undefined;
    // A player asks for media all the time, so playlists need not be counted as well.
    const viewer = route.resource.endsWith(".m3u8") ? undefined : viewerKey(request, peer);
    const cancel = origin.request({ stream: route.path, resource: route.resource, query }, now(), (answer) => {
      if (viewer !== undefined && answer.status === 200) this.#viewers.saw(route.path, viewer, now());
      answered = this.#responses.origin(answer, conditions, now());
      resolve?.(answered);
    });
    if (answered) return answered;
    return new Promise((settle) => {
      resolve = settle;
      const withdraw = () => {
        cancel?.();
        settle(new Response(null, { status: 499 }));
      };
      if (request.signal.aborted) withdraw();
      else request.signal.addEventListener("abort", withdraw, { once: true });
    });
  }

  #poster(path: string, conditions: Conditions): Response {
    const body = this.options.streams.poster(path);
    if (!body) return this.#responses.text(404, `there is no picture of "${path}"`);
    const answer = { body, contentType: "video/mp4", cacheControl: "max-age=2" };
    return this.#responses.media(answer, conditions, this.options.now());
  }

  #list(): StreamList {
    const { streams, version, rtmpPort } = this.options;
    const now = this.options.now();
    return {
      version,
      rtmpPort,
      streams: streams.list().map((stream) => listStream(stream, this.#viewers.count(stream.path, now))),
    };
  }

  #stream(path: string, conditions: Conditions): Response {
    const stream = this.options.streams.get(path);
    if (!stream) return this.#responses.json(404, { error: "not-live", message: `"${path}" is not live` }, conditions);
    const found: FoundStream = { ...listStream(stream, this.viewers(path)), serverTime: Date.now() };
    return this.#responses.json(200, found, conditions);
  }

  #page(route: Route, query: string, conditions: Conditions): Response | Promise<Response> {
    switch (route.kind) {
      case "asset":
        return answerAsset(this.#assets, this.#responses, route.name, conditions);
      case "start":
        return answerPage(this.#assets, this.#responses, "start.html", conditions);
      case "watch":
        return answerPage(this.#assets, this.#responses, "watch.html", conditions);
      case "moved":
        return this.#responses.redirect(encodePath(route.path) + (query && `?${query}`));
      default:
        return this.#unknown();
    }
  }

  #unknown(): Response {
    return this.#responses.text(404, "there is nothing here");
  }
}

function viewerKey(request: Request, peer: Peer): number {
  return Bun.hash.xxHash32(`${peer.requestIP(request)?.address} ${request.headers.get("user-agent")}`);
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
