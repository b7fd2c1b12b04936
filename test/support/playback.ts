import type { VideoSample } from "./clients/chromium.ts";
import type { Decoded, DecodedFrame } from "./clients/ffmpeg.ts";

type Kind = DecodedFrame["kind"];

/** How the times of played frames relate to those of the same frames in the source. */
export type TimeComparison = {
  readonly matchedVideo: number;
  readonly matchedAudio: number;
  /** Seconds between the most and the least delayed frame, picture or sound: 0 when all keep their distance. */
  readonly spread: number;
};

/**
 * Finds the played frames in the source by their content. A frame whose content comes twice in the source is left out,
 * and the first sound after a start decodes differently and so does not match.
 */
export function compareTimes(source: readonly DecodedFrame[], played: readonly DecodedFrame[]): TimeComparison {
  const times = new Map<string, number | undefined>();
  for (const frame of source) times.set(frame.hash, times.has(frame.hash) ? undefined : frame.pts);
  const matched = { video: 0, audio: 0 };
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const frame of played) {
    const original = times.get(frame.hash);
    if (original === undefined) continue;
    matched[frame.kind]++;
    least = Math.min(least, frame.pts - original);
    most = Math.max(most, frame.pts - original);
  }
  return { matchedVideo: matched.video, matchedAudio: matched.audio, spread: most - least };
}

type Expected = {
  readonly kinds?: readonly Kind[];
  /** Seconds from one frame to the next; by default what 30 pictures a second and sound in frames of 20 to 32 ms keep. */
  readonly longestStep?: number;
};

/** What is wrong with a recording that should hold `seconds` without a hole. Empty when nothing is. */
export function faultsOf(decoded: Decoded, seconds: number, expected: Expected = {}): string[] {
  const { kinds = ["video", "audio"], longestStep = 0.05 } = expected;
  const faults = [...decoded.complaints];
  for (const kind of kinds) {
    const times = decoded.frames.filter((frame) => frame.kind === kind).map((frame) => frame.pts);
    const span = times.length === 0 ? 0 : Math.max(...times) - Math.min(...times);
    if (span < seconds - 0.5) faults.push(`${kind}: ${span.toFixed(3)} s instead of ${seconds} s`);
    times.forEach((time, i) => {
      const step = i === 0 ? 0 : time - (times[i - 1] as number);
      if (step > longestStep) faults.push(`${kind}: a step of ${step.toFixed(3)} s at ${time.toFixed(3)} s`);
      else if (step < 0) faults.push(`${kind}: a step back of ${-step.toFixed(3)} s at ${time.toFixed(3)} s`);
    });
  }
  return faults;
}

/** What is wrong with a video element that was watched twice a second and should have played all the time. */
export function faultsOfVideo(samples: readonly VideoSample[], kinds: readonly Kind[] = ["video", "audio"]): string[] {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || samples.length < 4) return [`only ${samples.length} samples`];
  const faults = samples.filter((sample) => sample.error).map((sample) => sample.error);
  samples.forEach((sample, i) => {
    const before = samples[i - 1];
    if (before && sample.currentTime <= before.currentTime) faults.push(`stands still at ${sample.currentTime} s`);
  });
  const seconds = (samples.length - 1) * 0.5;
  const played = last.currentTime - first.currentTime;
  if (played < seconds * 0.8) faults.push(`played ${played.toFixed(1)} s in ${seconds} s`);
  if (kinds.includes("video")) {
    const frames = last.frames - first.frames;
    if (last.width === 0) faults.push("no picture");
    if (frames < seconds * 20) faults.push(`${frames} pictures in ${seconds} s`);
  }
  if (kinds.includes("audio") && last.audioBytes <= first.audioBytes) faults.push("no sound");
  return faults;
}
