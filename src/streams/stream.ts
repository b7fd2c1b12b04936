import type { MediaEvent, MediaSink, Packet } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Track } from "../media/track.ts";
import type { BackupConfig } from "./config.ts";
import { KeyframeCache } from "./keyframe-cache.ts";
import type { Publisher, PublishRequest } from "./publish.ts";
import { Source, type SourceRole } from "./source.ts";
import { beginsGroup } from "./standby.ts";
import { StreamMeter, type StreamStats } from "./stats.ts";
import { DEFAULT_LIMITS, Subscription, type SubscriptionLimits } from "./subscription.ts";
import { Timeline, type TimelineCounters } from "./timeline.ts";

/**
 * `starting`: an encoder is connected and has sent nothing yet; `live`; `waiting`: the encoder has left, or has sent nothing
 * for long, and may come back; `ended`: nothing will come any more.
 */
export type StreamState = "starting" | "live" | "waiting" | "ended";

/** An encoder went on air in the place of another, or waits. */
export type SourceChange = {
  readonly role: SourceRole;
  readonly what: "waits" | "took-over" | "got-back";
  /** Why the other is not on air any more. */
  readonly reason?: "left" | "silent" | "returned";
};

export type StreamOptions = {
  /** How its application treats a second encoder, asked for whenever it matters. */
  readonly backup: () => BackupConfig;
  /** A reader's own bug: the reader is taken off, the stream goes on. */
  readonly onSinkFailure: SinkFailure;
  readonly onSourceChange?: (stream: Stream, change: SourceChange) => void;
};

export type SinkFailure = (stream: Stream, error: unknown) => void;

/** An encoder that is connected and sends nothing for so long is as good as gone for those who watch. */
const SILENCE: Millis = 10_000;

/**
 * One live stream: events of its encoders in, the same events with repaired times out to every reader. Outlives its
 * encoders. Of two, one is on air; the other waits with a group of pictures at hand.
 */
export class Stream {
  readonly #options: StreamOptions;
  readonly #sinks = new Set<MediaSink>();
  readonly #cache = new KeyframeCache();
  readonly #sources = new Map<SourceRole, Source>();
  #subscriptions = 0;
  #onAir: Source | undefined;
  #timeline = new Timeline();
  #meter = new StreamMeter();
  #tracks: readonly Track[] = [];
  #ended = false;
  /** When the latest packet was handed on. */
  #lastNow: Millis = 0;
  /** Since when nothing comes: readers were told so. */
  #waitingSince: Millis | undefined;
  /** Readers were told of a gap and of no tracks since. */
  #tracksDue = false;
  /** Since when no encoder is connected. */
  #vacantSince: Millis | undefined;

  constructor(
    readonly path: string,
    readonly createdAt: Millis,
    options: StreamOptions,
  ) {
    this.#options = options;
  }

