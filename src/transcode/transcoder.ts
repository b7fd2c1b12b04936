import type { FeedEvent, FeedSink, RungPosition, RungSink, RungStatus } from "../hls/rung-feed.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { AbrConfig } from "./config.ts";
import { FeedClock } from "./feed-clock.ts";
import { Lag } from "./lag.ts";
import type { FromTranscoder, ToTranscoder } from "./messages.ts";
import type { Burden, Burdened, Overload } from "./overload.ts";
import type { Rung } from "./rung.ts";
import { PartsPutIn } from "./segment-parts.ts";

/** A process that makes rungs. What it says comes to `Transcoder.receive`, its end to `Transcoder.exited`. */
export interface TranscoderProcess {
  /** Gathers. */
  send(message: ToTranscoder): void;
  /** Sends what was gathered. */
  flush(): void;
  /** Bytes that it has not taken yet. */
  readonly pendingBytes: number;
  /** Ends it; with force when it does not by itself. */
  end(): void;
  kill(): void;
}

/** The stream's HLS output, as its transcoder needs it. */
export interface RungOutput {
  follow(sink: FeedSink, now: Millis): () => void;
  rungSink(name: string): RungSink;
  rungPosition(name: string): RungPosition | undefined;
  dropRung(name: string): void;
  setRungState(name: string, state: RungStatus, reason?: string): void;
}

export type TranscoderOptions = {
  readonly path: string;
  readonly config: Pick<AbrConfig, "always" | "linger" | "priority" | "maxMemory" | "threads">;
  readonly output: RungOutput;
  readonly spawn: (transcoder: Transcoder) => TranscoderProcess;
  readonly overload: Overload;
  readonly log: Log;
};

/** Longer than a request for what is starting is held. */
const HELD: Millis = 10_000;
/** A process says something twice a second. */
const SILENCE: Millis = 10_000;
/** Who has not been heard of, or not got on, for so long is not slow but stuck. */
const HANGS: Millis = 3000;
/** It is fed, and has not got on for so long. */
const STANDSTILL: Millis = 15_000;
/** This process itself was asleep. */
const SLEPT: Millis = 3000;
/** What may wait to be read: some seconds of the richest stream. */
const MAX_PENDING = 64 * 1024 ** 2;
/** Between two cuts, the feed is sent on so often: each time costs two processes a turn. */
const BATCH: Millis = 160;
/** Between two starts of a process that fails; the first is at once. */
const RETRY: readonly Millis[] = [0, 500, 2000, 5000, 10_000, 30_000];
/** After so many, one behind the other, the rungs are not announced until the next try. */
const FAILED_AFTER = 4;
/** It has done well for so long: what went wrong before is forgotten. */
const STEADY: Millis = 60_000;
/** One rung has failed; the others have not. Doubled each time. */
const RUNG_RETRY: Millis = 10_000;
const MAX_RUNG_RETRY: Millis = 600_000;

type RungEntry = {
  readonly rung: Rung;
  readonly sink: RungSink;
  state: RungStatus;
  /** When somebody asked for it last. */
  wantedAt: Millis;
  /** The process has been told to make it. */
  isMade: boolean;
  /** Of what it makes of it. */
  parts: PartsPutIn;
  failures: number;
  /** In state `failed`: when it may be tried again. */
  retryAt: Millis;
};

/**
 * Has the rungs of one stream made while they are wanted, in one process that is watched, and started anew when it fails. Virtual
 * time: the caller calls `tick` a few times a second.
 */
export class Transcoder implements Burdened {
  readonly #options: TranscoderOptions;
  readonly #entries: Map<string, RungEntry>;
  readonly #clock = new FeedClock();
  #process: TranscoderProcess | undefined;
  #stopFollowing: (() => void) | undefined;
  #startedAt: Millis = 0;
  #heardAt: Millis = 0;
  #progressAt: Millis = 0;
  #done: number | undefined;
  #flushedAt: Millis = 0;
  #tickedAt: Millis | undefined;
  #failures = 0;
  #retryAt: Millis = Number.NEGATIVE_INFINITY;
  #lag: Lag;
  #isClosed = false;

