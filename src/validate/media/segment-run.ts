import type { SegmentInfo } from "../finding.ts";
import { isMedia, ROUNDING, seconds } from "./playlist-checks.ts";
import type { NoteAt } from "./rules.ts";
import { frameTicks, type MediaSummary, secondsBetween, type TrackSummary } from "./summary.ts";

/** What adds up over segments without a discontinuity between them: announced durations, dates, the way between keyframes. */
export class SegmentRun {
  /** Seconds of media since the anchor. */
  readonly #tracks = new Map<number, { latest: TrackSummary; decoded: number; shown: number }>();
  #announced = 0;
  #segments = 0;
  /** Date at the anchor. */
  #anchor: number | undefined;
  #dueDate: number | undefined;
  #key: { readonly id: number; readonly time: number } | undefined;

  /** @param onKeyframe takes the seconds from each keyframe to the next */
  constructor(
    private readonly note: NoteAt,
    private readonly onKeyframe: (distance: number) => void,
  ) {}

  /** The next segment in order. */
  add(info: SegmentInfo, summary: MediaSummary): void {
    this.#checkLeap(info);
    this.#checkSums(info, summary);
    this.#checkKeyframes(info, summary);
    this.#announced += info.duration;
    this.#segments++;
    const { programDateTime, duration } = info;
    this.#dueDate = programDateTime === undefined ? undefined : programDateTime + duration * 1000;
  }

  /** Dates that go further than the segment before lasted: there was nothing meanwhile. */
  #checkLeap({ programDateTime, uri }: SegmentInfo): void {
    if (programDateTime === undefined || this.#dueDate === undefined) return;
    const leap = (programDateTime - this.#dueDate) / 1000;
    if (leap <= MAX_DATE_DRIFT) return;
    this.note("program-date-time-leap", uri, `forward by ${seconds(leap)}`);
    if (this.#anchor !== undefined) this.#anchor += leap * 1000;
  }

  #checkSums({ uri, programDateTime }: SegmentInfo, summary: MediaSummary): void {
    let sum: number | undefined;
    let date: number | undefined;
    let elapsed = 0;
    let frame = 0;
    for (const track of summary.tracks.filter(isMedia)) {
      const known = this.#tracks.get(track.id);
      if (!known) continue;
      known.decoded += secondsBetween(track, known.latest.decodeStart, track.decodeStart);
      known.shown += secondsBetween(track, known.latest.presentationStart, track.presentationStart);
      known.latest = track;
      elapsed = known.decoded;
      frame = Math.max(frame, frameTicks(track) / track.timescale);
      sum = nearer(nearer(sum, this.#announced - known.decoded), this.#announced - known.shown);
      if (programDateTime === undefined || this.#anchor === undefined) continue;
      date = nearer(date, (programDateTime - this.#anchor) / 1000 - elapsed);
    }
    const isSumWrong = sum !== undefined && Math.abs(sum) > frame + ROUNDING + this.#segments * ROUNDING_EACH;
    const isDateWrong = date !== undefined && Math.abs(date) > MAX_DATE_DRIFT;
    if (isSumWrong) this.note("segment-duration-sum", uri, this.#off(sum ?? 0));
    if (isDateWrong) this.note("program-date-time", uri, this.#off(date ?? 0));
    if (this.#segments === 0 || isSumWrong || isDateWrong || elapsed > MAX_SPAN)
      this.#restart(summary, programDateTime);
  }

  #off(amount: number): string {
    const direction = amount > 0 ? "ahead of" : "behind";
    return `${seconds(Math.abs(amount))} ${direction} the media after ${this.#segments} segments`;
  }

  /** Counts anew from this segment on. */
  #restart(summary: MediaSummary, date: number | undefined): void {
    this.#announced = 0;
    this.#segments = 0;
    this.#anchor = date;
    this.#tracks.clear();
    for (const track of summary.tracks.filter(isMedia)) {
      this.#tracks.set(track.id, { latest: track, decoded: 0, shown: 0 });
    }
  }

  #checkKeyframes({ uri }: SegmentInfo, { tracks }: MediaSummary): void {
    const video = tracks.find(({ kind }) => kind === "video");
    if (!video) return;
    let longest = 0;
    for (const time of video.keys) {
      const before = this.#key;
      this.#key = { id: video.id, time };
      if (before?.id !== video.id) continue;
      const distance = secondsBetween(video, before.time, time);
      this.onKeyframe(distance);
      longest = Math.max(longest, distance);
    }
    if (longest > MAX_KEYFRAME_DISTANCE) this.note("keyframe-distance", uri, seconds(longest));
  }
}

/** Two seconds, and a little for frame rates that do not divide them. */
const MAX_KEYFRAME_DISTANCE = 2.1;

/** Seconds of an announced duration that rounding to milliseconds may cost. */
const ROUNDING_EACH = 0.0005;

/** Clocks of encoder and server drift apart, and dates are set right little by little; seconds, within MAX_SPAN. */
const MAX_DATE_DRIFT = 0.5;
const MAX_SPAN = 60;

function nearer(a: number | undefined, b: number): number {
  return a === undefined || Math.abs(b) < Math.abs(a) ? b : a;
}