  get state(): StreamState {
    if (this.#ended) return "ended";
    if (!this.#onAir) return "waiting";
    if (this.#onAir.lastMedia === undefined) return "starting";
    return this.#waitingSince === undefined ? "live" : "waiting";
  }

  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  get cache(): KeyframeCache {
    return this.#cache;
  }

  /** In state "waiting": since when. */
  get waitingSince(): Millis | undefined {
    return this.#waitingSince;
  }

  /** Since when no encoder is connected; undefined while one is. */
  get vacantSince(): Millis | undefined {
    return this.#vacantSince;
  }

  /** The encoder that readers get. */
  get onAir(): Source | undefined {
    return this.#onAir;
  }

  /** Every encoder that is connected, the primary first. */
  get sources(): readonly Source[] {
    return [...this.#sources.values()].sort((a, b) => Number(a.role === "backup") - Number(b.role === "backup"));
  }

  /** Whether an encoder of this role is connected and alive; one that is long silent may have lost its connection unnoticed. */
  isTaken(role: SourceRole, now: Millis): boolean {
    return this.#sources.get(role)?.isSilent(SILENCE, now) === false;
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

  /** Lets an encoder in; whoever had the same role before is told and gone. */
  publish(request: PublishRequest, now: Millis, role: SourceRole = "primary"): Publisher {
    this.#sources.get(role)?.end("replaced by another publisher", now);
    const pauseMs = () => this.#options.backup().after;
    const source = new Source(role, request, now, pauseMs, {
      onEvent: (from, event, at) => this.#onEvent(from, event, at),
      onClosed: (from, at) => this.#onClosed(from, at),
    });
    this.#sources.set(role, source);
    this.#vacantSince = undefined;
    if (this.#onAir) this.#changed(source, "waits");
    else this.#putOnAir(source);
    return source;
  }

  /** There was an encoder before, in an earlier process. */
  awaitEncoder(now: Millis): void {
    this.#waitingSince = now;
    this.#vacantSince = now;
  }

  /** Notices that the encoder on air has fallen silent. */
  tick(now: Millis): void {
    const source = this.#onAir;
    if (source?.lastMedia === undefined || this.#waitingSince !== undefined || !source.isSilent(SILENCE, now)) return;
    this.#lose(source.lastMedia, now);
  }

  /** Ends whoever publishes: kicked, or the server shuts down. */
  kick(reason: string, now: Millis): void {
    const waiting = this.sources.filter((source) => source !== this.#onAir);
    for (const source of waiting) source.end(reason, now);
    this.#onAir?.end(reason, now);
  }

  /** Nothing will come any more: readers get `end`. */
  end(now: Millis): void {
    if (this.#ended) return;
    this.kick("the stream ended", now);
    this.#ended = true;
    this.#emit({ type: "end" }, now);
    this.#sinks.clear();
  }

  #onEvent(source: Source, event: MediaEvent, now: Millis): void {
    const onAir = this.#onAir;
    if (source === onAir) {
      if (this.#waitingSince !== undefined && event.type === "packet") this.#resume(source, now);
      this.#write(event, now);
      return;
    }
    if (event.type !== "packet") return;
    source.standby.add(event, now);
    const why = this.#whyNow(source, event, now);
    if (why === undefined) return;
    // Without video nothing is kept.
    const isKept = source.standby.packets.length > 0;
    this.#putOnAir(source);
    if (!isKept) this.#onEvent(source, event, now);
    if (why !== "vacant") this.#changed(source, why === "returned" ? "got-back" : "took-over", why);
  }

  /** Why a source that waits goes on air with this packet; undefined when it does not. */
  #whyNow(source: Source, packet: Packet, now: Millis): "vacant" | "silent" | "returned" | undefined {
    if (!this.#onAir) return "vacant";
    const { handBack, handBackAfter } = this.#options.backup();
    if (this.#onAir.isPaused(now)) return source.standby.isReady ? "silent" : undefined;
    if (source.role === "backup" || !handBack || source.steadyFor(now) < handBackAfter) return undefined;
    return beginsGroup(packet, source.tracks) ? "returned" : undefined;
  }

  #onClosed(source: Source, now: Millis): void {
    if (this.#sources.get(source.role) === source) this.#sources.delete(source.role);
    if (source === this.#onAir) {
      this.#onAir = undefined;
      const [other] = this.#sources.values();
      if (other?.standby.isReady && !other.isPaused(now)) {
        this.#putOnAir(other);
        this.#changed(other, "took-over", "left");
        return;
      }
      if (this.#waitingSince === undefined) this.#lose(now, now);
    }
    if (this.#sources.size === 0) this.#vacantSince ??= now;
  }

  /** Times go on where they are. What waited goes out first, as if it had come since the last packet. */
  #putOnAir(source: Source): void {
    const switched = this.#tracks.length > 0 && this.#waitingSince === undefined;
    this.#onAir = source;
    this.#timeline = new Timeline(this.#timeline.end);
    this.#meter = new StreamMeter();
    const { packets, arrivals } = source.standby;
    if (switched) this.#emit({ type: "gap", reason: "source-switch" }, this.#lastNow);
    this.#cache.clear();
    if (packets.length > 0) this.#waitingSince = undefined;
    if (source.tracks.length > 0) this.#write({ type: "tracks", tracks: source.tracks }, this.#lastNow);
    for (const [index, packet] of packets.entries()) {
      const arrival = arrivals[index] ?? 0;
      this.#write(packet, Math.max(this.#lastNow, arrival), arrival);
    }
    source.standby.clear();
  }

  #changed({ role }: Source, what: SourceChange["what"], reason?: SourceChange["reason"]): void {
    this.#options.onSourceChange?.(this, { role, what, reason });
  }

  /** Readers are told that nothing comes. */
  #lose(since: Millis, now: Millis): void {
    this.#waitingSince = since;
    this.#tracksDue = true;
    this.#cache.clear();
    this.#emit({ type: "gap", reason: "publisher-lost" }, now);
  }

  #resume(source: Source, now: Millis): void {
    this.#waitingSince = undefined;
    if (this.#tracksDue) this.#write({ type: "tracks", tracks: source.tracks }, now);
  }

  /** @param measured when it came, for the rates */
  #write(event: MediaEvent, now: Millis, measured: Millis = now): void {
    const timeline = this.#timeline;
    switch (event.type) {
      case "packet": {
        const resets = timeline.counters.resets;
        const packet = timeline.place(event, now);
        if (timeline.counters.resets !== resets) this.#emit({ type: "gap", reason: "timeline-reset" }, now);
        this.#cache.add(packet);
        this.#meter.add(packet, measured);
        this.#lastNow = now;
        this.#emit(packet, now);
        return;
      }
      case "tracks":
        this.#tracks = event.tracks;
        this.#tracksDue = false;
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
        this.#options.onSinkFailure(this, error);
      }
    }
  }
}
