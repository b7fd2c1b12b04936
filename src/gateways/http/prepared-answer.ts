import { formatContentRange } from "./byte-range.ts";
import { acceptsGzip, isNotModified, readConditions, requestedRange } from "./conditions.ts";
import { MAX_STREAMED, MIN_STREAMED, type SharedAnswer, type SharedBody, type SharedText } from "./shared-answer.ts";

/** Makes a response to one request; the same answer goes to any number of them. */
export interface PreparedAnswer {
  readonly status: number;
  /** Media bytes that it keeps in memory. */
  readonly bytes: number;
  respond(request: Request): Response;
  /** The same for a request that had to wait. */
  respondLater(request: Request): Response;
  /** All who waited are answered. */
  settled(): void;
}

type Base = Readonly<Record<string, string>>;

/** Smaller bodies do not get shorter. */
const MIN_GZIP_BYTES = 256;

/** Prepares everything that does not depend on the request. @param base headers on every answer */
export function prepareAnswer(answer: SharedAnswer, base: Base): PreparedAnswer {
  switch (answer.kind) {
    case "text":
      return new PreparedText(answer.text, answer.status, { ...base, ...typeAndCaching(answer) });
    case "media":
      return new PreparedMedia(answer.body, {
        ...base,
        ...typeAndCaching(answer),
        ...(answer.vary === undefined ? {} : { vary: answer.vary }),
      });
    case "growing":
      return new PreparedGrowing(answer.stream, { ...base, ...typeAndCaching(answer) });
    case "error":
      return new PreparedError(answer, base);
  }
}

function typeAndCaching(answer: { readonly contentType: string; readonly cacheControl: string }): Base {
  return { "content-type": answer.contentType, "cache-control": answer.cacheControl };
}

/** Ranges are not offered: a playlist is small and changes under the reader. */
class PreparedText implements PreparedAnswer {
  readonly bytes = 0;
  readonly #plain: { readonly status: number; readonly headers: Headers };
  #zipped: { readonly status: number; readonly headers: Headers } | undefined;

  constructor(
    private readonly text: SharedText,
    readonly status: number,
    fields: Base,
  ) {
    this.#plain = { status, headers: new Headers({ ...fields, etag: text.etag, vary: "Accept-Encoding" }) };
  }

  respond(request: Request): Response {
    return this.#respond(request, false);
  }

  respondLater(request: Request): Response {
    return this.#respond(request, true);
  }

  settled(): void {}

  #respond(request: Request, later: boolean): Response {
    const { text } = this;
    const { headers } = request;
    const zip = text.bytes.length >= MIN_GZIP_BYTES && acceptsGzip(headers.get("accept-encoding"));
    const init = zip ? this.#zippedInit() : this.#plain;
    if (headers.get("if-none-match") !== null && isNotModified(readConditions(request), text)) {
      return finish(request, null, 304, init.headers);
    }
    const body = zip ? (text.gzip ??= Bun.gzipSync(text.bytes)) : text.bytes;
    if (request.method === "HEAD") return finish(request, body, this.status, init.headers);
    const streamed = later && body.length >= MIN_STREAMED && isPlainHttp(request);
    return new Response(streamed ? streamOf(body) : body, init);
  }

  #zippedInit(): { readonly status: number; readonly headers: Headers } {
    if (!this.#zipped) {
      const headers = new Headers(this.#plain.headers);
      headers.set("content-encoding", "gzip");
      this.#zipped = { status: this.status, headers };
    }
    return this.#zipped;
  }
}

/** Never compressed: players ask for ranges, and Chromium fails on gzip there. */
class PreparedMedia implements PreparedAnswer {
  readonly status = 200;
  readonly bytes: number;
  readonly #whole: { readonly headers: Headers };
  #streamed: Uint8Array<ArrayBuffer> | undefined;

  constructor(
    private readonly body: SharedBody,
    fields: Base,
  ) {
    this.bytes = body.blob.size;
    this.#whole = { headers: new Headers({ ...fields, "accept-ranges": "bytes", etag: body.etag }) };
    if (this.bytes >= MIN_STREAMED && this.bytes <= MAX_STREAMED) this.#streamed = body.bytes;
  }

  respond(request: Request): Response {
    return isPlain(request) ? new Response(this.body.blob, this.#whole) : this.#conditional(request);
  }

  respondLater(request: Request): Response {
    const bytes = this.#streamed;
    if (!bytes || !isPlainHttp(request) || !isPlain(request)) return this.respond(request);
    return new Response(streamOf(bytes), this.#whole);
  }

  /** Another thread's copy is not kept. */
  settled(): void {
    this.#streamed = undefined;
  }

  #conditional(request: Request): Response {
    const { blob } = this.body;
    const conditions = readConditions(request);
    if (isNotModified(conditions, this.body)) return finish(request, null, 304, this.#whole.headers);
    const range = requestedRange(conditions, this.body, blob.size);
    if (range === undefined) return finish(request, blob, 200, this.#whole.headers);
    const headers = new Headers(this.#whole.headers);
    headers.set("content-range", formatContentRange(range, blob.size));
    if (range !== "unsatisfiable") return finish(request, blob.slice(range.start, range.end), 206, headers);
    headers.set("cache-control", "no-store");
    return finish(request, null, 416, headers);
  }
}

/** Ranges are not offered: nobody knows yet how long it will be. */
class PreparedGrowing implements PreparedAnswer {
  readonly status = 200;
  readonly bytes = 0;
  readonly #headers: Headers;

  constructor(
    private readonly stream: () => ReadableStream<Uint8Array>,
    fields: Base,
  ) {
    this.#headers = new Headers(fields);
  }

  respond(request: Request): Response {
    if (request.method === "HEAD") return finish(request, null, 200, this.#headers);
    return new Response(this.stream(), { headers: this.#headers });
  }

  respondLater(request: Request): Response {
    return this.respond(request);
  }

  settled(): void {}
}

function isPlain({ method, headers }: Request): boolean {
  return method !== "HEAD" && headers.get("range") === null && headers.get("if-none-match") === null;
}

/** What comes by TLS is HTTP/2 nearly always, where streams are the slower. */
function isPlainHttp({ url }: Request): boolean {
  return url.startsWith("http:");
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream {
  return new ReadableStream({
    type: "direct",
    pull(controller) {
      controller.write(bytes);
      controller.close();
    },
  });
}

class PreparedError implements PreparedAnswer {
  readonly status: number;
  readonly bytes = 0;
  readonly #text: Uint8Array<ArrayBuffer>;
  readonly #headers: Headers;

  constructor(answer: SharedAnswer & { readonly kind: "error" }, base: Base) {
    this.status = answer.status;
    this.#text = encoder.encode(`${answer.reason}\n`);
    this.#headers = new Headers({
      ...base,
      "content-type": "text/plain; charset=utf-8",
      "cache-control": answer.cacheControl,
    });
    if (answer.retryAfter !== undefined) this.#headers.set("retry-after", String(answer.retryAfter));
  }

  respond(request: Request): Response {
    return finish(request, this.#text, this.status, this.#headers);
  }

  respondLater(request: Request): Response {
    return this.respond(request);
  }

  settled(): void {}
}

const encoder = new TextEncoder();

/** Bun leaves Date out of answers to HEAD. */
function finish(
  request: Request,
  body: Blob | Uint8Array<ArrayBuffer> | null,
  status: number,
  headers: Headers,
): Response {
  if (request.method !== "HEAD") return new Response(body, { status, headers });
  const own = new Headers(headers);
  own.set("date", new Date().toUTCString());
  return new Response(body, { status, headers: own });
}