  constructor(options: TranscoderOptions, rungs: readonly Rung[], now: Millis) {
    this.#options = options;
    this.#lag = new Lag(now);
    this.#entries = new Map(rungs.map((rung) => [rung.name, newEntry(rung, options.output.rungSink(rung.name))]));
    options.overload.add(this);
  }

  get priority(): number {
    return this.#options.config.priority;
  }

  get lag(): number {
    return this.#process ? this.#lag.seconds : 0;
  }

  get burden(): number {
    return this.#process ? this.#lag.burden : 0;
  }

  get speed(): number {
    return this.#lag.speed;
  }

  get burdens(): readonly Burden[] {
    return [...this.#entries.values()]
      .filter(({ isMade }) => isMade)
      .map(({ rung }) => ({ rung: rung.name, cost: costOf(rung) }));
  }

  /** Rungs that are being made. */
  get making(): readonly string[] {
    return this.burdens.map(({ rung }) => rung);
  }

  isTooSlow(now: Millis): boolean {
    // One that hangs is another matter.
    const heard = Math.min(this.#heardAt, this.#progressAt);
    return this.#process !== undefined && now - heard < HANGS && this.#lag.isTooSlow(now);
  }

  /** Somebody asks for something of a rung. */
  wanted(name: string, now: Millis): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    entry.wantedAt = now;
    if (!entry.isMade) this.#startWanted(now);
  }

  tick(now: Millis): void {
    if (this.#isClosed) return;
    const slept = this.#tickedAt !== undefined && now - this.#tickedAt > SLEPT;
    this.#tickedAt = now;
    if (slept) this.#heardAt = this.#progressAt = now;
    this.#stopUnwanted(now);
    this.#retry(now);
    this.#watch(now);
    this.#startWanted(now);
    if (this.#process && now - this.#flushedAt >= BATCH) this.#flush(now);
  }

  /** What the process says. */
  receive(from: TranscoderProcess, message: FromTranscoder, now: Millis): void {
    if (from !== this.#process) return;
    this.#heardAt = now;
    const { log, path } = this.#options;
    switch (message.type) {
      case "ready":
        log.debug("the transcoder is ready", { path, library: message.library });
        return;
      case "rendition": {
        const entry = this.#entries.get(message.rung);
        if (!entry?.isMade) return;
        const { event } = message;
        if (entry.state !== "running" && (event.type === "part" || event.type === "segment")) {
          this.#setState(entry, "running");
          log.info("a rung is being made", { path, rung: message.rung, afterMs: Math.round(now - this.#startedAt) });
        }
        entry.sink(entry.parts.write(event));
        return;
      }
      case "description":
        return;
      case "status":
        if (this.#done === undefined || message.status.done > this.#done) this.#progressAt = now;
        this.#done = message.status.done;
        if (message.status.rssBytes > this.#options.config.maxMemory) {
          this.#fail(`it has grown to ${Math.round(message.status.rssBytes / 1024 ** 2)} MB of memory`, now);
        }
        return;
      case "rungFailed":
        this.#rungFailed(message.rung, message.reason, now);
        return;
      case "log":
        log[message.level](`transcoder: ${message.text}`, { path });
        return;
      default:
        message satisfies never;
    }
  }

  /** The process has ended. */
  exited(from: TranscoderProcess, reason: string, now: Millis): void {
    if (from === this.#process) this.#fail(reason, now);
  }

  shed(name: string, reason: string, now: Millis): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    this.#stop(entry);
    this.#setState(entry, "shed", reason);
    this.#options.log.warn("a rung is given up", { path: this.#options.path, rung: name, reason });
    this.#endWhenIdle();
    this.#lag.relieve(now);
  }

  restore(name: string, now: Millis): void {
    const entry = this.#entries.get(name);
    if (entry?.state !== "shed") return;
    this.#setState(entry, "idle");
    this.#options.log.info("a rung that was given up is offered again", { path: this.#options.path, rung: name });
    this.#startWanted(now);
  }

  startOver(now: Millis): void {
    const process = this.#process;
    if (!process) return;
    const { output, log, path } = this.#options;
    const reason = `it was ${this.#lag.seconds.toFixed(1)} s behind`;
    this.#detach();
    process.kill();
    for (const entry of this.#entries.values()) {
      if (!entry.isMade) continue;
      entry.isMade = false;
      output.dropRung(entry.rung.name);
      this.#setState(entry, "starting", reason);
    }
    log.warn("a transcoder starts over", { path, reason });
    this.#startWanted(now);
  }

  /** Ends the process; nothing is made any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const entry of this.#entries.values()) entry.isMade = false;
    this.#endWhenIdle();
    this.#options.overload.remove(this);
  }

  #isWanted(entry: RungEntry, now: Millis): boolean {
    const { always, linger } = this.#options.config;
    // The first request is held, and not made again meanwhile.
    const enough = entry.state === "starting" ? Math.max(linger, HELD) : linger;
    return always || now - entry.wantedAt < enough;
  }

  #startWanted(now: Millis): void {
    if (this.#isClosed || now < this.#retryAt) return;
    const { output, overload } = this.#options;
    const starting: RungEntry[] = [];
    for (const entry of this.#entries.values()) {
      const { isMade, state, rung } = entry;
      if (isMade || state === "failed" || state === "shed" || !this.#isWanted(entry, now)) continue;
      // One that was there a moment ago is no new burden.
      if (state === "idle" && overload.isBusy(now)) {
        overload.refuse(this, rung.name);
        this.#setState(entry, "shed", "the machine is busy");
        this.#options.log.warn("a rung is not begun", {
          path: this.#options.path,
          rung: rung.name,
          reason: "the machine is busy",
        });
      } else starting.push(entry);
    }
    if (starting.length === 0) return;
    const isNew = this.#process === undefined;
    const process = (this.#process ??= this.#begin(now));
    for (const entry of starting) {
      entry.isMade = true;
      entry.parts = new PartsPutIn();
      // One that failed has said why.
      if (entry.state !== "starting") this.#setState(entry, "starting");
      process.send({ type: "startRung", rung: entry.rung.name, from: output.rungPosition(entry.rung.name) });
    }
    if (!isNew) process.send({ type: "rewind" });
    this.#stopFollowing?.();
    this.#clock.restart();
    this.#lag.restart(now);
    this.#startedAt = now;
    this.#stopFollowing = output.follow(this.#feed, now);
    this.#flush(now);
    const rungs = starting.map(({ rung }) => rung.name).join(",");
    const what = isNew ? "a transcoder starts" : "the transcoder makes another rung";
    this.#options.log.info(what, { path: this.#options.path, rungs });
  }

  #begin(now: Millis): TranscoderProcess {
    this.#heardAt = this.#progressAt = now;
    this.#done = undefined;
    const process = this.#options.spawn(this);
    const { threads } = this.#options.config;
    const rungs = [...this.#entries.values()].map(({ rung }) => rung);
    process.send({ type: "settings", settings: { rungs, ...(threads > 0 && { threads }) } });
    return process;
  }

  readonly #feed: FeedSink = (event, now) => {
    const process = this.#process;
    if (!process) return;
    process.send({ type: "feed", event });
    this.#clock.note(event);
    if (isCut(event) || now - this.#flushedAt >= BATCH) this.#flush(now);
  };

  #flush(now: Millis): void {
    this.#flushedAt = now;
    this.#process?.flush();
  }

  #stopUnwanted(now: Millis): void {
    const stopped: string[] = [];
    for (const entry of this.#entries.values()) {
      if (!entry.isMade || this.#isWanted(entry, now)) continue;
      this.#stop(entry);
      this.#setState(entry, "idle");
      stopped.push(entry.rung.name);
    }
    if (stopped.length === 0) return;
    const reason = "nobody watches";
    this.#options.log.info("rungs are made no longer", { path: this.#options.path, rungs: stopped.join(","), reason });
    this.#endWhenIdle();
  }

  #stop(entry: RungEntry): void {
    if (entry.isMade) this.#process?.send({ type: "stopRung", rung: entry.rung.name });
    entry.isMade = false;
    this.#options.output.dropRung(entry.rung.name);
  }

  #endWhenIdle(): void {
    const process = this.#process;
    if (!process) return;
    if ([...this.#entries.values()].some(({ isMade }) => isMade)) {
      process.flush();
      return;
    }
    this.#detach();
    process.end();
  }

  #detach(): void {
    this.#stopFollowing?.();
    this.#stopFollowing = undefined;
    this.#process = undefined;
  }

  /** What has failed may be tried again. */
  #retry(now: Millis): void {
    if (this.#process && this.#failures > 0 && now - this.#startedAt > STEADY) this.#failures = 0;
    for (const entry of this.#entries.values()) {
      if (entry.state === "failed" && now >= entry.retryAt) this.#setState(entry, "idle");
    }
  }

  #watch(now: Millis): void {
    const process = this.#process;
    if (!process) return;
    const fed = this.#clock.span;
    const done = this.#done ?? this.#clock.first;
    if (this.#clock.latest !== undefined && done !== undefined) {
      this.#lag.measure(Math.max(0, this.#clock.latest - Math.max(done, this.#clock.first ?? done)), now);
    }
    if (process.pendingBytes > MAX_PENDING) this.#fail("it does not read what it is sent", now);
    else if (now - this.#heardAt > SILENCE) this.#fail(`it has said nothing for ${SILENCE / 1000} s`, now);
    else if (fed > STANDSTILL / 1000 && this.#lag.seconds > 1 && now - this.#progressAt > STANDSTILL) {
      this.#fail(`it has not got on for ${STANDSTILL / 1000} s`, now);
    }
  }

  /** The process is of no use any more; what it made goes on where it was, as soon as another one is there. */
  #fail(reason: string, now: Millis): void {
    const process = this.#process;
    if (!process) return;
    this.#detach();
    process.kill();
    const delay = RETRY[Math.min(this.#failures, RETRY.length - 1)] ?? 0;
    this.#failures++;
    this.#retryAt = now + delay;
    const isGivenUp = this.#failures >= FAILED_AFTER;
    for (const entry of this.#entries.values()) {
      if (!entry.isMade) continue;
      entry.isMade = false;
      if (!isGivenUp) this.#setState(entry, "starting", reason);
      else {
        entry.retryAt = this.#retryAt;
        this.#options.output.dropRung(entry.rung.name);
        this.#setState(entry, "failed", reason);
      }
    }
    this.#options.log.error("a transcoder failed", { path: this.#options.path, reason, againInMs: delay });
    this.#startWanted(now);
  }

  #rungFailed(name: string, reason: string, now: Millis): void {
    const entry = this.#entries.get(name);
    if (!entry?.isMade) return;
    this.#stop(entry);
    const delay = Math.min(MAX_RUNG_RETRY, RUNG_RETRY * 2 ** entry.failures);
    entry.failures++;
    entry.retryAt = now + delay;
    this.#setState(entry, "failed", reason);
    this.#options.log.error("a rung failed", { path: this.#options.path, rung: name, reason, againInMs: delay });
    this.#endWhenIdle();
  }

  #setState(entry: RungEntry, state: RungStatus, reason?: string): void {
    entry.state = state;
    this.#options.output.setRungState(entry.rung.name, state, reason);
  }
}

function newEntry(rung: Rung, sink: RungSink): RungEntry {
  const never = Number.NEGATIVE_INFINITY;
  return {
    rung,
    sink,
    state: "idle",
    wantedAt: never,
    isMade: false,
    parts: new PartsPutIn(),
    failures: 0,
    retryAt: never,
  };
}

/** Samples per second, about; sound costs next to nothing. */
function costOf(rung: Rung): number {
  return rung.kind === "video" ? (rung.width * rung.height) / rung.frameDivisor : 1;
}

const isCut = ({ type }: FeedEvent): boolean => type !== "packet";
