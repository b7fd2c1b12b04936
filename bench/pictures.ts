/**
 * CPU time of pictures, by source: decoding a keyframe, and making a thumbnail or a tile of it; and of a sheet.
 *   bun bench/pictures.ts [FILE...]      fragmented MP4; without, clips that ffmpeg makes
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { loadMediaLibrary } from "../src/media-process/library.ts";
import { work } from "../src/pictures/child/work.ts";
import type { PictureTask } from "../src/pictures/picture-queue.ts";
import { cmafKeyframe, videoOf } from "../src/pictures/segment-keyframe.ts";

const ROUNDS = 20;
const MP4 = ["-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "-"];
const CLIPS = [
  ["H.264 1280x720", "1280x720", ["-c:v", "libx264", "-preset", "fast", "-b:v", "3M"]],
  ["H.264 1920x1080", "1920x1080", ["-c:v", "libx264", "-preset", "fast", "-b:v", "6M"]],
  [
    "HEVC 1920x1080, 10 bits",
    "1920x1080",
    ["-c:v", "libx265", "-preset", "fast", "-b:v", "4M", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=none"],
  ],
  ["AV1 1920x1080", "1920x1080", ["-c:v", "libsvtav1", "-preset", "10", "-b:v", "3M"]],
  ["H.264 3840x2160", "3840x2160", ["-c:v", "libx264", "-preset", "fast", "-b:v", "16M"]],
] as const;

const before = cpuMs();
const av = await loadMediaLibrary();
if (!av) throw new Error("the media library is not installed");
av.Log.setLevel(av.AV_LOG_QUIET);
console.log(`loading the library: ${(cpuMs() - before).toFixed(0)} ms`);

const given = process.argv.slice(2);
const sources = given.length > 0 ? given.map((file) => [basename(file), readFileSync(file)] as const) : made();
const tile = { width: 160, height: 90 };
for (const [name, file] of sources) {
  const video = videoOf(file);
  const keyframe = video && cmafKeyframe(file, video);
  if (!keyframe) throw new Error(`${name}: no keyframe`);
  const costs = (
    [
      ["JPEG 480", { type: "thumbnail", keyframe, width: 480, format: "jpeg" }],
      ["WebP 480", { type: "thumbnail", keyframe, width: 480, format: "webp" }],
      ["tile", { type: "tile", keyframe, size: tile }],
    ] satisfies readonly (readonly [string, PictureTask])[]
  ).map(([what, task]) => `${what} ${cost(task)}`);
  console.log(`${name}, keyframe of ${Math.round(keyframe.data.length / 1024)} kB: ${costs.join(", ")}`);
}

const samples = new Uint8Array((tile.width * tile.height * 3) / 2).map((_, index) => (index * 7) & 0xff);
const tiles = Array.from({ length: 15 }, (_, place) => ({ place, samples }));
for (const format of ["jpeg", "webp"] as const) {
  console.log(`sheet of 15 tiles, ${format}: ${cost({ type: "sheet", format, tile, columns: 10, rows: 2, tiles })}`);
}
process.exit(0);

/** Milliseconds of CPU for one. */
function cost(task: PictureTask): string {
  if (!av) return "";
  const start = cpuMs();
  for (let id = 0; id < ROUNDS; id++) work(av, { ...task, id });
  return `${((cpuMs() - start) / ROUNDS).toFixed(1)} ms`;
}

function made() {
  return CLIPS.map(([name, size, encoder]) => {
    const source = ["-f", "lavfi", "-i", `mandelbrot=s=${size}`, "-frames:v", "1", "-pix_fmt", "yuv420p"];
    const { stdout, exitCode } = Bun.spawnSync(["ffmpeg", "-v", "error", ...source, ...encoder, ...MP4]);
    if (exitCode !== 0) throw new Error(`ffmpeg cannot make ${name}`);
    return [name, new Uint8Array(stdout)] as const;
  });
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
