import { baseHeaders } from "./base-headers.ts";
import { type Conditions, isNotModified } from "./conditions.ts";

/** Makes the responses that are neither a stream's nor a file's: errors, redirects, pages. */
export class Responses {
  /** On every answer. */
  readonly #base: Readonly<Record<string, string>>;

  /** @param cors value of Access-Control-Allow-Origin; empty for none */
  constructor(readonly cors: string) {
    this.#base = baseHeaders(cors);
  }

  /** One line of plain text. */
  text(status: number, message: string, headers?: Readonly<Record<string, string>>): Response {
    return new Response(`${message}\n`, {
      status,
      headers: { ...this.#base, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...headers },
    });
  }

  /** Media that goes on and on. */
  media(body: ReadableStream<Uint8Array> | null, type: string): Response {
    return new Response(body, { headers: { ...this.#base, "content-type": type, "cache-control": "no-store" } });
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

  redirect(location: string, status = 301): Response {
    return new Response(null, { status, headers: { ...this.#base, location } });
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

  /** Bun leaves Date out of answers to HEAD. */
  #finish(body: Uint8Array | null, status: number, headers: Headers, conditions: Conditions): Response {
    if (!conditions.head) return new Response(body as Uint8Array<ArrayBuffer> | null, { status, headers });
    const own = new Headers(headers);
    own.set("date", new Date().toUTCString());
    return new Response(body as Uint8Array<ArrayBuffer> | null, { status, headers: own });
  }
}
