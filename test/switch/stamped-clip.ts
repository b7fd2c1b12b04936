import { existsSync, mkdirSync, renameSync } from "node:fs";
import { type FlvTag, TagType } from "../../src/formats/flv/tag.ts";
import { readFlv } from "../support/clients/scripted-publisher.ts";
import { run } from "../support/process.ts";
import { projectPath } from "../support/project.ts";

/**
 * The number of a picture in its upper left corner, for programs: a row of squares, the first white, the second black, then
 * ten bits, most significant first, white for one, and the same ten inverted.
 */
const BITS = 10;

export const STAMP = {
  squares: 2 + 2 * BITS,
  /** Of the row, in parts of the picture's. */
  width: 0.55,
  height: 0.05,
} as const;

/** What one round of the clip is made of. It has no picture twice. */
export const CLIP = { width: 640, height: 360, frameRate: 25, pictures: 800, bitrate: 2_000_000 } as const;

/** The number of a picture, from the brightness of its squares; undefined when it cannot be read. */
export function readStamp(levels: readonly number[]): number | undefined {
  const [white = 0, black = 0, ...squares] = levels;
  if (squares.length !== 2 * BITS || white - black < MIN_CONTRAST) return undefined;
  const bits = squares.map((level) => level > (white + black) / 2);
  if (!bits.slice(0, BITS).every((bit, i) => bit !== bits[BITS + i])) return undefined;
  return bits.slice(0, BITS).reduce((value, bit) => value * 2 + (bit ? 1 : 0), 0);
}

/** Of 255. */
const MIN_CONTRAST = 60;

/** Stamped pictures that cost their bitrate all the time, and a tone; made by ffmpeg once. A round takes as long as its pictures. */
export async function stampedClip(): Promise<FlvTag[]> {
  const tags = readFlv(await make());
  const stamps = tags.filter(({ type, body }) => type === TagType.video && body[1] === 1).map((tag) => tag.timestamp);
  const [first = 0, last = 0] = [stamps[0], stamps.at(-1)];
  // The sound begins before the pictures and ends behind them.
  const isOutside = ({ type, timestamp, body }: FlvTag) =>
    type === TagType.audio && body[1] === 1 && (timestamp < first || timestamp > last);
  return tags
    .filter((tag) => !isOutside(tag))
    .map((tag) => ({ ...tag, timestamp: Math.max(0, tag.timestamp - first) }))
    .sort((a, b) => a.timestamp - b.timestamp);
}

async function make(): Promise<string> {
  const { width, height, frameRate, pictures, bitrate } = CLIP;
  const directory = projectPath(".cache", "clips");
  const file = `${directory}/stamped-${width}x${height}-${bitrate}.flv`;
  if (existsSync(file)) return file;
  mkdirSync(directory, { recursive: true });
  const unfinished = `${directory}/unfinished-${process.pid}-stamped.flv`;
  const seconds = pictures / frameRate;
  const bit = (last: number) => `mod(floor(mod(N,${pictures})/pow(2,${last}-X)),2)`;
  const level = `if(eq(X,0),255,if(eq(X,1),0,if(lt(X,${2 + BITS}),255*${bit(1 + BITS)},255-255*${bit(1 + 2 * BITS)})))`;
  const row = `color=s=${STAMP.squares}x1:r=${frameRate},format=gray,geq=lum='${level}'`;
  const size = `${STAMP.width * width}:${STAMP.height * height}`;
  await run(
    "ffmpeg",
    [
      ...["-v", "error", "-nostdin", "-y"],
      ...["-f", "lavfi", "-i", `testsrc2=s=${width}x${height}:r=${frameRate},noise=alls=30:allf=t`],
      ...["-f", "lavfi", "-i", `${row},scale=${size}:flags=neighbor`],
      ...["-f", "lavfi", "-t", String(seconds), "-i", "sine=f=440:r=48000"],
      ...["-filter_complex", "[0:v][1:v]overlay,format=yuv420p[v]", "-map", "[v]", "-map", "2:a"],
      ...["-frames:v", String(pictures), "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "main", "-bf", "0"],
      ...["-g", String(2 * frameRate), "-sc_threshold", "0"],
      ...["-b:v", String(bitrate), "-maxrate", String(bitrate), "-bufsize", String(bitrate / 2)],
      ...["-c:a", "aac", "-b:a", "96k", unfinished],
    ],
    { timeoutMs: 120_000 },
  );
  renameSync(unfinished, file);
  return file;
}
