import type { Log } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import type { PlaySource } from "../../play/feeds.ts";
import type { ConnectRequest } from "../../protocols/rtmp/capabilities.ts";
import type { RtmpServerEvent } from "../../protocols/rtmp/server-event.ts";
import type { RtmpServerSession } from "../../protocols/rtmp/server-session.ts";
import type { Effect } from "../../protocols/session.ts";
import type { Verdict } from "../../streams/admission.ts";
import type { Client } from "../../streams/client.ts";
import type { Ingest } from "../../streams/publish.ts";
import type { SessionStats, Sessions } from "../../streams/sessions.ts";
import type { FileSource } from "../../vod/file-source.ts";
import type { Gate, GateOptions } from "./gate.ts";
import type { Outbox } from "./outbox.ts";

/** What a connection needs of its socket. */
export type ConnectionSocket = {
  /** How many bytes were taken; the rest is for after `drain`. */
  write(bytes: Uint8Array): number;
  /** Sends what was taken and then the end of the stream; reading goes on. */
  shutdown(): void;
  /** Closes at once. */
  terminate(): void;
};

export type ConnectionOptions = GateOptions & {
  readonly socket: ConnectionSocket;
  readonly session: RtmpServerSession;
  readonly ingest: Ingest;
  /** Without, nothing is played. */
  readonly plays?: PlaySource;
  /** Without, no files are played. */
  readonly files?: FileSource;
  /** Of what is sent, as the session announces it. */
  readonly chunkSize: number;
  /** A peer that takes nothing of what it is sent for this long is closed. */
  readonly sendTimeout: Millis;
  readonly log: Log;
  readonly clock: () => Millis;
  readonly sessions: Sessions;
};

/** What the publishes and plays of a connection need of it. */
export type ConnectionContext = {
  readonly options: ConnectionOptions;
  readonly gate: Gate;
  readonly outbox: Outbox;
  readonly counters: () => Pick<SessionStats, "bytesIn" | "bytesOut">;
  readonly isOpen: () => boolean;
  /** Undefined until it is let in; both at the same time. */
  readonly request: () => ConnectRequest | undefined;
  readonly client: () => Client | undefined;
  /** Sends what the session says. */
  readonly run: (effects: readonly Effect<RtmpServerEvent>[]) => void;
  /** Does what comes from outside: a mistake of ours ends this connection, and nothing else. */
  readonly guard: (work: () => void) => void;
  /** Carries out a verdict now or, if it takes time, when it comes: the peer may have left until then. */
  readonly decide: (verdict: Verdict | Promise<Verdict>, carryOut: (verdict: Verdict) => void) => void;
  /** Closes the connection, whatever goes on on it. */
  readonly drop: (reason: string) => void;
};
