import type { Millis } from "../media/time.ts";
import type { AdmissionTarget } from "./admission.ts";
import type { Client } from "./client.ts";

export type SessionStats = {
  /** Bytes on the wire, both ways. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Frames left out because the client was too slow. */
  readonly dropped: number;
  /** Of the latest media, in the times of its protocol. */
  readonly timestamp: Millis;
  /** How far its audio is ahead of its video. */
  readonly avSync: Millis;
};

/** A publish or a play that was let in. */
export type Session = {
  readonly client: Client;
  readonly kind: "publish" | "play";
  /** After a rename. */
  readonly target: AdmissionTarget;
  readonly since: Millis;
  stats(): SessionStats;
  /** Ends it and closes its connection. */
  drop(reason: string): void;
  /** Goes on as if it had asked for another name of the same application, and been let in. Relays cannot. */
  redirect?(name: string): void;
};

/** A connection, with or without sessions. */
export type Connection = {
  readonly client: Client;
  stats(): Pick<SessionStats, "bytesIn" | "bytesOut">;
  drop(reason: string): void;
};

/** Who learns of sessions as they come and go. */
export type SessionObserver = {
  connected?(connection: Connection): void;
  disconnected?(connection: Connection): void;
  began?(session: Session): void;
  /** @param reason in words, for people */
  ended?(session: Session, reason: string): void;
};

/** Everybody who is connected, whatever the protocol; gateways enter them, and statistics, control and hooks read. */
export class Sessions {
  readonly #connections = new Set<Connection>();
  readonly #sessions = new Set<Session>();
  readonly #observers = new Set<SessionObserver>();
  #lastClient = 0;
  #relays = 0;

  get connections(): readonly Connection[] {
    return [...this.#connections];
  }

  get list(): readonly Session[] {
    return [...this.#sessions];
  }

  /** Connections since the start, but for those that this server has opened itself. */
  get accepted(): number {
    return this.#lastClient - this.#relays;
  }

  /** For a new `Client`. */
  nextClientId(): number {
    return ++this.#lastClient;
  }

  /** For a new `Client` that this server connects to. */
  nextRelayId(): number {
    this.#relays++;
    return this.nextClientId();
  }

  observe(observer: SessionObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /** Returns its leave; harmless when called twice. */
  connect(connection: Connection): () => void {
    this.#connections.add(connection);
    for (const observer of this.#observers) observer.connected?.(connection);
    return () => {
      if (!this.#connections.delete(connection)) return;
      for (const observer of this.#observers) observer.disconnected?.(connection);
    };
  }

  /** Returns its end; harmless when called twice. */
  begin(session: Session): (reason: string) => void {
    this.#sessions.add(session);
    for (const observer of this.#observers) observer.began?.(session);
    return (reason) => {
      if (!this.#sessions.delete(session)) return;
      for (const observer of this.#observers) observer.ended?.(session, reason);
    };
  }
}
