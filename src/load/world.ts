import { Http1Transport } from "./http1.ts";
import { Http2Transport } from "./http2.ts";
import { Http3Transport } from "./http3.ts";
import type { LoadWorld } from "./run.ts";

export type HttpVersion = 1 | 2 | 3;

const TRANSPORTS = { 1: Http1Transport, 2: Http2Transport, 3: Http3Transport } as const;

/** Sockets, clock and chance. */
export function realWorld(version: HttpVersion = 1): LoadWorld {
  const offset = performance.timeOrigin;
  const Transport = TRANSPORTS[version];
  return {
    now: () => performance.now(),
    wallclockAt: (now) => now + offset,
    random: Math.random,
    transport: (owner, options) => new Transport(owner, options),
  };
}
