import type { Millis } from "../media/time.ts";

/**
 * A protocol spoken with one peer, without socket, clock or timer. Whoever drives it hands in what arrives and carries out
 * the effects in their order.
 */
export interface Session<E> {
  /** Bytes from the peer, handed over: events may keep views of them, so they are never written again. */
  receive(bytes: Uint8Array, now: Millis): readonly Effect<E>[];
  /** Time has passed; due when `now` has reached `deadline`. */
  tick(now: Millis): readonly Effect<E>[];
  /** When `tick` must be called next. */
  readonly deadline: Millis | undefined;
  /** Says goodbye as the protocol does. Harmless when called twice. */
  close(reason: CloseReason): readonly Effect<E>[];
}

export type Effect<E> =
  | { readonly type: "send"; readonly bytes: Uint8Array }
  | { readonly type: "event"; readonly event: E }
  /** Send what is left, then close the connection. Always the last effect; the session ignores everything after it. */
  | { readonly type: "close"; readonly reason: CloseReason };

export type CloseReason = {
  /** Stable: `peer-closed`, `protocol-error`, `timeout`, `rejected`, `limit-reached`, `shutdown`, ... */
  readonly code: string;
  /** For the log: what happened, in words. */
  readonly message: string;
};
