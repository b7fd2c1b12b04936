import type { Log } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import { formatPictureResource, parsePictureRequest } from "../../pictures/request.ts";
import { invalidStreamPath } from "../../streams/stream-path.ts";
import { AccessGate } from "./access.ts";
import { baseHeaders } from "./base-headers.ts";
import { CollapsedRequests, type Question } from "./collapsed-requests.ts";
import { type Conditions, readConditions } from "./conditions.ts";
import type { HttpAccess, HttpConfig, HttpLocation } from "./config.ts";
import type { FlvAnswers } from "./flv-answers.ts";
import type { FlvVisit } from "./flv-door.ts";
import { answerMultitrack, readMultitrackRequest } from "./multitrack.ts";
import { askOperator, type OperatorQuestion, readApiRequest } from "./operator.ts";
import { PageAssets } from "./page-assets.ts";
import { answerAsset, answerPage } from "./pages.ts";
import { findPlace, MAX_HOPS } from "./place.ts";
import { MAX_TARGET_LENGTH, parseRequestTarget, type RequestTarget } from "./request-target.ts";
import { Responses } from "./responses.ts";
import { parseRoute, type Route } from "./route.ts";
import { type AnswerSource, HEALTH, type Peer, POSTER, STATE, STREAMS } from "./shared-answer.ts";
import { STAT_STYLESHEET } from "./stat-stylesheet.ts";
import { answerFileOptions, answerFixed, answerFound, type Found, lookUp } from "./static-files.ts";
import { encodePath, expand } from "./variables.ts";
import { WaitingRoom } from "./waiting-room.ts";

export type HttpHandlerOptions = {
  readonly config: HttpConfig;
  readonly source: AnswerSource;
  /** A viewer was given media of a stream; `viewer` tells viewers apart. */
  readonly seen: (path: string, viewer: number) => void;
  /** Whether a path is a stream's that exists, where a location claims it too. */
  readonly isStream: (path: string) => boolean | Promise<boolean>;
  /** Without, nothing is played as FLV. */
  readonly flv?: FlvAnswers;
  readonly log: Log;
  /** Monotonic. */
  readonly now: () => Millis;
  /** Where the pages' files come from; the server's own when left out. */
  readonly assets?: PageAssets;
};

/** A request, or what an index, try_files or an error page makes of it. */
type Asked = {
  readonly request: Request;
  readonly peer: Peer;
  readonly target: RequestTarget;
  /** How often it was led elsewhere; 0 as it came from the client. */
  readonly hops: number;
  /** It is the page of an error, to be answered with this status; 0 for that of the page itself. */
  readonly errorStatus?: number;
};

/** What orders are given by. */
const API_ROUTES: ReadonlySet<Route["kind"]> = new Set(["api", "streams", "stream"]);
/** What `Bun.serve` wants for a request that has become a WebSocket. */
const UPGRADED = undefined as unknown as Response;
/** URLs whose meaning is remembered; a stream that is watched has about ten at a time. */
const MAX_KNOWN_URLS = 4096;

/** Answers requests; knows nothing of sockets. */
export class HttpHandler {
  readonly #responses: Responses;
  readonly #assets: PageAssets;
  readonly #room: WaitingRoom;
  readonly #requests: CollapsedRequests;
  readonly #idleSeconds: number;
  /** By location, and for all else; those that let everybody in have none. */
  readonly #gates = new Map<HttpLocation | undefined, AccessGate>();
  /** What thousands of viewers ask for in the same words need not be taken apart each time. */
  readonly #known = new Map<string, Question>();

