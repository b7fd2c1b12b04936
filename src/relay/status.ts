import type { Millis } from "../media/time.ts";
import type { RetryState } from "./retry.ts";

/** What is to be seen of one relay; holds no secrets. */
export type RelayStatus = {
  /** Of its session, while its connection carries the stream. */
  readonly id?: number;
  readonly direction: "push" | "pull";
  /** Path of the stream here. */
  readonly stream: string;
  /** The other server, without user, password, stream key and query. */
  readonly target: string;
  readonly state: RetryState;
  /** How long it has been in this state. */
  readonly forMs: Millis;
  readonly attempts: number;
  readonly lastError?: string;
  /** Of all its connections. */
  readonly bytes: number;
  /** How long the other server has taken nothing of what waits for it. */
  readonly stalledMs: Millis;
  /** Messages left out because the other server was too slow. */
  readonly dropped: number;
};
