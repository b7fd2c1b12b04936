import { gunzipSync } from "node:zlib";
import type { Exchange, ResourceKind } from "../exchange.ts";

export type HttpVersion = "1.1" | "2" | "3";

export type FetcherOptions = {
  /** Certificates are not checked. */
  readonly insecure?: boolean;
  /** For https; plain http is always 1.1. */
  readonly http?: HttpVersion;
  readonly userAgent: string;
};

export type FetchOptions = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
};

/** More than a playlist, or a segment of a minute at 30 Mbit/s, has. */
const MAX_PLAYLIST_BYTES = 16 * 1024 ** 2;
const MAX_MEDIA_BYTES = 256 * 1024 ** 2;
const DEFAULT_TIMEOUT_MS = 20_000;
/** As hls.js in a page of another site would send. */
const ORIGIN = "https://player.example";
const PROTOCOLS = { "1.1": "http1.1", "2": "http2", "3": "http3" } as const;
const NOTHING = new Uint8Array(0);

/** Makes requests as a player does and takes their times. Never throws: what went wrong is in the exchange. */
export class Fetcher {
  readonly #options: FetcherOptions;
  requests = 0;
  /** Received, on the wire. */
  bytes = 0;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  async get(kind: ResourceKind, url: string, options: FetchOptions = {}): Promise<Exchange> {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
    const requestHeaders: Record<string, string> = {
      "user-agent": this.#options.userAgent,
      origin: ORIGIN,
      // Players ask for media as it is.
      "accept-encoding": kind === "playlist" ? "gzip" : "identity",
      ...options.headers,
    };
    const sentAt = performance.now();
    this.requests++;
    let reached: { status: number; headers: Record<string, string>; finalUrl: string; headersAt: number } | undefined;
    const failed = (error: Exchange["error"], errorText: string): Exchange => {
      const now = performance.now();
      const { status = 0, headers = {}, finalUrl = url, headersAt = now } = reached ?? {};
      const times = { sentAt, headersAt, firstByteAt: now, doneAt: now };
      return {
        kind,
        url,
        requestHeaders,
        status,
        headers,
        finalUrl,
        body: NOTHING,
        wireLength: 0,
        error,
        errorText,
        ...times,
      };
    };
    try {
      const response = await fetch(url, {
        headers: requestHeaders,
        signal,
        decompress: false,
        ...(this.#options.http && url.startsWith("https:") && { protocol: PROTOCOLS[this.#options.http] }),
        ...(this.#options.insecure && { tls: { rejectUnauthorized: false } }),
      });
      const headers = Object.fromEntries(response.headers);
      reached = { status: response.status, headers, finalUrl: response.url || url, headersAt: performance.now() };
      const limit = kind === "playlist" ? MAX_PLAYLIST_BYTES : MAX_MEDIA_BYTES;
      const wire = await readBody(response, limit);
      this.bytes += wire?.body.length ?? limit;
      if (!wire) return failed("too-large", `more than ${limit} bytes`);
      const body = decode(wire.body, headers["content-encoding"], limit);
      if (!body) return failed("bad-coding", `Content-Encoding ${headers["content-encoding"]}`);
      const { firstByteAt } = wire;
      const times = { sentAt, headersAt: reached.headersAt, firstByteAt, doneAt: performance.now() };
      const { status, finalUrl } = reached;
      return { kind, url, requestHeaders, status, headers, finalUrl, body, wireLength: wire.body.length, ...times };
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (timeout.aborted) return failed("timeout", text);
      return failed(options.signal?.aborted ? "aborted" : "refused", text);
    }
  }
}

async function readBody(
  response: Response,
  limit: number,
): Promise<{ body: Uint8Array<ArrayBuffer>; firstByteAt: number } | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let firstByteAt: number | undefined;
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (!chunk || chunk.done) break;
    firstByteAt ??= performance.now();
    length += chunk.value.length;
    if (length > limit) {
      await reader?.cancel();
      return undefined;
    }
    chunks.push(chunk.value);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return { body, firstByteAt: firstByteAt ?? performance.now() };
}

/** Undefined where the coding is broken, or none that was asked for. */
function decode(
  wire: Uint8Array<ArrayBuffer>,
  coding: string | undefined,
  limit: number,
): Uint8Array<ArrayBuffer> | undefined {
  if (!coding || coding === "identity" || wire.length === 0) return wire;
  if (coding !== "gzip" && coding !== "x-gzip") return undefined;
  try {
    return new Uint8Array(gunzipSync(wire, { maxOutputLength: limit }));
  } catch {
    return undefined;
  }
}
