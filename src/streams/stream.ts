import type { MediaEvent, MediaSink } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Track } from "../media/track.ts";
import { KeyframeCache } from "./keyframe-cache.ts";
import type { Publisher, PublishRequest } from "./publish.ts";
import { StreamMeter, type StreamStats } from "./stats.ts";
import { DEFAULT_LIMITS, Subscription, type SubscriptionLimits } from "./subscription.ts";
import { Timeline, type TimelineCounters } from "./timeline.ts";

/** `live`: somebody publishes; `waiting`: the publisher has left and may come back; `ended`: nothing will come any more. */
export type StreamState = "live" | "waiting" | "ended";

/** A reader's own bug: the reader is taken off, the stream goes on. */
export type SinkFailure = (stream: Stream, error: unknown) => void;

/** One live stream: events of its publishers in, the same events with repaired times out to every reader. Outlives publishers. */
export class Stream {
  readonly #sinks = new Set<MediaSink>();
  readonly #cache = new KeyframeCache();
  #subscriptions = 0;
  #session: PublishSession | undefined;
  #timeline = new Timeline();
  #meter = new StreamMeter();
  #tracks: readonly Track[] = [];
  #ended = false;
  /** Monotonic time since when nobody publishes; undefined while somebody does. */
  #vacantSince: Millis | undefined;

  constructor(
    readonly path: string,
    readonly createdAt: Millis,
    private readonly onSinkFailure: SinkFailure,
  ) {}

  get state(): StreamState {
    return this.#ended ? "ended" : this.#session ? "live" : "waiting";
  }

  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  get cache(): KeyframeCache {
    return this.#cache;
  }

  get vacantSince(): Millis | undefined {
    return this.#vacantSince;
  }

  /** Who publishes now. */
  get publisher():
    | (Omit<PublishRequest, "onClosed" | "query"> & {
        readonly since: Millis;
        readonly metadata: Readonly<Record<string, unknown>>;
        readonly received: number;
      })
    | undefined {
    const session = this.#session;
    if (!session) return undefined;
    const { path, protocol, remote, agent } = session.request;
    return {
      path,
      protocol,
      remote,
      agent,
      since: session.since,
      metadata: session.metadata,
      received: session.receivedBytes,
    };
  }

  /** Readers of the stream, packagers included. */
  get readers(): number {
    return this.#sinks.size;
  }

  /** Of these, readers with a queue. */
  get subscriptions(): number {
    return this.#subscriptions;
  }

  stats(now: Millis): StreamStats & TimelineCounters {
    return { ...this.#meter.read(now), ...this.#timeline.counters };
  }

  /** Hands every event to `sink` as it comes, the current tracks first. For readers that are never slow. Returns the detach. */
  attach(sink: MediaSink, now: Millis): () => void {
    this.#sinks.add(sink);
    if (this.#tracks.length > 0) sink({ type: "tracks", tracks: this.#tracks }, now);
    return () => {
      this.#sinks.delete(sink);
    };
  }

  /** A queue for a reader that takes events at its own pace; begins with the tracks and the packets since the last keyframe. */
  subscribe(now: Millis, limits: SubscriptionLimits = DEFAULT_LIMITS): Subscription {
    let detach: (() => void) | undefined;
    const subscription = new Subscription(limits, () => {
      if (!detach) return;
      detach();
      detach = undefined;
      this.#subscriptions--;
    });
    this.#subscriptions++;
    detach = this.attach((event) => subscription.push(event), now);
    for (const packet of this.#cache.packets) subscription.push(packet);
    return subscription;
  }

  /** Lets a publisher in; whoever published before is told and gone. */
  publish(request: PublishRequest, now: Millis): Publisher {
    this.#session?.end("replaced by another publisher", now);
    const timeline = new Timeline(this.#timeline.end);
    this.#timeline = timeline;
    this.#meter = new StreamMeter();
    this.#vacantSince = undefined;
    const session = new PublishSession(
      request,
      now,
      (event, at) => this.#write(event, at, timeline),
      (at) => this.#vacate(session, at),
    );
    this.#session = session;
    return session;
  }

  /** Ends whoever publishes: kicked, or the server shuts down. */
  kick(reason: string, now: Millis): void {
    this.#session?.end(reason, now);
  }

  /** Nothing will come any more: readers get `end`. */
  end(now: Millis): void {
    if (this.#ended) return;
    this.kick("the stream ended", now);
    this.#ended = true;
    this.#emit({ type: "end" }, now);
    this.#sinks.clear();
  }

  #vacate(session: PublishSession, now: Millis): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#vacantSince = now;
    this.#cache.clear();
    this.#emit({ type: "gap", reason: "publisher-lost" }, now);
  }

  #write(event: MediaEvent, now: Millis, timeline: Timeline): void {
    switch (event.type) {
      case "packet": {
        const resets = timeline.counters.resets;
        const packet = timeline.place(event, now);
        if (timeline.counters.resets !== resets) this.#emit({ type: "gap", reason: "timeline-reset" }, now);
        this.#cache.add(packet);
        this.#meter.add(packet, now);
        this.#emit(packet, now);
        return;
      }
      case "tracks":
        this.#tracks = event.tracks;
        timeline.setTracks(event.tracks);
        this.#cache.setTracks(event.tracks);
        this.#meter.setTracks(event.tracks);
        this.#emit(event, now);
        return;
      case "data":
        this.#emit(
          timeline.placeData(event, this.#tracks.find((track) => track.id === event.track)?.timescale ?? 1000),
          now,
        );
        return;
      case "gap":
        this.#emit(event, now);
        return;
      case "end":
        // The end of a publish is not the end of the stream: `close` says so.
        return;
    }
  }

  #emit(event: MediaEvent, now: Millis): void {
    for (const sink of this.#sinks) {
      try {
        sink(event, now);
      } catch (error) {
        this.#sinks.delete(sink);
        this.onSinkFailure(this, error);
      }
    }
  }
}

class PublishSession implements Publisher {
  metadata: Readonly<Record<string, unknown>> = {};
  receivedBytes = 0;
  #open = true;

  constructor(
    readonly request: PublishRequest,
    readonly since: Millis,
    private readonly onWrite: (event: MediaEvent, now: Millis) => void,
    private readonly onVacate: (now: Millis) => void,
  ) {}

  write(event: MediaEvent, now: Millis): void {
    if (this.#open) this.onWrite(event, now);
  }

  describe(metadata: Readonly<Record<string, unknown>>): void {
    this.metadata = metadata;
  }

  received(bytes: number): void {
    this.receivedBytes += bytes;
  }

  close(_reason: string, now: Millis): void {
    if (!this.#open) return;
    this.#open = false;
    this.onVacate(now);
  }

  /** The server's side of `close`: the gateway is told. */
  end(reason: string, now: Millis): void {
    if (!this.#open) return;
    this.close(reason, now);
    this.request.onClosed(reason);
  }
}
