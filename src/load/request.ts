import type { Millis } from "../media/time.ts";
import type { ReceivedPlaylist } from "./playlist-cache.ts";
import type { Unit } from "./snapshot.ts";

export type RequestKind = "multivariant" | "playlist" | "init" | "part" | "segment";

/** What a viewer asks for. */
export type ViewerRequest = {
  readonly kind: RequestKind;
  /** Absolute. */
  readonly url: string;
  /** Which of the viewer's tracks asks. */
  readonly track: number;
  /** The server may hold it until there is something to say: a blocking reload, a hinted part. */
  readonly held: boolean;
  /** Of listed media. */
  readonly unit?: Unit;
  /** Nothing newer was listed when it was asked for, and it was made since the viewer came. */
  readonly newest?: boolean;
};

/** A whole answer. */
export type ViewerResponse = {
  readonly status: number;
  /** Of the body, as sent. */
  readonly bytes: number;
  /** From the first byte to the last. */
  readonly took: Millis;
  /** Of a playlist that was answered with 200. */
  readonly playlist?: ReceivedPlaylist;
};

/** Why there was no whole answer. */
export type FailureKind = "connect" | "timeout" | "closed" | "malformed";
