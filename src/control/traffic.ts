import type { Millis } from "../media/time.ts";
import type { Session, SessionObserver, Sessions } from "../streams/sessions.ts";

/** Bytes since the beginning, and bits per second between the two latest samples. */
export type Traffic = {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly bitsIn: number;
  readonly bitsOut: number;
};

type Bytes = { readonly bytesIn: number; readonly bytesOut: number };

/** Counts what connections and streams carry, by asking now and then: nothing is done for a packet. */
export class TrafficMeter {
  readonly observer: SessionObserver;
  readonly #sessions: Sessions;
  readonly #server = new Counter();
  readonly #streams = new Map<string, Counter>();

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.observer = {
      disconnected: (connection) => this.#server.leave(connection.stats()),
      began: ({ target }) => {
        if (!this.#streams.has(target.path)) this.#streams.set(target.path, new Counter());
      },
      ended: (session) => {
        const { path } = session.target;
        if (this.#sessionsOf(path).length === 0) this.#streams.delete(path);
        else this.#streams.get(path)?.leave(shareOf(session));
      },
    };
  }

  /** To be called every few seconds. */
  sample(now: Millis): void {
    this.#server.sample(this.#serverBytes(), now);
    for (const [path, counter] of this.#streams) counter.sample(this.#streamBytes(path), now);
  }

  get server(): Traffic {
    return this.#server.read(this.#serverBytes());
  }

  /** Of those that publish and play it, since the first of them came. */
  ofStream(path: string): Traffic {
    return (this.#streams.get(path) ?? new Counter()).read(this.#streamBytes(path));
  }

  #sessionsOf(path: string): Session[] {
    return this.#sessions.list.filter(({ target }) => target.path === path);
  }

  #serverBytes(): Bytes {
    return sum(this.#sessions.connections.map((connection) => connection.stats()));
  }

  #streamBytes(path: string): Bytes {
    return sum(this.#sessionsOf(path).map(shareOf));
  }
}

/** What is there now, and what has gone. */
class Counter {
  #gone: Bytes = { bytesIn: 0, bytesOut: 0 };
  #last: (Bytes & { readonly at: Millis }) | undefined;
  #rate = { bitsIn: 0, bitsOut: 0 };

  leave(bytes: Bytes): void {
    this.#gone = sum([this.#gone, bytes]);
  }

  sample(present: Bytes, now: Millis): void {
    const { bytesIn, bytesOut } = sum([this.#gone, present]);
    const last = this.#last;
    if (last && now > last.at) {
      const perSecond = (bytes: number) => Math.max(0, Math.round((bytes * 8000) / (now - last.at)));
      this.#rate = { bitsIn: perSecond(bytesIn - last.bytesIn), bitsOut: perSecond(bytesOut - last.bytesOut) };
    }
    this.#last = { bytesIn, bytesOut, at: now };
  }

  read(present: Bytes): Traffic {
    const { bytesIn, bytesOut } = sum([this.#gone, present]);
    return { bytesIn, bytesOut, ...this.#rate };
  }
}

/** A publisher's bytes come in, a player's go out; what goes the other way are acknowledgements. */
function shareOf(session: Session): Bytes {
  const { bytesIn, bytesOut } = session.stats();
  return session.kind === "publish" ? { bytesIn, bytesOut: 0 } : { bytesIn: 0, bytesOut };
}

function sum(all: readonly Bytes[]): Bytes {
  let bytesIn = 0;
  let bytesOut = 0;
  for (const bytes of all) {
    bytesIn += bytes.bytesIn;
    bytesOut += bytes.bytesOut;
  }
  return { bytesIn, bytesOut };
}
