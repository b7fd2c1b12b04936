import type { Millis } from "../media/time.ts";
import type { Client } from "../streams/client.ts";
import type { Session, SessionStats, Sessions } from "../streams/sessions.ts";
import { applicationOf } from "../streams/stream-path.ts";
import type { Destination } from "./destination.ts";

export type PresenceOptions = {
  readonly sessions: Sessions;
  /** A push plays its stream, a pull publishes it. */
  readonly kind: Session["kind"];
  readonly path: string;
  /** What the stream's application is called by encoders. */
  readonly app: string;
  readonly destination: Destination;
  readonly agent: string;
  readonly now: Millis;
  readonly stats: () => SessionStats;
  /** Ends the connection; the relay begins again as after a failure. */
  readonly drop: (reason: string) => void;
};

/** A relay among those who publish and play here, for as long as its connection carries the stream. */
export class Presence {
  readonly #client: Client;
  readonly #disconnect: () => void;
  readonly #end: (reason: string) => void;

  constructor({ sessions, kind, path, app, destination, agent, now, stats, drop }: PresenceOptions) {
    const { tls, port, shown } = destination;
    this.#client = {
      id: sessions.nextRelayId(),
      protocol: tls ? "rtmps" : "rtmp",
      address: shown.replace(/^rtmps?:\/\//, ""),
      remote: shown,
      port,
      connectedAt: now,
      app,
      flashVer: agent,
      swfUrl: "",
      tcUrl: "",
      pageUrl: "",
      isRelay: true,
    };
    const client = this.#client;
    const key = applicationOf(path);
    const target = { path, app: key, name: path.slice(key.length + 1), query: "" };
    this.#disconnect = sessions.connect({ client, stats, drop });
    this.#end = sessions.begin({ client, kind, target, since: now, stats, drop });
  }

  get id(): number {
    return this.#client.id;
  }

  /** Harmless when called twice. */
  end(reason: string): void {
    this.#end(reason);
    this.#disconnect();
  }
}
