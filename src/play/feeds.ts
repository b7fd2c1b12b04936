import type { Millis } from "../media/time.ts";
import type { Stream } from "../streams/stream.ts";
import type { PlayConfig } from "./config.ts";
import type { Scheduler } from "./fan-out.ts";
import { type Joining, PlayFeed } from "./feed.ts";

export type PlayFeedsOptions = {
  readonly find: (path: string) => Stream | undefined;
  /** How a path's application plays its streams; undefined when it does not, or there is none. */
  readonly policy: (path: string) => PlayConfig | undefined;
  readonly scheduler: Scheduler;
  /** Streams that come from other servers when somebody asks for them; without, there are none. */
  readonly onDemand?: OnDemand;
};

/** Streams that are fetched when they are wanted. */
export interface OnDemand {
  /** Whether a stream that is not there comes when somebody asks for it. */
  awaits(path: string): boolean;
  /** Why it may not be given out to who asks for others; undefined when it may. */
  objection(path: string, via: readonly string[]): string | undefined;
  /** Somebody asks for it. @param via marks of the servers that ask for it in others' place */
  wanted(path: string, now: Millis, via: readonly string[]): void;
}

/** What gateways need to play streams. */
export interface PlaySource {
  policy(path: string): PlayConfig | undefined;
  /** Whether there is a stream, or its encoder may come back. */
  exists(path: string): boolean;
  /** Whether an encoder sends this stream now. */
  isLive(path: string): boolean;
  /** Why a stream may not be sent to a player that these servers relay for; undefined when it may. */
  objection(path: string, via: readonly string[]): string | undefined;
  /** How many watch, those included that wait for the stream. */
  viewers(path: string): number;
  /** Sends a path's stream to the player, now or once there is one. Returns how it leaves; harmless when called twice. */
  play(path: string, player: Joining, now: Millis): () => void;
}

/** The players of all streams. */
export class PlayFeeds implements PlaySource {
  readonly #options: PlayFeedsOptions;
  readonly #feeds = new Map<string, PlayFeed>();

  constructor(options: PlayFeedsOptions) {
    this.#options = options;
  }

  policy(path: string): PlayConfig | undefined {
    return this.#options.policy(path);
  }

  exists(path: string): boolean {
    return this.#options.find(path) !== undefined || this.#options.onDemand?.awaits(path) === true;
  }

  isLive(path: string): boolean {
    return this.#options.find(path)?.state === "live" || this.#options.onDemand?.awaits(path) === true;
  }

  /** Whether anybody plays this path, or waits for it. */
  isPlayed(path: string): boolean {
    return this.#feeds.has(path);
  }

  objection(path: string, via: readonly string[]): string | undefined {
    return this.#options.onDemand?.objection(path, via);
  }

  viewers(path: string): number {
    return this.#feeds.get(path)?.viewers ?? 0;
  }

  play(path: string, player: Joining, now: Millis): () => void {
    const feed = this.#feeds.get(path) ?? this.#open(path);
    if (!feed) return () => {};
    const stream = this.#options.find(path);
    if (stream) feed.attach(stream, now);
    feed.add(player);
    if (stream?.state !== "live") this.#options.onDemand?.wanted(path, now, player.via ?? []);
    return () => feed.remove(player);
  }

  /** A stream has come to be, before its first event. */
  attach(stream: Stream, now: Millis): void {
    this.#feeds.get(stream.path)?.attach(stream, now);
  }

  #open(path: string): PlayFeed | undefined {
    const { policy, scheduler } = this.#options;
    const config = policy(path);
    if (!config) return undefined;
    const feed = new PlayFeed({ config, scheduler, onEmpty: () => this.#feeds.delete(path) });
    this.#feeds.set(path, feed);
    return feed;
  }
}
