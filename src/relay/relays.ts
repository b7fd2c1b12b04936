import type { Millis } from "../media/time.ts";
import type { PlayConfig } from "../play/config.ts";
import type { Scheduler } from "../play/fan-out.ts";
import { type OnDemand, PlayFeeds } from "../play/feeds.ts";
import type { Ingest } from "../streams/publish.ts";
import type { Stream } from "../streams/stream.ts";
import { applicationOf, invalidStreamPath } from "../streams/stream-path.ts";
import { isMeant, type PullConfig, type PushConfig } from "./config.ts";
import { Pull } from "./pull.ts";
import { Push, pushPolicy } from "./push.ts";
import type { RelayStatus } from "./status.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Trail } from "./trail.ts";

/** What of an application concerns relays. */
export type RelayConfig = {
  readonly push: readonly PushConfig[];
  readonly pull: readonly PullConfig[];
  readonly play: PlayConfig;
  readonly rtmp?: { readonly name?: string | undefined } | undefined;
};

export type RelaysOptions = Surroundings & {
  /** By name; undefined when there is none, or it takes no streams. */
  readonly application: (name: string) => RelayConfig | undefined;
  /** Those that are named in the configuration. */
  readonly applications: () => readonly (readonly [string, RelayConfig])[];
  readonly ingest: Ingest;
  readonly find: (path: string) => Stream | undefined;
  /** Whether somebody plays, or waits for, this path now. */
  readonly isPlayed: (path: string) => boolean;
  readonly trail: Trail;
  readonly scheduler: Scheduler;
};

/** Streams fetched because somebody asked; each name that anybody thinks of may be one. */
const MAX_PULLS = 500;

/** All streams that are sent on to other servers, and all that are fetched from them. */
export class Relays implements OnDemand {
  readonly #options: RelaysOptions;
  /** Reads streams for pushes: beside players, whom the configuration may turn away. */
  readonly #feeds: PlayFeeds;
  /** By path, then by what it was made from. */
  readonly #pushes = new Map<string, Map<string, Push>>();
  readonly #pulls = new Map<string, Pull>();
  #closed = false;