  constructor(private readonly options: HttpHandlerOptions) {
    const { config, source, now } = options;
    this.#responses = new Responses(config.cors);
    this.#assets = options.assets ?? new PageAssets();
    this.#room = new WaitingRoom(config);
    this.#idleSeconds = Math.round(config.idleTimeout / 1000);
    const guard = (location: HttpLocation | undefined, access: HttpAccess | undefined): void => {
      if (!access || (access.rules.length === 0 && access.users === undefined)) return;
      const gate = new AccessGate(access, this.#responses, (message) => options.log.error(message));
      this.#gates.set(location, gate);
    };
    guard(undefined, config.access);
    for (const location of config.locations) guard(location, location.access ?? config.access);
    this.#requests = new CollapsedRequests({
      source,
      room: this.#room,
      idleSeconds: this.#idleSeconds,
      base: baseHeaders(config.cors),
      now,
      failed: (error) => this.failed(error),
    });
  }

  /** No URL means anything but what it says. */
  get #isPlain(): boolean {
    const { locations, rewrites } = this.options.config;
    return locations.length === 0 && rewrites.length === 0 && this.#gates.size === 0;
  }

  /** Requests that wait for media. */
  get waiting(): number {
    return this.#room.size;
  }

  /** To be called every few seconds. */
  sweep(): void {
    this.#requests.sweep(this.options.now());
    for (const [url, question] of this.#known) if (question.forgotten) this.#known.delete(url);
  }

  /** Never throws and never rejects. */
  answer(request: Request, peer: Peer): Response | Promise<Response> {
    try {
      peer.timeout(request, this.#idleSeconds);
      const known = this.#known.get(request.url);
      if (known && !known.forgotten && isRead(request.method)) return this.#ask(known, request, peer);
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

    return this.#answerAt({ request, peer, target, hops: 0 });
  }

  #answerAt(asked: Asked): Response | Promise<Response> {
    const { request, hops } = asked;
    const place = findPlace(this.options.config, asked.target, request, hops === 0);
    if ("status" in place) {
      if (place.to !== "") return this.#responses.redirect(place.to, place.status);
      return this.#responses.text(place.status, "the rules of this path lead nowhere");
    }
    const { location, target } = place;
    const at = { ...asked, target };
    const answer = location?.internal && hops === 0 ? this.#unknown() : this.#answerGuarded(at, location);
    if (!location || location.errorPages.length === 0 || asked.errorStatus !== undefined) return answer;
    return this.#withErrorPage(answer, at, location);
  }

  #answerGuarded(asked: Asked, location: HttpLocation | undefined): Response | Promise<Response> {
    const { request, peer } = asked;
    const refused = this.#gates.get(location)?.refuse(request, peer.requestIP(request)?.address);
    if (!(refused instanceof Promise)) return refused ?? this.#answerAdmitted(asked, location);
    return refused.then((response) => response ?? this.#answerAdmitted(asked, location));
  }

  /** nginx's error_page. A page that is missing changes nothing. */
  async #withErrorPage(answer: Response | Promise<Response>, asked: Asked, location: HttpLocation): Promise<Response> {
    const response = await answer;
    const { target, request, hops } = asked;
    const found = location.errorPages.find(({ status }) => status.includes(response.status));
    if (!found) return response;
    const status = found.answer ?? response.status;
    const page = expand(found.page, { ...target, request }, undefined, encodePath);
    if (!page.startsWith("/")) return this.#responses.redirect(page, REDIRECTS.has(status) ? status : 302);
    const to = parseRequestTarget(page);
    if (!to || hops >= MAX_HOPS) return response;
    const shown = await this.#answerAt({ ...asked, target: to, hops: hops + 1, errorStatus: status });
    return shown.status === status || (status === 0 && shown.ok) ? shown : response;
  }

  #answerAdmitted(asked: Asked, location: HttpLocation | undefined): Response | Promise<Response> {
    const { request, peer, target } = asked;
    const { method } = request;
    if (location?.answer) {
      const status = asked.errorStatus || location.answer.status;
      return answerFixed(location, { ...location.answer, status }, readConditions(request), { ...target, request });
    }
    // Below `/stat` lies `/stat.xsl`, which is not statistics.
    if (location?.stat && !target.path.endsWith(".xsl"))
      return this.#operate({ type: "stat", config: location.stat }, location);
    if (location?.control) {
      const { path, query } = target;
      return this.#operate({ type: "control", takes: location.control, path, query }, location);
    }
    if (location?.flv && isRead(method)) {
      const given = new URLSearchParams(target.query);
      const path = `${given.get("app") ?? ""}/${given.get("stream") ?? ""}`;
      if (invalidStreamPath(path)) return this.#responses.text(404, "no stream is named: ?app=NAME&stream=KEY");
      return this.#answerFlv(path, target.query, request, peer);
    }
    if (method === "OPTIONS") return this.#answerOptions(location, request, target);
    const route = isRead(method) ? undefined : parseRoute(target.path);
    if (method === "POST" && route?.kind === "multitrack") {
      return this.#answerMultitrack(route.application, request, target.query);
    }
    if (route && API_ROUTES.has(route.kind)) return this.#answerApi(request, peer);
    if (route) return this.#responses.text(405, `${method} is not allowed here`, { allow: "GET, HEAD, OPTIONS" });
    const isFiles = location?.root !== undefined || location?.alias !== undefined;
    if (!location || !isFiles) return this.#answerRoute(request, peer, target);
    return this.#answerLocation(location, asked);
  }

  async #answerOptions(
    location: HttpLocation | undefined,
    request: Request,
    { path }: RequestTarget,
  ): Promise<Response> {
    const isFiles = location?.root !== undefined || location?.alias !== undefined;
    if (!location || !isFiles) return this.#responses.options();
    const found = location.path === "/" ? await lookUp(location, { path, query: "", request }) : undefined;
    if (found && !isContent(found)) return this.#responses.options();
    return answerFileOptions(location, readConditions(request));
  }

  /**
   * A `location /` claims every URL, and `/hls` those of an application of that name: what there is no file for may still be
   * a page, or a stream.
   */
  async #answerLocation(location: HttpLocation, asked: Asked): Promise<Response> {
    const { request, peer, target, hops, errorStatus } = asked;
    const found = await lookUp(location, { ...target, request });
    if (!isContent(found) && (await this.#isOwn(location, target.path, found)))
      return this.#answerRoute(request, peer, target);
    if (found.kind !== "again") {
      const conditions = errorStatus === undefined ? readConditions(request) : unconditional(request);
      return answerFound(location, found, conditions, errorStatus || undefined);
    }
    const to = parseRequestTarget(found.to);
    if (!to || hops >= MAX_HOPS) return this.#responses.text(500, "the rules of this path lead in circles");
    return this.#answerAt({ ...asked, target: { ...to, query: to.query || target.query }, hops: hops + 1 });
  }

  /** Whether a path that a location has no file for is one that the server answers itself. */
  async #isOwn({ path: prefix, tryFiles }: HttpLocation, path: string, found: Found): Promise<boolean> {
    const route = parseRoute(path);
    if (prefix === "/" && tryFiles.length === 0 && found.kind === "status" && found.status === 404) return true;
    if ("path" in route) return this.options.isStream(route.path);
    if (prefix !== "/") return route.kind === "stylesheet";
    if (route.kind === "start" || route.kind === "asset") return this.options.config.pages;
    return route.kind !== "unknown";
  }

  #answerRoute(request: Request, peer: Peer, target: RequestTarget): Response | Promise<Response> {
    const route = parseRoute(target.path);
    if ("path" in route && route.kind !== "moved") {
      const problem = invalidStreamPath(route.path);
      if (problem) return this.#responses.text(404, problem);
    }
    switch (route.kind) {
      case "media": {
        const question = this.#requests.question(route.path, route.resource, target.query);
        // A location may get a file meanwhile.
        if (this.#isPlain) this.#remember(request.url, question);
        return this.#ask(question, request, peer);
      }
      case "poster":
        return this.#ask(this.#requests.question(route.path, POSTER, ""), request, peer);
      case "picture": {
        const asked = parsePictureRequest(route.name, target.query, request.headers.get("accept"));
        if (!asked) return this.#unknown();
        return this.#ask(this.#requests.question(route.path, formatPictureResource(asked), ""), request, peer);
      }
      case "stream":
        return this.#ask(this.#requests.question(route.path, STATE, ""), request, peer);
      case "flv":
        return this.#answerFlv(route.path, target.query, request, peer);
      case "streams":
        return this.#ask(this.#requests.question("", STREAMS, ""), request, peer);
      case "health":
        return this.#ask(this.#requests.question("", HEALTH, ""), request, peer);
      case "multitrack":
        return this.#answerMultitrack(route.application, request, target.query);
      case "asset":
      case "start":
      case "watch":
      case "moved":
        if (!this.options.config.pages) return this.#unknown();
        return this.#page(route, target.query, readConditions(request));
      case "api":
        return this.#answerApi(request, peer);
      case "stylesheet":
        return this.#responses.text(200, STAT_STYLESHEET, { "content-type": "text/xsl" });
      case "unknown":
        return this.#unknown();
    }
  }

  /** No site that a browser shows shall read or order anything: without CORS. */
  async #answerApi(request: Request, peer: Peer): Promise<Response> {
    const { pathname, search } = new URL(request.url, "http://localhost");
    const question = await readApiRequest(request, `${pathname}${search}`, peer.requestIP(request)?.address);
    if (typeof question === "string") return this.#responses.text(413, question);
    return askOperator(this.options.source, question, baseHeaders(""));
  }

  #operate(question: OperatorQuestion, location: HttpLocation): Promise<Response> {
    const headers = Object.fromEntries([...location.headers, ...location.alwaysHeaders]);
    return askOperator(this.options.source, question, { server: "naru", ...headers });
  }

  async #answerMultitrack(application: string, request: Request, query: string): Promise<Response> {
    const { source, config } = this.options;
    const question = await readMultitrackRequest(request, application, query);
    if (typeof question === "string") return this.#responses.text(400, question);
    return answerMultitrack(source, question, baseHeaders(config.cors));
  }

  #answerFlv(path: string, query: string, request: Request, peer: Peer): Response | Promise<Response> {
    const { flv } = this.options;
    if (!flv) return this.#unknown();
    const viewer = viewerKey(request, peer);
    const visit = visitOf(path, query, request, peer);
    if (peer.upgrade?.(request, { data: { visit: { ...visit, protocol: "ws-flv" }, viewer } })) return UPGRADED;
    if (request.method === "HEAD") return this.#responses.media(null, "video/x-flv");
    return flv.respond(visit, viewer, request, peer, this.#responses);
  }

  #remember(url: string, question: Question): void {
    if (this.#known.size >= MAX_KNOWN_URLS) this.#known.clear();
    this.#known.set(url, question);
  }

  #ask(question: Question, request: Request, peer: Peer): Response | Promise<Response> {
    const { seen } = this.options;
    const { stream, resource } = question.request;
    if (!FIRST_MEDIA.test(resource)) return this.#requests.respond(question, request, peer, undefined);
    const viewer = viewerKey(request, peer);
    return this.#requests.respond(question, request, peer, () => seen(stream, viewer));
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

