import type { DecodedFrame } from "./clients/ffmpeg.ts";

/** How the times of played frames relate to those of the same frames in the source, in seconds. */
export type TimeComparison = {
  readonly matchedVideo: number;
  readonly matchedAudio: number;
  /** Largest difference between any two frames' delays, picture or sound: 0 when all keep their distance. */
  readonly spread: number;
};

/**
 * Finds the played frames in the source by their content. Frames whose content comes twice in the source are left out.
 * The first second of sound after a start decodes differently and does not match; that is no fault.
 */
export function compareTimes(source: readonly DecodedFrame[], played: readonly DecodedFrame[]): TimeComparison {
  const times = new Map<string, number | undefined>();
  for (const frame of source) times.set(frame.hash, times.has(frame.hash) ? undefined : frame.pts);
  let matchedVideo = 0;
  let matchedAudio = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const frame of played) {
    const original = times.get(frame.hash);
    if (original === undefined) continue;
    if (frame.kind === "video") matchedVideo++;
    else matchedAudio++;
    least = Math.min(least, frame.pts - original);
    most = Math.max(most, frame.pts - original);
  }
  return { matchedVideo, matchedAudio, spread: most - least };
}

/** The longest step between one frame of this kind and the next, in seconds. */
export function longestStep(frames: readonly DecodedFrame[], kind: DecodedFrame["kind"]): number {
  const times = frames.filter((frame) => frame.kind === kind).map((frame) => frame.pts);
  return times.reduce((longest, time, i) => (i === 0 ? 0 : Math.max(longest, time - (times[i - 1] as number))), 0);
}

/** How long from the first frame of this kind to the last, in seconds. */
export function spanOf(frames: readonly DecodedFrame[], kind: DecodedFrame["kind"]): number {
  const times = frames.filter((frame) => frame.kind === kind).map((frame) => frame.pts);
  return times.length === 0 ? 0 : Math.max(...times) - Math.min(...times);
}
