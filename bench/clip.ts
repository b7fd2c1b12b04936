import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";

const DIRECTORY = join(import.meta.dir, "..", ".cache", "bench");

/**
 * A minute of 1280x720 at 30 frames per second and 2.5 Mbit/s, H.264 with B-frames and AAC: moving picture with noise, so that
 * the encoder has to use its bitrate, and a keyframe every two seconds. Made by ffmpeg once. @returns the path of an MP4 file
 */
export function benchClip(): string {
  return made("720p30-2500k.mp4", [
    ...["-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30,noise=alls=12:allf=t"],
    ...["-f", "lavfi", "-i", "anoisesrc=a=0.05:c=pink:r=48000,aformat=channel_layouts=stereo", "-t", "60"],
    ...["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0"],
    ...["-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "5000k", "-pix_fmt", "yuv420p"],
    ...["-c:a", "aac", "-b:a", "128k"],
  ]);
}

/** A minute of 640x360 at 30 frames per second with AAC, 500 kbit/s in all, and a keyframe every two seconds. */
export function smallClip(): string {
  return made("360p30-500k.mp4", [
    ...["-f", "lavfi", "-i", "testsrc2=s=640x360:r=30,noise=alls=12:allf=t"],
    ...["-f", "lavfi", "-i", "anoisesrc=a=0.05:c=pink:r=48000,aformat=channel_layouts=stereo", "-t", "60"],
    ...["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0"],
    ...["-b:v", "430k", "-maxrate", "430k", "-bufsize", "430k", "-pix_fmt", "yuv420p"],
    ...["-c:a", "aac", "-b:a", "64k"],
  ]);
}

/** Half a minute of 640x360 with AAC, 2 Mbit/s in all: parts of 0.4 s are 100 kB, segments of 2 s 500 kB. */
export function mediumClip(): string {
  return made("360p30-2000k.mp4", [
    ...["-f", "lavfi", "-i", "testsrc2=s=640x360:r=30,noise=alls=30:allf=t"],
    ...["-f", "lavfi", "-i", "anoisesrc=a=0.05:c=pink:r=48000,aformat=channel_layouts=stereo", "-t", "30"],
    ...["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0"],
    ...["-b:v", "1870k", "-minrate", "1870k", "-maxrate", "1870k", "-bufsize", "400k", "-pix_fmt", "yuv420p"],
    ...["-c:a", "aac", "-b:a", "96k"],
  ]);
}

/** The same, or another clip, as an FLV file. */
export function benchFlv(clip: string = benchClip()): string {
  if (clip.endsWith(".flv")) return clip;
  return made(`${Bun.hash(clip).toString(16)}.flv`, ["-i", clip, "-c", "copy", "-flvflags", "no_duration_filesize"]);
}

function made(name: string, args: readonly string[]): string {
  const file = join(DIRECTORY, name);
  if (existsSync(file)) return file;
  mkdirSync(DIRECTORY, { recursive: true });
  console.log(`making ${name} ...`);
  const unfinished = join(DIRECTORY, `unfinished-${process.pid}-${name}`);
  const { success, stderr } = Bun.spawnSync(["ffmpeg", "-v", "error", "-nostdin", "-y", ...args, unfinished]);
  if (!success) throw new Error(`ffmpeg: ${stderr}`);
  renameSync(unfinished, file);
  return file;
}
