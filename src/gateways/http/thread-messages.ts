import type { LogFields, LogLevel } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import type { FlvCounts, FlvNews, FlvVisit } from "./flv-door.ts";
import type { FlvSink } from "./flv-source.ts";
import type { Serving } from "./serving.ts";

/**
 * What a serving thread tells the main one. Questions and answers are flat objects of strings and numbers, which cross several
 * times as fast as others.
 */
export type ToMain =
  | {
      readonly type: "ask";
      /** Of this question; the answer bears it. */
      readonly id: number;
      readonly stream: string;
      readonly resource: string;
      readonly query: string;
    }
  /** Play a stream as FLV; what comes bears the id. */
  | { readonly type: "play"; readonly id: number; readonly path: string }
  /** Nobody plays it any more. */
  | { readonly type: "leave"; readonly id: number }
  /** Somebody wants to play as FLV; news of it bears the id. */
  | { readonly type: "enter"; readonly id: number; readonly visit: FlvVisit }
  /** What it was sent. */
  | ({ readonly type: "counted"; readonly id: number } & FlvCounts)
  /** It has left. */
  | ({ readonly type: "left"; readonly id: number; readonly reason: string } & FlvCounts)
  /** Nobody waits for the answer any more. */
  | { readonly type: "cancel"; readonly id: number }
  /** Viewers that were given media since the last such message. */
  | { readonly type: "seen"; readonly path: string; readonly viewers: Uint32Array }
  | { readonly type: "log"; readonly level: LogLevel; readonly message: string; readonly fields: LogFields | undefined }
  /** It has done what the last `serve` said. */
  | { readonly type: "serving" }
  /** It could not. */
  | { readonly type: "refused"; readonly reason: string };

export type AnswerMessage =
  | {
      readonly type: "text";
      readonly id: number;
      readonly status: number;
      readonly text: string;
      readonly etag: string;
      readonly contentType: string;
      readonly cacheControl: string;
      readonly keepMs: Millis;
    }
  | {
      readonly type: "media";
      readonly id: number;
      /** An object URL: the bytes are shared, not copied. */
      readonly url: string;
      readonly etag: string;
      readonly vary: string | undefined;
      readonly contentType: string;
      readonly cacheControl: string;
      readonly keepMs: Millis;
    }
  /** The segment that was asked for is still being made. */
  | {
      readonly type: "growing";
      readonly id: number;
      readonly contentType: string;
      readonly cacheControl: string;
      readonly keepMs: Millis;
    }
  | {
      readonly type: "error";
      readonly id: number;
      readonly status: number;
      readonly reason: string;
      readonly cacheControl: string;
      readonly retryAfter: number | undefined;
    };

export type FlvNewsMessage = { readonly type: "news"; readonly id: number; readonly news: FlvNews };

export type FlvMessage = { readonly type: "flv"; readonly id: number; readonly piece: Parameters<FlvSink>[0] };

/** What the main thread tells a serving one. */
export type ToThread =
  | AnswerMessage
  | FlvMessage
  | FlvNewsMessage
  /** Listen here from now on and answer by this configuration. */
  | (Serving & { readonly type: "serve" })
  /** Drop the connections and end. */
  | { readonly type: "close" };
