import type { Client } from "../../streams/client.ts";

/** Somebody who wants to play a stream as FLV. */
export type FlvVisit = Pick<Client, "address" | "remote" | "port" | "flashVer" | "tcUrl" | "pageUrl"> & {
  readonly protocol: "http-flv" | "ws-flv";
  readonly path: string;
  /** What stood behind `?`. */
  readonly query: string;
};

export type FlvNews =
  /** Play this stream; instead of another, if one is played. */
  | { readonly type: "play"; readonly path: string }
  | { readonly type: "refused"; readonly reason: string }
  /** There is no such stream. */
  | { readonly type: "none" }
  /** It is to end. */
  | { readonly type: "drop"; readonly reason: string };

/** What a player was sent up to now. */
export type FlvCounts = {
  readonly bytesOut: number;
  /** Pieces, mostly of one frame, that it was too slow for. */
  readonly dropped: number;
  /** Of the latest tag, in milliseconds. */
  readonly timestamp: number;
};

/** Who lets players of FLV in: beside us, or in another thread. */
export interface FlvDoor {
  /** Says what becomes of it, at once or later. Returns its leave; harmless when called twice. */
  enter(visit: FlvVisit, tell: (news: FlvNews) => void, counts: () => FlvCounts): (reason: string) => void;
}
