import type { Packet } from "../media/event.ts";
import { rescale, type Ticks } from "../media/time.ts";
import type { AudioTrack, VideoTrack } from "../media/track.ts";
import { AudioQueue } from "./audio-queue.ts";
import { FrameClock } from "./frame-clock.ts";
import { KeyframeForecast } from "./keyframe-forecast.ts";
import type { SampleRun } from "./sample.ts";
import type { PlaylistTargets } from "./targets.ts";
import { VideoQueue } from "./video-queue.ts";

/** A part that was cut: from `start` to `end` on the playlist's timeline, in ticks of the cutter's timescale. */
export type CutPart = {
  readonly start: Ticks;
  readonly end: Ticks;
  readonly video: SampleRun | undefined;
  readonly audio: SampleRun | undefined;
  /** Begins with a keyframe. */
  readonly startsWithKey: boolean;
  /** A keyframe is in it. */
  readonly independent: boolean;
  readonly lastExpected: boolean;
  /** Frames of other encodings of the same pictures are behind the part from this time of the source on. */
  readonly behind: Ticks;
};

export interface CutReceiver {
  /** A packet has its place. @param dts as it is written: below `end` of the parts that it is in or before, not of others */
  placed(packet: Packet, dts: Ticks): void;
  part(part: CutPart): void;
  /** The segment is over; every part of it has been handed over. */
  segmentEnd(end: Ticks): void;
}

type CutOptions = {
  readonly flush?: boolean;
  /** The segment ends with it. */
  readonly last?: boolean;
  /** The last frame lasts until the end of the part. */
  readonly stretch?: boolean;
  /** The frame behind the part, where it is there already. */
  readonly next?: { readonly dts: Ticks; readonly key: boolean };
};

/** A segment that another cutter has begun. */
export type BegunSegment = {
  /** Where its last part ends. */
  readonly end: Ticks;
  /** So far; 0 when that part was the segment's last. */
  readonly parts: number;
  readonly duration: Ticks;
  readonly bytes: number;
  /** Starts with a keyframe. */
  readonly independent: boolean;
};

/** Audio waits this long for the first video frame of a run, in seconds: encoders look ahead before they send one. */
const VIDEO_PATIENCE = 2;
/** A part or segment that grows past these is cut whatever its times say: stamps that barely move must not fill memory. */
const MAX_PART_SAMPLES = 2_000;
const MAX_PART_BYTES = 32 * 1024 ** 2;
const MAX_SEGMENT_BYTES = 128 * 1024 ** 2;
/** A part that is not its segment's last must have 85 % of PART-TARGET (RFC 8216bis 4.4.4.9). */
const LEAST_OF_TARGET = 0.86;
/** Encodings of the same pictures have the same times but for rounding; one at twice the rate has another picture in between. */
const ALMOST_A_FRAME = 0.75;
/** Shortest part, in seconds, where times leave no room for more. */
const LEAST = 0.001;

/**
 * Decides where parts and segments of one run of media begin and end. A part ends exactly PART-TARGET after it began, and is
 * cut as soon as the frame came that is expected to last until then; it is never cut later than that frame unless the
 * expectation failed. A segment ends at a keyframe that comes when it is long enough, or by force at the limit. The ends are
 * those of the video's decoding times; of the audio's where there is no video, or where video stands still.
 */
export class PartCutter {
  /** Ticks per second of all times handed out, except those of audio samples in a run with video. */
  readonly timescale: number;
  readonly #targets: PlaylistTargets;
  readonly #receiver: CutReceiver;
  readonly #video: VideoQueue | undefined;
  readonly #audio: AudioQueue | undefined;
  readonly #audioTimescale: number;
  readonly #frames: FrameClock;

  #lastFrame: Ticks | undefined;
  readonly #keys: KeyframeForecast;

  /** Where the current part begins; undefined before the first packet. */
  #partStart: Ticks | undefined;
  #parts = 0;
  /** Of the current segment: duration and bytes of the parts already cut. */
  #segmentElapsed: Ticks = 0;
  #segmentBytes = 0;
  #segmentParts = 0;
  #segmentIndependent = false;
  #keepsSegment = false;
  #endsAtKey = false;

