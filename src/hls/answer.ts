/** A rendered playlist. One object per version of a playlist, shared by all who asked for it: compress it once. */
export type Playlist = { readonly kind: "playlist"; readonly bytes: Uint8Array };

/** A segment that is still being made: its bytes are what `pieceName` stands for, one after the other until one is empty. */
export type GrowingSegment = { readonly kind: "growing" };

/** What the origin answers to a viewer; the gateway adds CORS, ranges, compression and the like. */
export type OriginAnswer = {
  readonly status: 200 | 400 | 404 | 503;
  readonly contentType: string;
  readonly cacheControl: string;
  /** Undefined for errors. Media bytes are never written after they were handed out. */
  readonly body: Playlist | GrowingSegment | Uint8Array | undefined;
  /** For errors: one line of text that says what is wrong. */
  readonly reason?: string;
  /** Seconds, for 503. */
  readonly retryAfter?: number;
};

export type OriginRequest = {
  /** Canonical path of the stream, e.g. `live/test`. */
  readonly stream: string;
  /** What is asked for below the stream, e.g. `index.m3u8`, `main.m3u8`, `main/17.m4s`. */
  readonly resource: string;
  /** Everything behind `?`, as it came; empty when there is none. */
  readonly query: string;
};

/** Forgets a request that is still waiting; its answer is not called any more. Harmless afterwards. */
export type Cancel = () => void;

/** Called exactly once unless cancelled, at once or later. */
export type AnswerCallback = (answer: OriginAnswer) => void;

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";
const ERROR_TYPE = "text/plain; charset=utf-8";
/**
 * Errors too: a cache then asks once for all who come meanwhile, and forgets soon what may be otherwise in a moment
 * (RFC 8216bis B.1 allows a target duration).
 */
const BRIEFLY = "max-age=1";
/** Names of media are never used again for other bytes. */
const IMMUTABLE = "public, max-age=3600, immutable";

export function playlistAnswer(body: Playlist, maxAgeSeconds: number): OriginAnswer {
  return {
    status: 200,
    contentType: PLAYLIST_TYPE,
    cacheControl: maxAgeSeconds > 0 ? `max-age=${maxAgeSeconds}` : "no-cache",
    body,
  };
}

export function mediaAnswer(contentType: string, body: Uint8Array): OriginAnswer {
  return { status: 200, contentType, cacheControl: IMMUTABLE, body };
}

export function growingAnswer(contentType: string): OriginAnswer {
  return { status: 200, contentType, cacheControl: IMMUTABLE, body: GROWING };
}

const GROWING: GrowingSegment = { kind: "growing" };

export function badRequest(reason: string): OriginAnswer {
  return { status: 400, contentType: ERROR_TYPE, cacheControl: BRIEFLY, body: undefined, reason };
}

export function notFound(reason: string): OriginAnswer {
  return { status: 404, contentType: ERROR_TYPE, cacheControl: BRIEFLY, body: undefined, reason };
}

export function unavailable(reason: string, retryAfter: number): OriginAnswer {
  return { status: 503, contentType: ERROR_TYPE, cacheControl: BRIEFLY, body: undefined, reason, retryAfter };
}
