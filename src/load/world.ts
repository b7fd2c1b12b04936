import { Http1Transport } from "./http1.ts";
import type { LoadWorld } from "./run.ts";

/** Sockets, clock and chance. */
export function realWorld(): LoadWorld {
  const offset = performance.timeOrigin;
  return {
    now: () => performance.now(),
    wallclockAt: (now) => now + offset,
    random: Math.random,
    transport: (owner, options) => new Http1Transport(owner, options),
  };
}
