import type { Millis } from "../media/time.ts";
import type { Choice } from "./multivariant.ts";
import { Playout } from "./playout.ts";
import type { FailureKind, ViewerRequest, ViewerResponse } from "./request.ts";
import type { Tally } from "./tally.ts";
import { Track, type TrackHost } from "./track.ts";

/** Which variant to play: by measured bandwidth, or fixed; a number counts from 0 and goes round. */
export type VariantChoice = "auto" | "lowest" | "highest" | number;

export type ViewerOptions = {
  /** Of a multivariant or media playlist. */
  readonly url: string;
  /** Parts, blocking reloads, delta updates where the playlist offers them. */
  readonly lowLatency: boolean;
  /** Asks for the hinted part before it is listed, as Shaka Player and Apple's do and hls.js does not. */
  readonly hints: boolean;
  readonly variant: VariantChoice;
  /** Speed at which a viewer catches up that is later than it should be; 1 for never. */
  readonly rate: number;
  /** Changes the variant at random, at this interval on average. */
  readonly switchEvery: Millis | undefined;
};

/** What a viewer needs of the world. */
export interface ViewerPort {
  send(viewer: Viewer, request: ViewerRequest): void;
  /** No answer is wanted any more. */
  abandon(viewer: Viewer, request: ViewerRequest): void;
  wallclockAt(now: Millis): Millis;
  /** From 0 to below 1. */
  random(): number;
}

/** The multivariant playlist is asked for again after this long. */
const RETRY: Millis = 2_000;
/** Share of the measured bandwidth that a variant may take. */
const BANDWIDTH_SHARE = 0.8;
/** Weight of the newest measurement. */
const NEWEST_WEIGHT = 0.2;
/** Not more often than this does a measurement change the variant. */
const SWITCH_PAUSE: Millis = 4_000;
/** Later than it should be by less than this is in time, seconds. */
const ON_TIME_S = 0.1;

/**
 * One simulated player: tells its port what to fetch, is told what came, and plays it on a clock of its own. Touches no socket,
 * timer or clock: `now` is monotonic milliseconds.
 */
export class Viewer implements TrackHost {
  readonly tally: Tally;
  readonly playout: Playout;
  readonly #options: ViewerOptions;
  readonly #port: ViewerPort;
  #tracks: Track[] = [];
  #choices: readonly Choice[] = [];
  #playing: Choice | undefined;
  #multivariant: ViewerRequest | undefined;
  #retryAt: Millis | undefined;
  #switchAt: Millis | undefined;
  #switchedAt: Millis = 0;
  /** Bits per second, measured; 0 before the first. */
  #bandwidth = 0;
  #joined: Millis = 0;
  #hasMedia = false;
  #hasPlayed = false;
  #hasStalled = false;
  #catchingUp = false;
  #left = false;

