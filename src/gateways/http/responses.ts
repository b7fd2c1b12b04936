import type { OriginAnswer, Playlist } from "../../hls/answer.ts";
import type { Millis } from "../../media/time.ts";
import { formatContentRange } from "./byte-range.ts";
import { type Conditions, isNotModified, requestedRange } from "./conditions.ts";
import { SharedBodies } from "./shared-bodies.ts";

/** Smaller bodies do not get shorter. */
const MIN_GZIP_BYTES = 256;

/** A playlist made ready once, for all who ask for this version of it. */
type PreparedPlaylist = {
  readonly etag: string;
  gzip?: Uint8Array<ArrayBuffer>;
  /** By Cache-Control and coding: the same bytes answer plain and blocking requests. */
  readonly headers: Map<string, Headers>;
};

/** Turns answers into HTTP responses: CORS, conditions, ranges, gzip. */
export class Responses {
  readonly #shared = new SharedBodies();
  readonly #playlists = new WeakMap<Playlist, PreparedPlaylist>();
  /** On every answer. */
  readonly #base: Readonly<Record<string, string>>;

  /** @param cors value of Access-Control-Allow-Origin; empty for none */
  constructor(readonly cors: string) {
    this.#base = {
      server: "naru",
      "x-content-type-options": "nosniff",
      ...(cors && {
        "access-control-allow-origin": cors,
        "access-control-expose-headers": "Content-Length, Content-Range, Age, Date, ETag",
      }),
    };
  }

  /** Bytes kept to be sent to several viewers at once. */
  get sharedBytes(): number {
    return this.#shared.bytes;
  }

  sweep(now: Millis): void {
    this.#shared.sweep(now);
  }

  /** One line of plain text. */
  text(status: number, message: string, headers?: Readonly<Record<string, string>>): Response {
    return new Response(`${message}\n`, {
      status,
      headers: { ...this.#base, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...headers },
    });
  }

  json(status: number, value: unknown, conditions: Conditions): Response {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const etag = `W/"${Bun.hash.xxHash3(bytes).toString(16)}"`;
    const headers = { ...this.#base, "content-type": "application/json", "cache-control": "no-cache", etag };
    if (isNotModified(conditions, { etag })) return new Response(null, { status: 304, headers });
    return this.#finish(bytes, status, new Headers(headers), conditions);
  }

  /** Answer to OPTIONS, and so to a CORS preflight. */
  options(): Response {
    return new Response(null, {
      status: 204,
      headers: {
        ...this.#base,
        allow: "GET, HEAD, OPTIONS",
        "access-control-allow-methods": "GET, HEAD, OPTIONS",
        "access-control-allow-headers": "Range, *",
        "access-control-max-age": "86400",
      },
    });
  }

  redirect(location: string): Response {
    return new Response(null, { status: 301, headers: { ...this.#base, location } });
  }

  /** A page or one of its files. Revalidated on each use unless its name holds a hash of it. */
  asset(
    asset: { readonly bytes: Uint8Array; readonly gzip: Uint8Array; readonly type: string; readonly etag: string },
    immutable: boolean,
    conditions: Conditions,
    extra?: Readonly<Record<string, string>>,
  ): Response {
    const headers = new Headers({
      ...this.#base,
      ...extra,
      "content-type": asset.type,
      "cache-control": immutable ? "public, max-age=31536000, immutable" : "no-cache",
      etag: asset.etag,
      vary: "Accept-Encoding",
    });
    if (isNotModified(conditions, asset)) return this.#finish(null, 304, headers, conditions);
    if (conditions.gzip) headers.set("content-encoding", "gzip");
    return this.#finish(conditions.gzip ? asset.gzip : asset.bytes, 200, headers, conditions);
  }

  /** What the origin says. */
  origin(answer: OriginAnswer, conditions: Conditions, now: Millis): Response {
    const { status, body, contentType, cacheControl, retryAfter } = answer;
    if (body === undefined) {
      return this.text(status, answer.reason ?? "there is no such thing here", {
        "cache-control": cacheControl,
        ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
      });
    }
    if ("kind" in body) return this.#playlist(body, contentType, cacheControl, conditions);
    return this.media({ body, contentType, cacheControl }, conditions, now);
  }

  /** Never compressed: players ask for ranges, and Chromium fails on gzip there. */
  media(
    answer: { readonly body: Uint8Array; readonly contentType: string; readonly cacheControl: string },
    conditions: Conditions,
    now: Millis,
  ): Response {
    const { blob, etag } = this.#shared.get(answer.body, now);
    const headers = new Headers({
      ...this.#base,
      "content-type": answer.contentType,
      "cache-control": answer.cacheControl,
      "accept-ranges": "bytes",
      etag,
    });
    if (isNotModified(conditions, { etag })) return this.#finish(null, 304, headers, conditions);
    const range = requestedRange(conditions, { etag }, blob.size);
    if (range === undefined) return this.#finish(blob, 200, headers, conditions);
    headers.set("content-range", formatContentRange(range, blob.size));
    if (range === "unsatisfiable") {
      headers.set("cache-control", "no-store");
      return this.#finish(null, 416, headers, conditions);
    }
    return this.#finish(blob.slice(range.start, range.end), 206, headers, conditions);
  }

  /** Ranges are not offered: a playlist is small and changes under the reader. */
  #playlist(playlist: Playlist, contentType: string, cacheControl: string, conditions: Conditions): Response {
    let prepared = this.#playlists.get(playlist);
    if (!prepared) {
      prepared = { etag: `W/"${Bun.hash.xxHash3(playlist.bytes).toString(16)}"`, headers: new Map() };
      this.#playlists.set(playlist, prepared);
    }
    let bytes = playlist.bytes as Uint8Array<ArrayBuffer>;
    const gzip = conditions.gzip && bytes.length >= MIN_GZIP_BYTES;
    if (gzip) bytes = prepared.gzip ??= Bun.gzipSync(bytes);
    const key = gzip ? `gzip ${cacheControl}` : cacheControl;
    let headers = prepared.headers.get(key);
    if (!headers) {
      headers = new Headers({
        ...this.#base,
        "content-type": contentType,
        "cache-control": cacheControl,
        etag: prepared.etag,
        vary: "Accept-Encoding",
        ...(gzip && { "content-encoding": "gzip" }),
      });
      prepared.headers.set(key, headers);
    }
    const known = isNotModified(conditions, prepared);
    return this.#finish(known ? null : bytes, known ? 304 : 200, headers, conditions);
  }

  /** Bun leaves Date out of answers to HEAD. */
  #finish(body: Blob | Uint8Array | null, status: number, headers: Headers, conditions: Conditions): Response {
    if (!conditions.head) return new Response(body as Blob | Uint8Array<ArrayBuffer> | null, { status, headers });
    const own = new Headers(headers);
    own.set("date", new Date().toUTCString());
    return new Response(body as Blob | Uint8Array<ArrayBuffer> | null, { status, headers: own });
  }
}
