import type { Cancel, OriginRequest } from "../../hls/answer.ts";
import type { Millis } from "../../media/time.ts";
import type { FlvSocketData } from "./flv-answers.ts";

/** Text that any number of responses can send. */
export type SharedText = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Made when first asked for. */
  gzip?: Uint8Array<ArrayBuffer>;
  readonly etag: string;
};

/** A body that any number of responses can send at the same time without a copy each. */
export type SharedBody = {
  readonly blob: Blob;
  /** The same bytes where they are at hand, for `MAX_STREAMED`. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly etag: string;
};

/**
 * A response that comes later than its request is written by Bun 1.4 in one go up to about 12 kB, as HTTP/1.1 beyond it in
 * forty pieces of a system call each, ten times the cost; a stream always in one go, with a copy for each slow reader.
 */
export const MIN_STREAMED = 8 * 1024;
export const MAX_STREAMED = 128 * 1024;

type Shared = {
  readonly contentType: string;
  readonly cacheControl: string;
  /** It may be given to those who ask the same so much later. */
  readonly keepMs: Millis;
};

/** An answer fit to be sent to many. */
export type SharedAnswer =
  | (Shared & { readonly kind: "text"; readonly status: number; readonly text: SharedText })
  | (Shared & {
      readonly kind: "media";
      readonly body: SharedBody;
      /** Names of request headers that the answer depends on. */
      readonly vary?: string;
    })
  /** A segment that is still being made. */
  | (Shared & {
      readonly kind: "growing";
      /** Its bytes from the first on, as they come; another stream at each call. */
      readonly stream: () => ReadableStream<Uint8Array>;
    })
  | {
      readonly kind: "error";
      readonly status: number;
      /** One line of text. */
      readonly reason: string;
      readonly cacheControl: string;
      /** Seconds. */
      readonly retryAfter?: number;
    };

/** Resources that are not the origin's: the latest picture of a stream, its state, and, with an empty path, of the server. */
export const POSTER = "poster.mp4";
export const STATE = "state";
export const STREAMS = "streams";
export const HEALTH = "health";

/** Where answers come from: the origin beside us, or in another thread. */
export interface AnswerSource {
  /** Answers exactly once unless cancelled, at once or later. Does not throw. */
  request(asked: OriginRequest, answer: (answer: SharedAnswer) => void): Cancel | undefined;
}

/** What is asked of `Bun.serve` about a request. */
export type Peer = {
  requestIP(request: Request): { readonly address: string; readonly port?: number } | null;
  /** That it listens on. */
  readonly port?: number;
  /** How long nothing may move on the request's connection, until the next request. */
  timeout(request: Request, seconds: number): void;
  /** Answers a request for a WebSocket; false when it is none. */
  upgrade?(request: Request, options: { readonly data: FlvSocketData }): boolean;
};