  constructor(options: ViewerOptions, port: ViewerPort, tally: Tally) {
    this.#options = options;
    this.#port = port;
    this.tally = tally;
    this.playout = new Playout((duration) => this.#stalled(duration));
  }

  get lowLatency(): boolean {
    return this.#options.lowLatency;
  }

  get hints(): boolean {
    return this.#options.hints;
  }

  /** When `tick` wants to be called next. */
  get deadline(): Millis | undefined {
    if (this.#left) return undefined;
    let first = earlier(this.#retryAt, this.#switchAt);
    for (const track of this.#tracks) first = earlier(first, track.deadline);
    return first;
  }

  start(now: Millis): void {
    this.#joined = now;
    this.#loadMultivariant();
  }

  tick(now: Millis): void {
    if (this.#left) return;
    if (this.#retryAt !== undefined && this.#retryAt <= now) {
      this.#retryAt = undefined;
      this.#loadMultivariant();
    }
    for (const track of this.#tracks) track.tick(now);
    if (this.#switchAt !== undefined && this.#switchAt <= now) {
      this.#planSwitch(now);
      this.#switchTo(this.#choices[Math.floor(this.#port.random() * this.#choices.length)], now);
    }
  }

  answered(request: ViewerRequest, response: ViewerResponse, now: Millis): void {
    this.tally.answered(response.bytes);
    if (this.#left) return;
    if (request === this.#multivariant) {
      this.#gotMultivariant(request, response, now);
      return;
    }
    const track = this.#tracks[request.track];
    if (!track) return;
    if (request.unit) this.#measure(response);
    track.answered(request, response, now);
    if (request.unit && this.#options.variant === "auto") this.#adapt(now);
  }

  failed(request: ViewerRequest, failure: FailureKind, now: Millis): void {
    if (this.#left) return;
    if (request === this.#multivariant) {
      this.tally.failed(request.kind, failure);
      this.#retryMultivariant(now);
    } else this.#tracks[request.track]?.failed(request, failure, now);
  }

  /** Once a second or so: how late it is, and whether it should play faster. */
  sample(now: Millis): void {
    if (this.#left) return;
    this.playout.advance(now);
    const shown = this.playout.wallclock;
    if (shown === undefined || this.playout.state === "ended") return;
    const latency = this.#port.wallclockAt(now) - shown;
    this.tally.shows(latency);
    if (this.#options.rate > 1) this.#catchUp(latency / 1000, now);
  }

  /** Closes the books: a stall that goes on counts as far as it went. */
  leave(now: Millis): void {
    if (this.#left) return;
    this.playout.advance(now);
    if (this.playout.state === "stalled") this.#stalled(this.playout.stalledFor(now));
    this.#left = true;
  }

  send(request: ViewerRequest): void {
    this.tally.sent(request.kind);
    this.#port.send(this, request);
  }

  abandon(request: ViewerRequest): void {
    this.#port.abandon(this, request);
  }

  wallclockAt(now: Millis): Millis {
    return this.#port.wallclockAt(now);
  }

  joinAt(track: number): Millis | undefined | "later" {
    if (track === 0) return undefined;
    const first = this.playout.firstWallclock;
    return first === undefined && this.playout.state === "starting" && this.playout.ahead(0) === 0 ? "later" : first;
  }

  appended(now: Millis): void {
    if (!this.#hasMedia) {
      this.#hasMedia = true;
      this.tally.firstMedia.add(now - this.#joined);
      // The others begin where the first one does.
      this.#tracks[1]?.wake(now);
    }
    if (!this.#hasPlayed && this.playout.state === "playing") {
      this.#hasPlayed = true;
      this.tally.startup.add(now - this.#joined);
    }
  }

  completed(now: Millis): void {
    if (this.#tracks.every((track) => track.complete)) this.playout.complete(now);
  }

  #stalled(duration: Millis): void {
    this.tally.stalled(duration, !this.#hasStalled);
    this.#hasStalled = true;
  }

  #loadMultivariant(): void {
    const request: ViewerRequest = { kind: "multivariant", url: this.#options.url, track: 0, held: false };
    this.#multivariant = request;
    this.send(request);
  }

  #retryMultivariant(now: Millis): void {
    this.#multivariant = undefined;
    this.#retryAt = now + RETRY;
  }

  #gotMultivariant(request: ViewerRequest, { status, playlist }: ViewerResponse, now: Millis): void {
    this.#multivariant = undefined;
    if (status !== 200 || !playlist || playlist.type === "malformed") {
      if (status !== 200 || !playlist) this.tally.failed(request.kind, status);
      else this.tally.error("multivariant: cannot be read");
      this.#retryMultivariant(now);
      return;
    }
    // The URL may be that of a media playlist.
    this.#choices = playlist.type === "multivariant" ? playlist.choices : [{ url: request.url, bandwidth: 0 }];
    const choice = this.#first(this.#choices);
    this.#playing = choice;
    const urls = choice.audio === undefined ? [choice.url] : [choice.url, choice.audio];
    this.playout.begin(urls.length);
    this.#tracks = urls.map((url, index) => new Track(this, index, url));
    for (const track of this.#tracks) track.start(now);
    this.#planSwitch(now);
  }

  #first(choices: readonly Choice[]): Choice {
    const { variant } = this.#options;
    const sorted = choices.toSorted((a, b) => a.bandwidth - b.bandwidth);
    const chosen =
      variant === "lowest"
        ? sorted[0]
        : variant === "highest"
          ? sorted.at(-1)
          : choices[variant === "auto" ? 0 : variant % choices.length];
    return chosen as Choice;
  }

  #planSwitch(now: Millis): void {
    const { switchEvery } = this.#options;
    this.#switchAt =
      switchEvery === undefined || this.#choices.length < 2
        ? undefined
        : now + switchEvery * (0.5 + this.#port.random());
  }

  #switchTo(choice: Choice | undefined, now: Millis): void {
    if (!choice || choice === this.#playing) return;
    this.#playing = choice;
    this.#switchedAt = now;
    this.tally.switches++;
    this.#tracks[0]?.switchTo(choice.url, this.playout.loadedWallclock(0), now);
    if (choice.audio !== undefined) this.#tracks[1]?.switchTo(choice.audio, this.playout.loadedWallclock(1), now);
  }

  #measure({ bytes, took }: ViewerResponse): void {
    const measured = (bytes * 8000) / Math.max(1, took);
    this.#bandwidth =
      this.#bandwidth === 0 ? measured : this.#bandwidth * (1 - NEWEST_WEIGHT) + measured * NEWEST_WEIGHT;
  }

  /** The best variant that the measured bandwidth carries. */
  #adapt(now: Millis): void {
    if (this.#choices.length < 2 || now - this.#switchedAt < SWITCH_PAUSE) return;
    const budget = this.#bandwidth * BANDWIDTH_SHARE;
    let best: Choice | undefined;
    let lowest = this.#choices[0] as Choice;
    for (const choice of this.#choices) {
      if (choice.bandwidth < lowest.bandwidth) lowest = choice;
      if (choice.bandwidth <= budget && choice.bandwidth > (best?.bandwidth ?? -1)) best = choice;
    }
    this.#switchTo(best ?? lowest, now);
  }

  #catchUp(latency: number, now: Millis): void {
    const playlist = this.#tracks[0]?.snapshot?.playlist;
    if (!playlist) return;
    const { serverControl, partTarget, targetDuration } = playlist;
    const target =
      this.lowLatency && partTarget !== undefined
        ? (serverControl?.partHoldBack ?? 3 * partTarget)
        : (serverControl?.holdBack ?? 3 * targetDuration);
    const late = latency - target;
    if (!this.#catchingUp && late <= ON_TIME_S) return;
    this.#catchingUp = late > 0;
    this.playout.setRate(this.#catchingUp ? this.#options.rate : 1, now);
  }
}

const earlier = (a: Millis | undefined, b: Millis | undefined): Millis | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