/** Whoever plays asks for these all the time, so that viewers need not be counted by every part. */
const FIRST_MEDIA = /\/t?\d+(?:\.0)?\.(?:m4s|ts)$/;

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

function viewerKey(request: Request, peer: Peer): number {
  return Bun.hash.xxHash32(`${peer.requestIP(request)?.address} ${request.headers.get("user-agent")}`);
}

/** Longest text that a client says of itself. */
const MAX_TEXT = 1024;

function visitOf(path: string, query: string, request: Request, peer: Peer): FlvVisit {
  const from = peer.requestIP(request);
  const address = (from?.address ?? "").replace(/^::ffff:/i, "");
  const header = (name: string) => request.headers.get(name)?.slice(0, MAX_TEXT) ?? "";
  return {
    protocol: "http-flv",
    path,
    query,
    address,
    remote: `${address.includes(":") ? `[${address}]` : address}:${from?.port ?? 0}`,
    port: peer.port ?? 0,
    flashVer: header("user-agent"),
    tcUrl: request.url.slice(0, MAX_TEXT),
    pageUrl: header("referer"),
  };
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Something to show, or the way to it by an index. */
function isContent(found: Found): boolean {
  return found.kind === "file" || found.kind === "directory" || (found.kind === "again" && found.isIndex);
}

/** The page of an error is sent whole. */
function unconditional(request: Request): Conditions {
  return { ...readConditions(request), ifNoneMatch: null, ifModifiedSince: null, ifRange: null, range: null };
}