  constructor(
    tracks: { readonly video?: VideoTrack; readonly audio?: AudioTrack },
    targets: PlaylistTargets,
    receiver: CutReceiver,
    begun?: BegunSegment,
  ) {
    const { video, audio } = tracks;
    this.#targets = targets;
    this.#receiver = receiver;
    this.timescale = video?.timescale ?? audio?.timescale ?? 1;
    this.#audioTimescale = audio?.timescale ?? 1;
    this.#video = video && new VideoQueue();
    this.#audio = audio && new AudioQueue(audio.timescale, audio.config.samplesPerPacket, video !== undefined);
    this.#keys = new KeyframeForecast(this.timescale);
    this.#frames = new FrameClock(this.timescale, video?.config.frameRate);
    if (begun) this.#goOn(begun);
  }

  /** Whether nothing was cut yet, so that the run may still be begun anew with other tracks. */
  get untouched(): boolean {
    return this.#parts === 0;
  }

  /** Frames per second as seen; undefined until that can be told. */
  get frameRate(): number | undefined {
    const duration = this.#video && this.#frames.duration;
    return duration && this.timescale / duration;
  }

  /** Another encoder: its first keyframe ends the segment, so that the next ones come when segments may end. */
  endAtKey(): void {
    this.#endsAtKey = true;
  }

  /** A keyframe does not end the segment before another part is made. */
  keepSegment(): void {
    this.#keepsSegment = this.#segmentParts > 0;
  }

  /** Where the current part begins, in seconds; undefined before the first packet. */
  get partStart(): number | undefined {
    return this.#partStart === undefined ? undefined : this.#partStart / this.timescale;
  }

  /** The end of all media received, in seconds; undefined before the first packet. */
  get end(): number | undefined {
    const video = this.#lastFrame !== undefined ? this.#lastFrame + this.#frameDuration() : undefined;
    const audio = this.#audioEnd();
    const end = Math.max(video ?? Number.NEGATIVE_INFINITY, audio ?? Number.NEGATIVE_INFINITY);
    return end === Number.NEGATIVE_INFINITY ? undefined : end / this.timescale;
  }

  video(packet: Packet): void {
    const queue = this.#video;
    if (!queue) return;
    const { dts, key } = packet;
    this.#frames.observe(dts);
    if (this.#lastFrame === undefined && this.#parts === 0) {
      this.#partStart = dts;
      // Players would take its start for that of the segment.
      this.#audio?.drop(rescale(dts, this.timescale, this.#audioTimescale));
    }
    this.#partStart ??= dts;
    this.#catchUp(dts, key);
    const distance = this.#keys.observe(dts, key);
    if (distance) this.#targets.observeKeyframes(distance / this.timescale);
    const hasContent = this.#segmentParts > 0 || queue.length > 0;
    if (key && hasContent && !this.#keepsSegment && (this.#keyEndsSegment(dts) || this.#mayEndEarly())) {
      this.#endSegmentAt(dts);
    }
    if (key) this.#endsAtKey = false;
    const start = queue.push(packet, this.#frameDuration());
    this.#receiver.placed(packet, Math.max(start, this.#partStart));
    this.#lastFrame = dts;
    this.#cutIfFull();
  }

  audio(packet: Packet): void {
    const queue = this.#audio;
    if (!queue) return;
    const first = queue.end === undefined;
    if (!this.#video && !first) this.#catchUp(packet.dts);
    this.#receiver.placed(packet, queue.push(packet));
    this.#partStart ??= rescale(packet.dts, this.#audioTimescale, this.timescale);
    if (this.#video) this.#cutByAudio();
    else this.#cutIfFull();
  }

  /** Ends the run: everything queued becomes the last part of the last segment. */
  finish(): void {
    if (this.#partStart === undefined) return;
    const frameEnd = this.#lastFrame === undefined ? undefined : this.#lastFrame + this.#frameDuration();
    const end = this.#video?.length ? frameEnd : this.#audioEnd();
    if (end !== undefined) this.#cut(this.#within(Math.round(end)), { flush: true, last: true });
    this.#endSegment();
  }

  #goOn({ end, parts, duration, bytes, independent }: BegunSegment): void {
    this.#partStart = end;
    this.#parts = Math.max(1, parts);
    this.#segmentParts = parts;
    this.#segmentElapsed = duration;
    this.#segmentBytes = bytes;
    this.#segmentIndependent = independent;
  }

  #ticks(seconds: number): Ticks {
    return Math.round(seconds * this.timescale);
  }

  #frameDuration(): Ticks {
    return this.#frames.duration ?? this.timescale / 30;
  }

  #audioEnd(): Ticks | undefined {
    const end = this.#audio?.end;
    return end === undefined ? undefined : rescale(end, this.#audioTimescale, this.timescale);
  }

  /** Where the current part has to end at the latest. */
  #partLimit(): Ticks {
    const start = this.#partStart as Ticks;
    return Math.min(start + this.#ticks(this.#targets.part), start + this.#segmentRoom());
  }

  /** What is left of the current segment before it is cut by force: a whole number of parts, so that no crumb is left. */
  #segmentRoom(): Ticks {
    const { segmentLimit, part } = this.#targets;
    const limit = Math.max(1, Math.floor(segmentLimit / part + 1e-6)) * part;
    return Math.max(this.#ticks(LEAST), this.#ticks(Math.min(limit, segmentLimit)) - this.#segmentElapsed);
  }

  #within(end: Ticks): Ticks {
    const start = this.#partStart as Ticks;
    return Math.min(Math.max(end, start + this.#ticks(LEAST)), this.#partLimit());
  }

  #independentSoFar(): boolean {
    if (this.#segmentParts > 0) return this.#segmentIndependent;
    return this.#video ? this.#video.startsWithKey : true;
  }

  /** Whether a keyframe at `dts` ends the current segment. */
  #keyEndsSegment(dts: Ticks): boolean {
    const elapsed = this.#segmentElapsed + dts - (this.#partStart as Ticks);
    return elapsed >= this.#ticks(this.#targets.segmentLeast) || !this.#independentSoFar();
  }

  /** With something in the part that was hinted. */
  #mayEndEarly(): boolean {
    return this.#endsAtKey && this.#video !== undefined && this.#video.length > 0;
  }

