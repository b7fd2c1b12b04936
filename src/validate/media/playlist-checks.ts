import type { PartInfo, SegmentInfo } from "../finding.ts";
import { describeCodec } from "./codec-string.ts";
import type { Note } from "./rules.ts";
import { frameRate, frameTicks, type MediaSummary, secondsBetween, type TrackSummary } from "./summary.ts";

/** Notes where a segment is not what its playlists say. Its duration is compared where what follows it is known. */
export function checkSegment(info: SegmentInfo, summary: MediaSummary, note: Note): void {
  for (const track of summary.tracks) checkVariant(info, track, note);
  checkStart(summary, note);
  const video = summary.tracks.find(({ kind }) => kind === "video");
  if (video) checkKeyframes(info, video, note);
  const longest = Math.max(0, ...summary.tracks.filter(isMedia).map(durationOf));
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
 * Notes when no track is as long as announced, by more than a frame. Video decides; where it stands still, or comes late,
 * the audio beside it is what lasts.
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
    const beyond = Math.abs(durationOf(track) - announced) - frameTicks(track) / track.timescale;
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

function checkVariant(info: SegmentInfo, track: TrackSummary, note: Note): void {
  const { codec, kind, size } = track;
  if (info.codecs && codec !== "") checkCodec(codec, info.codecs, note);
  if (kind !== "video") return;
  const { resolution } = info;
  if (resolution && size && !isNear(resolution, size)) {
    note(
      "resolution",
      `RESOLUTION=${resolution.width}x${resolution.height}, pictures are ${size.width}x${size.height}`,
    );
  }
  const rate = frameRate(track);
  if (rate === undefined || track.frames < LEAST_FRAMES) return;
  if (info.frameRate && rate > info.frameRate * (1 + RATE_TOLERANCE)) {
    note("frame-rate", `FRAME-RATE=${info.frameRate}, measured ${rate.toFixed(3)}`);
  }
  if (rate > 60 * (1 + RATE_TOLERANCE)) note("frame-rate-above-60", `measured ${rate.toFixed(3)}`);
}

/** A few frames say little about their rate where times are rounded to milliseconds. */
const LEAST_FRAMES = 10;
const RATE_TOLERANCE = 0.05;

function isNear(a: { width: number; height: number }, b: { width: number; height: number }): boolean {
  // Anamorphic pictures are announced in coded or in square pixels, and rounded.
  return Math.abs(a.height - b.height) <= 2 && Math.abs(a.width - b.width) <= Math.max(2, b.width * 0.01);
}

function checkCodec(codec: string, announced: readonly string[], note: Note): void {
  const media = describeCodec(codec);
  const candidates = announced.map(describeCodec).filter(({ family }) => family === media.family);
  const list = announced.join(",");
  if (candidates.length === 0) {
    // Dolby Vision is announced by its own name, with the codec beneath it in the sample entry, and the other way round.
    const isDolby = announced.some((text) => describeCodec(text).family === "dolby-vision");
    if (media.family === "dolby-vision" || (isDolby && media.family === "hevc")) return;
    note("codecs-format", `${codec} is not in CODECS="${list}"`);
    return;
  }
  const fits = candidates.some(
    ({ profile, level, highTier }) =>
      (profile === undefined || media.profile === undefined || profile === media.profile) &&
      (level === undefined || media.level === undefined || media.level <= level) &&
      !(media.highTier === true && highTier === false),
  );
  if (!fits) note("codecs-profile", `${codec} is more than CODECS="${list}"`);
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
