import type { Millis } from "../media/time.ts";

/** What the playlist rounds away: EXTINF rounded to whole seconds may not exceed TARGETDURATION (RFC 8216bis 4.4.3.1). */
const ROUNDING = 0.499;
/** Room between the segment length expected and the length at which segments are cut by force; seconds. */
const SLACK = 0.1;
/** A keyframe this much before the target already ends the segment, so that 1.99 s for 2 s does not become 3.98 s. */
const EARLY = 0.1;

/** What a playlist has announced, in seconds. */
export type AnnouncedTargets = { readonly duration: number; readonly part: number };

/**
 * Durations that a playlist announces once and for life (players stop for good when one changes), and the limits that keep
 * the announcement true. The packager observes and obeys, the playlist announces; both hold the same object.
 */
export class PlaylistTargets {
  /** Shortest segment that a keyframe ends; seconds. */
  readonly segmentLeast: number;
  /** Configured target of a segment; seconds. */
  readonly segment: number;
  readonly #maxSegment: number;
  readonly #partConfigured: number;
  #part: number | undefined;
  #duration: number | undefined;
  #keyframeDistance = 0;
  #openSegment = 0;

  /** @param options.announced by an earlier server, to players that may still be there */
  constructor(options: {
    readonly partMs: Millis;
    readonly segmentMs: Millis;
    readonly maxSegmentMs: Millis;
    readonly announced?: AnnouncedTargets;
  }) {
    this.segment = Math.max(0.1, options.segmentMs / 1000);
    this.segmentLeast = this.segment * (1 - EARLY);
    this.#maxSegment = Math.max(this.segment, options.maxSegmentMs / 1000);
    this.#partConfigured = Math.max(0.05, Math.min(options.partMs / 1000, this.segment));
    this.#part = options.announced?.part;
    this.#duration = options.announced?.duration;
  }

  /** PART-TARGET in seconds. */
  get part(): number {
    return this.#part ?? this.#partConfigured;
  }

  /**
   * Settles PART-TARGET, once. Every part then ends exactly there (decode times can bend by less than a frame), so only a
   * frame longer than a part calls for another value: one frame a part.
   */
  fixPart(frameSeconds: number): void {
    this.#part ??= Math.max(this.#partConfigured, Math.ceil(frameSeconds * 1000 - 0.01) / 1000);
  }

  /** Longest a segment may get before it is cut by force; seconds. */
  get segmentLimit(): number {
    return this.#duration === undefined ? this.#maxSegment : this.#duration + ROUNDING;
  }

  /** TARGETDURATION as announced; undefined until `fix`. */
  get duration(): number | undefined {
    return this.#duration;
  }

  /** What has been announced; undefined until `fix`. */
  get announced(): AnnouncedTargets | undefined {
    return this.#duration === undefined ? undefined : { duration: this.#duration, part: this.part };
  }

  /** Notes the time between two keyframes, in seconds. */
  observeKeyframes(distance: number): void {
    this.#keyframeDistance = distance;
  }

  /** Notes how long the segment being made will be at the least, in seconds: what is announced has to hold for it too. */
  observeSegment(seconds: number): void {
    this.#openSegment = seconds;
  }

  /** What TARGETDURATION would be now. @param longest of the segments that the playlist holds, in seconds */
  estimate(longest: number): number {
    if (this.#duration !== undefined) return this.#duration;
    const distance = this.#keyframeDistance;
    const expected = distance > 0 ? Math.ceil(this.segmentLeast / distance) * distance : this.segment;
    const within = Math.min(Math.max(expected, this.segment), this.#maxSegment);
    return Math.max(1, Math.floor(within + 0.5 + SLACK), Math.round(Math.max(longest, this.#openSegment)));
  }

  /** Settles TARGETDURATION, when the first playlist is answered, and returns it. */
  fix(longest: number): number {
    this.#duration ??= this.estimate(longest);
    return this.#duration;
  }
}
