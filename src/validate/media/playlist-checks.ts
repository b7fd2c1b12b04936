import type { PartInfo, SegmentInfo } from "../finding.ts";
import type { Note } from "./rules.ts";
import {
  frameRate,
  frameTicks,
  leadingTrack,
  type MediaSummary,
  secondsBetween,
  type TrackSummary,
} from "./summary.ts";
import { LEAST_FRAMES, RATE_TOLERANCE } from "./variant-checks.ts";

/** Notes where a segment is not what its playlists say. Its duration is compared where what follows it is known. */
export function checkSegment(info: SegmentInfo, summary: MediaSummary, note: Note): void {
  checkTracks(summary, note);
  checkStart(summary, note);
  checkRate(summary, note);
  const video = summary.tracks.find(({ kind }) => kind === "video");
  if (video) checkKeyframes(info, video, note);
  const lead = leadingTrack(summary);
  const longest = lead ? durationOf(lead) : 0;
  if (longest > info.targetDuration + 0.5 + ROUNDING) {
    note("segment-exceeds-target", `${seconds(longest)} of media, target duration ${info.targetDuration} s`);
  }
}

/** Notes where a part is not what its playlist says. */
export function checkPart(info: PartInfo, summary: MediaSummary, note: Note): void {
  const tracks = summary.tracks.filter(isMedia);
  checkDuration("part-duration", info.duration, tracks, note);
  const video = summary.tracks.find(({ kind }) => kind === "video");
  if (!video) return;
  if (info.independentClaimed && video.keys.length === 0) note("independent-part", "no keyframe in it");
  if (!info.independentClaimed && video.keys.length > 0) {
    note("independent-part-unmarked", `${video.keys.length} keyframes in it`);
  }
}

/**
 * Notes when no track is as long as announced, by more than a frame, neither in decoding nor in presentation: where video
 * stands still, or comes late, the audio beside it is what lasts.
 */
export function checkDuration(
  rule: "part-duration" | "segment-duration",
  announced: number,
  tracks: readonly TrackSummary[],
  note: Note,
): void {
  let nearest: TrackSummary | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const track of tracks) {
    const { presentationStart, presentationEnd } = track;
    const shown = secondsBetween(track, presentationStart, presentationEnd);
    const off = Math.min(Math.abs(durationOf(track) - announced), Math.abs(shown - announced));
    const beyond = off - frameTicks(track) / track.timescale;
    if (beyond >= least) continue;
    least = beyond;
    nearest = track;
  }
  if (!nearest || least <= ROUNDING) return;
  const of = tracks.map((track) => `${seconds(durationOf(track))} of ${track.kind}`).join(", ");
  note(rule, `${seconds(announced)} announced, ${of}`);
}

/** Announced durations are rounded to milliseconds or so; seconds. */
export const ROUNDING = 0.002;

export function durationOf(track: TrackSummary): number {
  return secondsBetween(track, track.decodeStart, track.decodeEnd);
}

export function isMedia({ kind }: TrackSummary): boolean {
  return kind !== "other";
}

export function seconds(value: number): string {
  return `${value.toFixed(3)} s`;
}

function checkTracks({ announced, tracks }: MediaSummary, note: Note): void {
  const missing = announced.filter((name) => !tracks.some(({ id }) => name.startsWith(`${id}:`)));
  if (missing.length > 0) note("track-without-samples", `track ${missing.join(", track ")}`);
}

function checkStart(summary: MediaSummary, note: Note): void {
  const video = summary.tracks.find(({ kind }) => kind === "video");
  const audio = summary.tracks.find(({ kind }) => kind === "audio");
  if (!video || !audio) return;
  const skew = startSkew(video, audio);
  if (Math.abs(skew) > MAX_START_SKEW) {
    note("audio-video-start", `audio begins ${seconds(Math.abs(skew))} ${skew < 0 ? "before" : "behind"} video`);
  }
}

function checkRate({ tracks }: MediaSummary, note: Note): void {
  for (const track of tracks) {
    const rate = frameRate(track);
    if (rate === undefined || track.frames < LEAST_FRAMES || rate <= 60 * (1 + RATE_TOLERANCE)) continue;
    note("frame-rate-above-60", `measured ${rate.toFixed(3)}`);
  }
}

/** Seconds. */
const MAX_START_SKEW = 1;

/** Seconds from the first video to the first audio. */
function startSkew(video: TrackSummary, audio: TrackSummary): number {
  if (video.modulus !== undefined) return secondsBetween(video, video.presentationStart, audio.presentationStart);
  return audio.presentationStart / audio.timescale - video.presentationStart / video.timescale;
}

function checkKeyframes(info: SegmentInfo, video: TrackSummary, note: Note): void {
  if (video.keys.length === 0) note("segment-without-keyframe", `${video.frames} frames`);
  if (video.beginsWithKey) return;
  if (info.independentClaimed) note("independent-segment", "the first frame is not a keyframe");
  else if (video.keys.length > 0) note("segment-begins-without-keyframe", "the first frame is not a keyframe");
}
