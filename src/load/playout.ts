import type { Millis } from "../media/time.ts";

/** Differences of wall clock below this are rounding of EXT-X-PROGRAM-DATE-TIME. */
const SAME_CLOCK_MS = 5;
/** Less than this left is empty: seconds are sums of rounded decimals. */
const EMPTY_S = 1e-6;
/** A frame of 60 a second: nobody sees that it comes late by less. */
const FRAME_MS = 1000 / 60;
/** Browsers begin, and go on after a stall, when a few frames are there. */
const PLAYABLE_S = 0.1;

/** Stretches ahead that are remembered: more than a player loads. */
const MAX_RUNS = 64;

/** Where a stretch of media with a continuous wall clock begins. */
type ClockRun = { readonly from: number; readonly wallclockAtZero: Millis };

/**
 * The clock of a player: media is appended at one end and played at the other, in seconds since the first media loaded. When
 * it runs out playing stops, and goes on with the next append. Several tracks play as far as all of them are loaded.
 */
export class Playout {
  #ends: number[] = [0];
  readonly #runs: ClockRun[][] = [[]];
  readonly #onStalled: (duration: Millis) => void;
  #startAt = 0;
  #position = 0;
  #at: Millis = 0;
  #state: "starting" | "playing" | "stalled" | "ended" = "starting";
  #rate = 1;
  #stalledSince: Millis = 0;
  #complete = false;

  /** @param onStalled playing goes on after so long without media */
  constructor(onStalled: (duration: Millis) => void) {
    this.#onStalled = onStalled;
  }

  /** Says how many tracks there are. One where this is not called. */
  begin(tracks: number): void {
    this.#ends = new Array<number>(tracks).fill(0);
    for (let track = 0; track < tracks; track++) this.#runs[track] = [];
  }

  /** `starting` until enough is loaded to begin; `ended` when the end of the stream was played. */
  get state(): "starting" | "playing" | "stalled" | "ended" {
    return this.#state;
  }

  /** Seconds into the first media at which to begin. */
  startAt(seconds: number): void {
    if (this.#state !== "starting") return;
    this.#startAt = seconds;
  }

  /** No more media will come. */
  complete(now: Millis): void {
    this.advance(now);
    this.#complete = true;
    if (this.#state === "stalled") this.#report(now);
    if (this.#state === "stalled" || this.#state === "starting") this.#state = "ended";
  }

  /**
   * Media of `duration` seconds was loaded.
   * @param wallclock of its first sample, by EXT-X-PROGRAM-DATE-TIME; undefined where the playlist has none
   */
  append(track: number, duration: number, wallclock: Millis | undefined, now: Millis): void {
    this.advance(now);
    const from = this.#ends[track] as number;
    if (wallclock !== undefined) appendClock(this.#runs[track] as ClockRun[], from, wallclock);
    this.#ends[track] = from + duration;
    const end = this.#end;
    if (this.#state === "starting" && end >= this.#startAt + PLAYABLE_S) {
      this.#position = this.#startAt;
      this.#at = now;
      this.#state = "playing";
    } else if (this.#state === "stalled" && end >= this.#position + PLAYABLE_S) {
      this.#report(now);
      this.#at = now;
      this.#state = "playing";
    }
  }

  /** Lets time pass. To be called before anything is asked. */
  advance(now: Millis): void {
    if (this.#state !== "playing") return;
    const position = this.#position + ((now - this.#at) / 1000) * this.#rate;
    const end = this.#end;
    if (position < end - EMPTY_S) {
      this.#position = position;
      this.#at = now;
      return;
    }
    this.#stalledSince = this.#at + ((end - this.#position) / this.#rate) * 1000;
    this.#position = end;
    this.#at = now;
    this.#state = this.#complete ? "ended" : "stalled";
  }

  /** From now on it plays so much faster than life. */
  setRate(rate: number, now: Millis): void {
    this.advance(now);
    this.#rate = rate;
  }

  /** How long it has been stalled, if it is. */
  stalledFor(now: Millis): Millis {
    return this.#state === "stalled" ? now - this.#stalledSince : 0;
  }

  /** Seconds of media ahead, of all tracks. */
  get buffered(): number {
    return this.#end - this.#position;
  }

  /** Seconds of media of one track ahead. */
  ahead(track: number): number {
    return (this.#ends[track] as number) - this.#position;
  }

  /** Program date-time of what is shown; undefined before the beginning, and without EXT-X-PROGRAM-DATE-TIME. */
  get wallclock(): Millis | undefined {
    const runs = this.#runs[0] as ClockRun[];
    if (this.#state === "starting") return undefined;
    while (runs[1] && runs[1].from <= this.#position) runs.shift();
    return runs[0] && runs[0].wallclockAtZero + this.#position * 1000;
  }

  /** Program date-time at the end of what is loaded of a track. */
  loadedWallclock(track: number): Millis | undefined {
    const run = this.#runs[track]?.at(-1);
    return run && run.wallclockAtZero + (this.#ends[track] as number) * 1000;
  }

  /** Program date-time of the very first media. */
  get firstWallclock(): Millis | undefined {
    return this.#runs[0]?.[0]?.wallclockAtZero;
  }

  #report(now: Millis): void {
    const duration = now - this.#stalledSince;
    if (duration >= FRAME_MS) this.#onStalled(duration);
  }

  get #end(): number {
    const { length } = this.#ends;
    let end = this.#ends[0] as number;
    for (let track = 1; track < length; track++) end = Math.min(end, this.#ends[track] as number);
    return end;
  }
}

function appendClock(runs: ClockRun[], from: number, wallclock: Millis): void {
  const wallclockAtZero = wallclock - from * 1000;
  const last = runs.at(-1);
  if (last && Math.abs(last.wallclockAtZero - wallclockAtZero) < SAME_CLOCK_MS) return;
  // Only the first track's are looked at while playing.
  if (runs.length === MAX_RUNS) runs.shift();
  runs.push({ from, wallclockAtZero });
}
