import type { Millis } from "../media/time.ts";
import { Histogram } from "./histogram.ts";
import type { FailureKind, RequestKind } from "./request.ts";
import type { Unit } from "./snapshot.ts";

/** What is counted over all viewers. Times are milliseconds. */
export class Tally {
  requests = 0;
  responses = 0;
  /** Of bodies, as sent. */
  bytes = 0;
  stalls = 0;
  stalledMs = 0;
  /** Viewers that ever stalled. */
  viewersStalled = 0;
  /** Times a viewer lost its place in the playlist, or media it could not get, and went on elsewhere. */
  skips = 0;
  switches = 0;
  /** Hinted parts that were not to come, which the standard allows. */
  hintsDropped = 0;
  /** Blocking reloads answered without news. */
  unchanged = 0;
  /** Delta updates that did not fit what the viewer knew, so that the whole playlist was loaded. */
  deltasRefused = 0;
  readonly kinds = new Map<RequestKind, number>();
  readonly errors = new Map<string, number>();
  /** How far what is shown lies behind now, by EXT-X-PROGRAM-DATE-TIME; one value a second and viewer. */
  readonly latency = new Histogram();
  /** The same since the last report of progress. */
  readonly recentLatency = new Histogram();
  /** How long after the time of its last frame the newest part, or segment, is with a viewer. */
  readonly age = new Histogram();
  /** From joining to the first media. */
  readonly firstMedia = new Histogram();
  /** From joining to playing. */
  readonly startup = new Histogram();
  readonly #onMedia: ((unit: Unit, now: Millis) => void) | undefined;

  /** @param onMedia called when a viewer has got media */
  constructor(onMedia?: (unit: Unit, now: Millis) => void) {
    this.#onMedia = onMedia;
  }

  get errorCount(): number {
    let sum = 0;
    for (const count of this.errors.values()) sum += count;
    return sum;
  }

  sent(kind: RequestKind): void {
    this.requests++;
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
  }

  answered(bytes: number): void {
    this.responses++;
    this.bytes += bytes;
  }

  /** @param age of media that was the newest when it was asked for */
  gotMedia(unit: Unit, now: Millis, age: Millis | undefined): void {
    if (age !== undefined) this.age.add(age);
    this.#onMedia?.(unit, now);
  }

  failed(kind: RequestKind, failure: FailureKind | number): void {
    this.error(typeof failure === "number" ? `${kind}: status ${failure}` : `${kind}: ${FAILURES[failure]}`);
  }

  /** @param what kind of mistake: one of a small number */
  error(what: string): void {
    this.errors.set(what, (this.errors.get(what) ?? 0) + 1);
  }

  stalled(duration: Millis, firstOfViewer: boolean): void {
    this.stalls++;
    this.stalledMs += duration;
    if (firstOfViewer) this.viewersStalled++;
  }

  shows(latency: Millis): void {
    this.latency.add(latency);
    this.recentLatency.add(latency);
  }
}

const FAILURES: Readonly<Record<FailureKind, string>> = {
  connect: "no connection",
  timeout: "no answer in time",
  closed: "connection closed before the end of the answer",
  malformed: "not an HTTP answer",
};
