import type { Millis } from "../media/time.ts";
import type { Sessions } from "../streams/sessions.ts";
import type { Stream } from "../streams/stream.ts";
import type { RelayValue } from "./api-schemas.ts";

/** An application as those who ask name it. */
export type NamedApplication = {
  /** In the configuration, and first part of the paths of its streams. */
  readonly key: string;
  /** As encoders call it. */
  readonly name: string;
  readonly live: boolean;
  /** Plays files. */
  readonly files: boolean;
};

/** What became of an order to a recorder: the file, or undefined when there was nothing to do. */
export type RecordOutcome = { readonly file: string | undefined };

/** What statistics and orders are about. */
export type World = {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: Millis;
  now(): Millis;
  readonly sessions: Sessions;
  /** In the order of the configuration, by the addresses they are reached at. */
  servers(): readonly (readonly NamedApplication[])[];
  stream(path: string): Stream | undefined;
  readonly recorders: {
    /** Names of those that are writing. */
    recording(path: string): readonly string[];
    /** Undefined when there is no such stream or recorder. */
    start(path: string, recorder: string, now: Millis): RecordOutcome | undefined;
    stop(path: string, recorder: string): RecordOutcome | undefined;
  };
  /** Connections to other servers. */
  relays(): readonly RelayValue[];
};