  /** Cuts the parts that a frame at `dts` is too late for: the one before it lasted longer than expected. */
  #catchUp(dts: Ticks, key = false): void {
    while (dts >= this.#partLimit()) {
      if (!this.#video?.length && !this.#audioReaches()) break;
      if (!this.#cut(this.#partLimit(), { stretch: true, next: { dts, key } })) break;
    }
    // Nothing at all came meanwhile: the playlist's timeline leaves the pause out.
    if (dts >= this.#partLimit()) this.#partStart = dts;
  }

  #audioReaches(): boolean {
    const start = this.#audioStart();
    return start !== undefined && start < this.#partLimit();
  }

  #audioStart(): Ticks | undefined {
    const start = this.#audio?.start;
    return start === undefined ? undefined : rescale(start, this.#audioTimescale, this.timescale);
  }

  /**
   * Cuts when the latest frame is expected to last until the part has to end. Where the frame rate varies, the next frame
   * may come before that or after: then the part ends where the next can come at the earliest, if it is long enough.
   */
  #cutIfFull(): void {
    const limit = this.#partLimit();
    if (!this.#video) {
      const end = this.#audio?.end ?? 0;
      const step = this.#audio?.packetDuration ?? 0;
      this.#fixPart(step);
      if (end + step > limit + step / 8 || this.#isHuge()) this.#cut(this.#within(end));
      return;
    }
    const lastFrame = this.#lastFrame as Ticks;
    const frame = this.#frameDuration();
    if (this.#isHuge()) {
      this.#cut(this.#within(Math.round(lastFrame + frame)));
      return;
    }
    const range = this.#frames.range;
    if (!range) return;
    const nearly = limit - frame / 8;
    const earliest = lastFrame + range.shortest;
    const isLong = earliest >= (this.#partStart as Ticks) + this.#ticks(this.#targets.part * LEAST_OF_TARGET);
    if (earliest < nearly && !(isLong && lastFrame + range.longest >= nearly)) return;
    // Frames longer than half a part: wait for the audio that belongs beside them.
    if (this.#isSlow() && this.#audio && (this.#audioEnd() ?? limit) < limit) return;
    this.#fixPart(this.#audio ? 0 : frame);
    const end = earliest < nearly ? Math.round(earliest) : this.#partLimit();
    // Whether the segment ends here, and so what to hint at, is for the next frame to say: it is waited for if it comes soon.
    if (this.#keyEndsSegment(end) && !(this.#isSlow() && this.#keys.isForetold)) return;
    this.#cut(end);
  }

  /** Frames last longer than half a part. */
  #isSlow(): boolean {
    return this.#frameDuration() > this.#ticks(this.#targets.part) / 2;
  }

  #fixPart(frame: Ticks): void {
    this.#targets.fixPart(frame / this.timescale);
  }

  /** Video stands still, or comes far behind the audio: cut by the audio once it is a whole part ahead. */
  #cutByAudio(): void {
    const ahead = this.#lastFrame === undefined ? this.#ticks(VIDEO_PATIENCE) : this.#ticks(this.#targets.part);
    let end = this.#audioEnd() as Ticks;
    if (this.#isHuge()) this.#cut(this.#within(end));
    if (this.#lastFrame !== undefined) {
      // The frame that lasts until the end of the part is there already, only its audio was missing.
      if (this.#isSlow() && this.#lastFrame + this.#frameDuration() >= this.#partLimit()) end += ahead;
    }
    while (end - this.#partLimit() >= ahead) {
      if (this.#cut(this.#partLimit())) continue;
      // A pause in both: the playlist's timeline leaves it out.
      const start = this.#audioStart();
      if (start === undefined || start < this.#partLimit()) break;
      this.#partStart = start;
    }
  }

  #isHuge(): boolean {
    const video = this.#video;
    const audio = this.#audio;
    const bytes = (video?.bytes ?? 0) + (audio?.bytes ?? 0);
    const samples = (video?.length ?? 0) + (audio?.length ?? 0);
    return samples > MAX_PART_SAMPLES || bytes > MAX_PART_BYTES;
  }

  /** A keyframe begins the next segment. */
  #endSegmentAt(dts: Ticks): void {
    const start = this.#partStart as Ticks;
    // A part that was cut by expectation may end a little off the keyframe; the keyframe's own duration takes that up.
    const isFarOff = dts - start > this.#ticks(this.#targets.part) / 2;
    if (this.#video?.length || (isFarOff && this.#audioReaches())) this.#cut(this.#within(dts), { last: true });
    this.#endSegment();
  }

  /** Cuts a part that ends at `end`; false when there is nothing to cut. */
  #cut(end: Ticks, options: CutOptions = {}): boolean {
    // With the first part at the latest.
    this.#fixPart(0);
    const start = this.#partStart as Ticks;
    const startsWithKey = this.#video ? this.#video.startsWithKey : true;
    const independent = startsWithKey || this.#video?.hasKey === true;
    const room = this.#segmentRoom();
    const bytes = (this.#video?.bytes ?? 0) + (this.#audio?.bytes ?? 0);
    const video = this.#video?.take(options.stretch ? end : this.#frameEndWithin(end));
    const audio = options.flush ? this.#audio?.flush() : this.#audio?.take(this.#audioCut(end));
    if (!video && !audio) return false;
    if (this.#segmentParts === 0) this.#segmentIndependent = startsWithKey;
    this.#keepsSegment = false;
    this.#parts++;
    this.#segmentParts++;
    this.#segmentElapsed += end - start;
    this.#segmentBytes += bytes;
    this.#partStart = end;
    this.#targets.observeSegment(this.#segmentElapsed / this.timescale + this.#targets.part);
    const full = this.#segmentFull(end - start, room);
    const isNextKnown = options.next !== undefined || options.last === true;
    this.#receiver.part({
      start,
      end,
      behind: isNextKnown
        ? end
        : Math.min(end, Math.round((this.#lastFrame ?? end) + this.#frameDuration() * ALMOST_A_FRAME)),
      video,
      audio,
      startsWithKey,
      independent,
      lastExpected: full || options.last === true || this.#keyExpected(options.next),
    });
    if (full) this.#endSegment();
    return true;
  }

  /** Where the latest frame ends when the part ends at `end`: there, unless it is over long before (video fell behind). */
  #frameEndWithin(end: Ticks): Ticks {
    const frame = this.#frameDuration();
    const expected = (this.#lastFrame ?? 0) + frame;
    return expected < end - frame / 4 ? Math.round(expected) : end;
  }

  #audioCut(end: Ticks): Ticks {
    return this.#video ? rescale(end, this.timescale, this.#audioTimescale) : Number.POSITIVE_INFINITY;
  }

  #segmentFull(duration: Ticks, room: Ticks): boolean {
    if (this.#segmentBytes > MAX_SEGMENT_BYTES) return true;
    if (!this.#video) return this.#segmentElapsed >= this.#ticks(this.#targets.segmentLeast);
    return room - duration < this.#frameDuration() / 2;
  }

  /** Whether the next frame is the keyframe that ends the segment; where it is not there yet, whether it is likely that. */
  #keyExpected(next: CutOptions["next"]): boolean {
    if (next) return next.key && next.dts < this.#partLimit() && this.#keyEndsSegment(next.dts);
    return this.#isSlow() && this.#keys.isNext && this.#segmentElapsed >= this.#ticks(this.#targets.segmentLeast);
  }

  #endSegment(): void {
    if (this.#segmentParts === 0) return;
    this.#segmentParts = 0;
    this.#segmentElapsed = 0;
    this.#segmentBytes = 0;
    this.#targets.observeSegment(0);
    this.#receiver.segmentEnd(this.#partStart as Ticks);
  }
}
