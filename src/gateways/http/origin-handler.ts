import type { Millis } from "../../media/time.ts";

/** A request below a stream's path: `main.m3u8`, `main/123.m4s`; `query` as it came. */
export type OriginRequest = { readonly stream: string; readonly resource: string; readonly query: string };

/** What the origin answers. Bodies are never written to again, and the same object means the same bytes. */
export type OriginAnswer = {
  readonly status: number;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly body: Uint8Array | readonly Uint8Array[];
  /** Seconds, for 503. */
  readonly retryAfter?: number;
};

/** Gives up on an answer that nobody waits for any more. */
export type Cancel = () => void;

/** What the gateway needs of the origin: exactly one answer to each request, at once or later. */
export interface OriginHandler {
  request(request: OriginRequest, now: Millis, answer: (answer: OriginAnswer) => void): Cancel | undefined;
}