  constructor(options: RelaysOptions) {
    this.#options = options;
    this.#feeds = new PlayFeeds({
      find: options.find,
      policy: (path) => {
        const play = options.application(applicationOf(path))?.play;
        return play && pushPolicy(play);
      },
      scheduler: options.scheduler,
    });
  }

  /** A stream has come to be. */
  attach(stream: Stream, now: Millis): void {
    this.#feeds.attach(stream, now);
    this.#matchPushes(stream.path);
  }

  /** A stream is gone. */
  detach(path: string): void {
    const pushes = this.#pushes.get(path);
    this.#pushes.delete(path);
    for (const push of pushes?.values() ?? []) push.close("the stream has ended");
  }

  /** Whether a stream that is not there comes when somebody asks for it. */
  awaits(path: string): boolean {
    const pull = this.#pulls.get(path);
    return pull ? !pull.hasFailed : this.#sourcesOf(path).length > 0;
  }

  objection(path: string, via: readonly string[]): string | undefined {
    return this.#options.trail.objection(path, via);
  }

  /** Somebody wants to see the stream. @param via marks of the servers that ask for it */
  wanted(path: string, now: Millis, via: readonly string[] = []): void {
    const pull = this.#pulls.get(path);
    if (pull) {
      pull.wantedAt = now;
      return;
    }
    const sources = this.#sourcesOf(path);
    if (sources.length > 0 && !this.#hasEncoder(path)) this.#pull(path, sources, via);
  }

  /** Sends the publish that is about to begin on to an address that is not of the configuration. */
  pushTo(path: string, url: string): void {
    const config: PushConfig = { url, insecure: false, untilUnpublish: false };
    const key = `redirect ${url}`;
    this.#push(path, key, config, () => void this.#pushes.get(path)?.delete(key));
  }

  /** Fetches a stream from an address that is not of the configuration, for as long as somebody wants it. */
  pullFrom(path: string, url: string, via: readonly string[] = []): void {
    if (this.#pulls.has(path) || this.#hasEncoder(path)) return;
    const source = { url, insecure: false, always: false, linger: 10_000, buffer: 5_000, live: false };
    this.#pull(path, [source], via, true);
  }

  /** Another configuration. Relays that it does not change go on. */
  reload(): void {
    for (const path of [...this.#pushes.keys()]) this.#matchPushes(path);
    for (const [path, pull] of [...this.#pulls]) {
      const now = JSON.stringify(this.#sourcesOf(path));
      if (pull.madeFrom === now || pull.madeFrom === "redirect") continue;
      this.#pulls.delete(path);
      pull.close("the configuration has changed");
    }
    for (const [name, { pull }] of this.#options.applications()) {
      for (const { always, stream } of pull) {
        const path = `${name}/${stream}`;
        if (always && name !== "*" && !this.#pulls.has(path)) this.#pull(path, this.#sourcesOf(path), []);
      }
    }
  }

  tick(now: Millis): void {
    for (const [path, pushes] of this.#pushes) {
      for (const push of [...pushes.values()]) push.tick(now);
      if (pushes.size === 0 && !this.#options.find(path)) this.#pushes.delete(path);
    }
    for (const [path, pull] of this.#pulls) {
      if (this.#options.isPlayed(path)) pull.wantedAt = now;
      if (!pull.always && now - pull.wantedAt >= pull.linger) {
        this.#pulls.delete(path);
        pull.close("nobody wants the stream any more");
      } else pull.tick(now);
    }
  }

  list(now: Millis): readonly RelayStatus[] {
    const pushes = [...this.#pushes.values()].flatMap((of) => [...of.values()]);
    return [...pushes, ...this.#pulls.values()].map((relay) => relay.status(now));
  }

  /** Ends all. */
  close(): void {
    this.#closed = true;
    for (const path of [...this.#pushes.keys()]) this.detach(path);
    for (const pull of this.#pulls.values()) pull.close("the server shuts down");
    this.#pulls.clear();
  }

  #sourcesOf(path: string): readonly PullConfig[] {
    const pull = this.#options.application(applicationOf(path))?.pull ?? [];
    if (pull.length === 0 || invalidStreamPath(path) !== undefined) return [];
    const name = nameOf(path);
    return pull.filter(({ stream }) => isMeant(stream, name));
  }

  #appOf(path: string): string {
    const key = applicationOf(path);
    return this.#options.application(key)?.rtmp?.name ?? key;
  }

  #hasEncoder(path: string): boolean {
    return (this.#options.find(path)?.sources.length ?? 0) > 0;
  }

  #pull(path: string, sources: readonly PullConfig[], via: readonly string[], isRedirect = false): void {
    const { trail, log, clock } = this.#options;
    const objection = trail.objection(path, via);
    if (objection !== undefined || this.#pulls.size >= MAX_PULLS || this.#closed) {
      log.warn("pull refused", { path, reason: objection ?? `${MAX_PULLS} streams are being pulled` });
      return;
    }
    const pull = new Pull({
      ...this.#options,
      path,
      app: this.#appOf(path),
      sources,
      isRedirect,
      via: trail.next(path, via),
    });
    this.#pulls.set(path, pull);
    pull.tick(clock());
  }

  #matchPushes(path: string): void {
    const wanted = new Map<string, PushConfig>();
    const name = nameOf(path);
    for (const config of this.#options.application(applicationOf(path))?.push ?? [])
      if (isMeant(config.stream, name)) wanted.set(JSON.stringify(config), config);
    const running = this.#pushes.get(path) ?? new Map<string, Push>();
    for (const [key, push] of running) {
      if (wanted.has(key) || key.startsWith("redirect ")) continue;
      running.delete(key);
      push.close("the configuration has changed");
    }
    for (const [key, config] of wanted) this.#push(path, key, config);
    // Kept though it may be empty: a reload may bring the first.
    if (!this.#pushes.has(path)) this.#pushes.set(path, running);
  }

  #push(path: string, key: string, config: PushConfig, onOver?: () => void): void {
    if (this.#closed) return;
    const running = this.#pushes.get(path) ?? new Map<string, Push>();
    this.#pushes.set(path, running);
    if (running.has(key)) return;
    const { trail, find } = this.#options;
    const via = () => trail.next(path, find(path)?.onAir?.request.via ?? []);
    const hasEncoder = () => this.#hasEncoder(path);
    const push = {
      path,
      app: this.#appOf(path),
      config,
      source: this.#feeds,
      via,
      hasEncoder,
      ...(onOver ? { onOver } : {}),
    };
    running.set(key, new Push({ ...this.#options, ...push }));
  }
}

function nameOf(path: string): string {
  return path.slice(path.indexOf("/") + 1);
}
