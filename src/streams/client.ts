import type { Millis } from "../media/time.ts";

/** By which way a client has come. */
export type ClientProtocol = "rtmp" | "rtmps" | "http-flv" | "ws-flv";

/** Somebody who has connected, as it introduced itself: the texts are its own, empty where it said nothing, and bounded. */
export type Client = {
  /** Of the connection, from 1; not used again while the server runs. */
  readonly id: number;
  readonly protocol: ClientProtocol;
  /** IP address, without a port; of a relay see `isRelay`. */
  readonly address: string;
  /** The same with its port, for the log. */
  readonly remote: string;
  /** Port of the server that it came by. */
  readonly port: number;
  readonly connectedAt: Millis;
  /** Of the connect command, without its query. */
  readonly app: string;
  /** What stood behind `?` in it, as it came; may carry secrets. */
  readonly query?: string;
  readonly flashVer: string;
  readonly swfUrl: string;
  readonly tcUrl: string;
  readonly pageUrl: string;
  /** This server has connected to it, to send a stream there or to fetch one; its address is then the other's URL, without scheme and secrets. */
  readonly isRelay?: boolean;
};
