import { existsSync, mkdirSync, renameSync } from "node:fs";
import { run } from "../support/process.ts";
import { projectPath } from "../support/project.ts";

/** Pictures a second of every clip. */
export const FRAME_RATE = 15;
const SECONDS = 150;
/** How long the keyframes of `sparse` stay away. */
export const SPARSE_SECONDS = 32;

const KEYFRAME_EVERY_2_S = "expr:gte(t,n_forced*2)";
const H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "9999", "-sc_threshold", "0", "-bf", "0"];
const AAC = ["-c:a", "aac", "-b:a", "64k"];

type Clip = {
  readonly container: "flv" | "mkv";
  readonly size: string;
  readonly keyframes: string;
  readonly codecs: readonly string[];
};

/** Small, because six players decode them at once. */
const CLIPS = {
  usual: {
    container: "flv",
    size: "256x144",
    keyframes: KEYFRAME_EVERY_2_S,
    codecs: [...H264, "-profile:v", "baseline", ...AAC],
  },
  /** Another resolution, another profile and therefore other parameter sets; another sample rate. */
  other: {
    container: "flv",
    size: "320x180",
    keyframes: KEYFRAME_EVERY_2_S,
    codecs: [...H264, "-profile:v", "high", "-coder", "1", "-8x8dct", "1", "-bf", "2", ...AAC, "-ar", "44100"],
  },
  /** The parameter sets of `usual`. One keyframe, then none for a while, then as ever. */
  sparse: {
    container: "flv",
    size: "256x144",
    keyframes: `expr:if(lt(n_forced,1),1,gte(t,${SPARSE_SECONDS}+(n_forced-1)*2))`,
    codecs: [...H264, "-profile:v", "baseline", ...AAC],
  },
  hevc: {
    container: "mkv",
    size: "256x144",
    keyframes: KEYFRAME_EVERY_2_S,
    codecs: [
      "-c:v",
      "libx265",
      "-preset",
      "ultrafast",
      "-x265-params",
      "log-level=error:keyint=30:min-keyint=30:scenecut=0",
      ...AAC,
    ],
  },
  av1: {
    container: "mkv",
    size: "256x144",
    keyframes: KEYFRAME_EVERY_2_S,
    codecs: ["-c:v", "libsvtav1", "-preset", "12", "-g", "30", ...AAC],
  },
} satisfies Readonly<Record<string, Clip>>;

export type SurviveClip = keyof typeof CLIPS;

const made = new Map<SurviveClip, Promise<string>>();

/** Two and a half minutes of a moving picture and a tone, made by ffmpeg once. @returns the path of the file */
export function surviveClip(name: SurviveClip): Promise<string> {
  const file = made.get(name) ?? make(name);
  made.set(name, file);
  return file;
}

async function make(name: SurviveClip): Promise<string> {
  const { container, size, keyframes, codecs }: Clip = CLIPS[name];
  const directory = projectPath(".cache", "clips");
  const file = `${directory}/survive-${name}-${FRAME_RATE}.${container}`;
  if (existsSync(file)) return file;
  mkdirSync(directory, { recursive: true });
  const unfinished = `${directory}/unfinished-${process.pid}-survive-${name}.${container}`;
  const picture = ["-f", "lavfi", "-i", `testsrc2=s=${size}:r=${FRAME_RATE}`];
  const sound = ["-f", "lavfi", "-i", "sine=f=440:r=48000"];
  await run(
    "ffmpeg",
    [
      ...["-v", "error", "-nostdin", "-y", ...picture, ...sound, "-t", String(SECONDS)],
      ...["-pix_fmt", "yuv420p", "-force_key_frames", keyframes, ...codecs],
      unfinished,
    ],
    { timeoutMs: 180_000 },
  );
  renameSync(unfinished, file);
  return file;
}
