import { existsSync, mkdirSync, renameSync } from "node:fs";
import { run } from "./process.ts";
import { projectPath } from "./project.ts";

const H264 = ["-c:v", "libx264", "-preset", "superfast", "-bf", "2"];
const HEVC = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:keyint=60:min-keyint=60"];
const AV1 = ["-c:v", "libsvtav1", "-preset", "12"];
const VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M"];
const AAC = ["-c:a", "aac", "-b:a", "128k"];
const OPUS = ["-c:a", "libopus", "-b:a", "96k"];

type Clip = {
  readonly container: "mp4" | "mkv";
  readonly video?: readonly string[];
  readonly audio?: readonly string[];
};

/** Matroska for FFmpeg 8, whose flv muxer refuses the codec tags of MP4 when it copies. */
const CLIPS = {
  "h264-aac": { container: "mp4", video: H264, audio: AAC },
  "h264-aac51": { container: "mp4", video: H264, audio: [...AAC, "-ac", "6"] },
  "h264-mp3": { container: "mp4", video: H264, audio: ["-c:a", "libmp3lame"] },
  "h264-opus": { container: "mkv", video: H264, audio: OPUS },
  "h264-flac": { container: "mkv", video: H264, audio: ["-c:a", "flac"] },
  "h264-ac3": { container: "mkv", video: H264, audio: ["-c:a", "ac3"] },
  "hevc-aac": { container: "mkv", video: HEVC, audio: AAC },
  "av1-opus": { container: "mkv", video: AV1, audio: OPUS },
  "vp9-opus": { container: "mkv", video: VP9, audio: OPUS },
  "h264-only": { container: "mp4", video: H264 },
  "aac-only": { container: "mp4", audio: AAC },
} satisfies Readonly<Record<string, Clip>>;

export type ClipName = keyof typeof CLIPS;

const SECONDS = 45;

/**
 * A clip of 45 seconds, 640x360 at 30 frames a second with a keyframe every two seconds, and 48 kHz stereo sound.
 * Made by ffmpeg once and kept in `.cache/`. No picture and no stretch of sound comes twice, so that a frame found in an
 * output tells where in the source it was.
 * @returns the path of the file
 */
export async function clip(name: ClipName): Promise<string> {
  const { container, video, audio }: Clip = CLIPS[name];
  const directory = projectPath(".cache", "clips");
  const file = `${directory}/${name}.${container}`;
  if (existsSync(file)) return file;
  mkdirSync(directory, { recursive: true });
  const unfinished = `${directory}/unfinished-${process.pid}-${name}.${container}`;
  await run(
    "ffmpeg",
    [
      ...["-v", "error", "-nostdin", "-y"],
      ...(video ? ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=30"] : []),
      ...(audio ? ["-f", "lavfi", "-i", "anoisesrc=a=0.05:c=pink:seed=1:r=48000,aformat=channel_layouts=stereo"] : []),
      ...["-t", String(SECONDS), "-g", "60", "-keyint_min", "60", "-pix_fmt", "yuv420p"],
      ...(video ?? []),
      ...(audio ?? []),
      unfinished,
    ],
    { timeoutMs: 180_000 },
  );
  renameSync(unfinished, file);
  return file;
}
