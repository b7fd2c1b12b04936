/**
 * CPU time and quality of a transcoder's rungs beside the ffmpeg command line, which does the same: decodes once, scales, and
 * encodes with the same x264 settings. In turns, in one run. Usage: bun bench/transcode.ts [FILE [SECONDS [TURNS]]]
 */
import { writeFileSync } from "node:fs";
import type { MediaEvent } from "../src/media/event.ts";
import { FrameReader } from "../src/media-process/frames.ts";
import { decodeFromTranscoder, MessageWriter } from "../src/transcode/message-codec.ts";
import { MAX_MESSAGE_BYTES, TRANSCODER_ENV } from "../src/transcode/messages.ts";
import type { VideoRung } from "../src/transcode/rung.ts";
import { TemporaryDirectory } from "../test/support/directory.ts";
import { run } from "../test/support/process.ts";
import { projectPath } from "../test/support/project.ts";
import { eventsOf, LeadRecorder } from "../test/support/transcode.ts";
import { benchClip } from "./clip.ts";

const [source = benchClip(), seconds = "10", rounds = "3"] = process.argv.slice(2);
const ROUNDS = Number(rounds);

const BASE = { kind: "video", frameDivisor: 1, codec: "h264", encoder: "libx264", preset: "veryfast" } as const;
const RUNGS: readonly VideoRung[] = [
  { ...BASE, name: "480p", width: 854, height: 480, bitrate: 1_400_000, maxBitrate: 1_750_000, bufferSize: 2_800_000 },
  { ...BASE, name: "360p", width: 640, height: 360, bitrate: 800_000, maxBitrate: 1_000_000, bufferSize: 1_600_000 },
];
const X264 = "keyint=infinite:scenecut=0:open-gop=0:bframes=0";

type Result = { readonly cpuSeconds: number; readonly seconds: number; readonly files: ReadonlyMap<string, string> };

using directory = new TemporaryDirectory();

/** The same packets for both. */
async function cutSource(): Promise<string> {
  const file = directory.join("source.mp4");
  await run("ffmpeg", ["-v", "error", "-i", source, "-t", seconds, "-map", "0:v:0", "-c", "copy", file]);
  return file;
}

async function byTranscoder(events: readonly MediaEvent[], round: number): Promise<Result> {
  const lead = new LeadRecorder();
  const feed = lead.follow();
  lead.write(events);
  lead.write([{ type: "end" }]);
  const writer = new MessageWriter();
  writer.toTranscoder({ type: "settings", settings: { rungs: RUNGS } });
  for (const { name } of RUNGS) writer.toTranscoder({ type: "startRung", rung: name });
  for (const event of feed) writer.toTranscoder({ type: "feed", event });
  let input = new Uint8Array();
  writer.lend((bytes) => void (input = bytes.slice()));
  const command = [process.execPath, projectPath("src", "main.ts"), "transcode-worker"];
  const start = performance.now();
  const env = { ...process.env, ...TRANSCODER_ENV };
  const child = Bun.spawn(command, { env, stdin: input, stdout: "pipe" });
  const reader = new FrameReader(MAX_MESSAGE_BYTES);
  const pieces = new Map<string, Uint8Array[]>(RUNGS.map(({ name }) => [name, []]));
  for await (const chunk of child.stdout) {
    for (const body of reader.push(chunk)) {
      const message = decodeFromTranscoder(body);
      if (message.type === "rungFailed") throw new Error(`${message.rung}: ${message.reason}`);
      if (message.type !== "rendition") continue;
      const { event } = message;
      if (event.type === "init" || event.type === "part") pieces.get(message.rung)?.push(event.bytes);
    }
  }
  await child.exited;
  const files = new Map<string, string>();
  for (const [name, bytes] of pieces) {
    const file = directory.join(`naru-${name}-${round}.mp4`);
    writeFileSync(file, Buffer.concat(bytes));
    files.set(name, file);
  }
  return result(child, start, files);
}

async function byFfmpeg(file: string, round: number): Promise<Result> {
  const files = new Map(RUNGS.map(({ name }) => [name, directory.join(`ffmpeg-${name}-${round}.mp4`)]));
  const split = `[0:v]split=${RUNGS.length}${RUNGS.map((_, index) => `[in${index}]`).join("")}`;
  const scales = RUNGS.map(({ width, height }, index) => `[in${index}]scale=${width}:${height},setsar=1[out${index}]`);
  const outputs = RUNGS.flatMap(({ name, preset, bitrate, maxBitrate, bufferSize }, index) => [
    ...["-map", `[out${index}]`, "-c:v", "libx264", "-preset", preset ?? "", "-x264-params", X264],
    ...["-b:v", `${bitrate}`, "-maxrate", `${maxBitrate}`, "-bufsize", `${bufferSize}`],
    ...[
      "-force_key_frames",
      "source",
      "-forced-idr",
      "1",
      "-pix_fmt",
      "yuv420p",
      "-vsync",
      "passthrough",
      files.get(name) ?? "",
    ],
  ]);
  const args = ["-v", "error", "-nostdin", "-i", file, "-filter_complex", [split, ...scales].join(";"), ...outputs];
  const start = performance.now();
  const child = Bun.spawn(["ffmpeg", ...args], { stdout: "ignore" });
  if ((await child.exited) !== 0) throw new Error("ffmpeg failed");
  return result(child, start, files);
}

function result(child: Bun.Subprocess, start: number, files: ReadonlyMap<string, string>): Result {
  const cpu = child.resourceUsage()?.cpuTime.total ?? 0n;
  return { cpuSeconds: Number(cpu) / 1e6, seconds: (performance.now() - start) / 1000, files };
}

type Quality = { readonly psnr: number; readonly ssim: number; readonly kbps: number };

/** Against the source, scaled as both scale it. */
async function qualityOf(file: string, reference: string, { width, height }: VideoRung): Promise<Quality> {
  const graph = [
    `[1:v]scale=${width}:${height}:flags=bicubic,settb=1/90000,setpts=N,split[r1][r2]`,
    "[0:v]settb=1/90000,setpts=N,split[d1][d2]",
    "[d1][r1]psnr[p]",
    "[d2][r2]ssim[s]",
  ].join(";");
  const args = ["-hide_banner", "-nostats", "-i", file, "-i", reference, "-filter_complex", graph];
  const child = Bun.spawn(["ffmpeg", ...args, "-map", "[p]", "-map", "[s]", "-f", "null", "-"], { stderr: "pipe" });
  const text = await new Response(child.stderr).text();
  const length = Number(
    await run("ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", reference]),
  );
  const packets = await run("ffprobe", ["-v", "error", "-show_entries", "packet=size", "-of", "csv=p=0", file]);
  const bytes = packets.split("\n").reduce((sum, line) => sum + Number.parseInt(line || "0", 10), 0);
  return {
    psnr: Number(/PSNR.* average:([\d.]+)/.exec(text)?.[1]),
    ssim: Number(/SSIM.* All:([\d.]+)/.exec(text)?.[1]),
    kbps: (bytes * 8) / length / 1000,
  };
}

/** What x264 says of itself in its first picture. */
async function x264Of(file: string): Promise<string> {
  const text = Buffer.from(await Bun.file(file).arrayBuffer()).toString("latin1");
  return /x264 - (core \d+(?: r\d+)?)/.exec(text)?.[1] ?? "unknown";
}

const file = await cutSource();
const events = await eventsOf(file);
const naru: Result[] = [];
const ffmpeg: Result[] = [];
for (let round = 0; round < ROUNDS; round++) {
  naru.push(await byTranscoder(events, round));
  ffmpeg.push(await byFfmpeg(file, round));
}
const total = (results: readonly Result[]) => results.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) / ROUNDS;
const ratios = naru
  .map(({ cpuSeconds }, index) => cpuSeconds / (ffmpeg[index]?.cpuSeconds ?? Number.NaN))
  .sort((a, b) => a - b);
console.log(`${source}: ${seconds} s, ${RUNGS.map(({ name }) => name).join(" and ")}, mean of ${ROUNDS} runs in turns`);
console.log(`ffmpeg: ${(await run("ffmpeg", ["-version"])).split("\n")[0]}`);
for (const [name, results] of [
  ["naru", naru],
  ["ffmpeg", ffmpeg],
] as const) {
  const [first] = results;
  if (!first) continue;
  console.log(
    `\n${name}: ${total(results).toFixed(2)} CPU seconds, ${results.map((one) => one.seconds.toFixed(1)).join(", ")} s`,
  );
  for (const rung of RUNGS) {
    const made = first.files.get(rung.name) ?? "";
    const { psnr, ssim, kbps } = await qualityOf(made, file, rung);
    const numbers = `PSNR ${psnr.toFixed(3)} dB, SSIM ${ssim.toFixed(5)}, ${kbps.toFixed(0)} kbit/s`;
    console.log(`  ${rung.name}: ${numbers}, x264 ${await x264Of(made)}`);
  }
}
const list = ratios.map((ratio) => ratio.toFixed(3)).join(", ");
console.log(`\nCPU of naru / ffmpeg: ${ratios[Math.floor(ROUNDS / 2)]?.toFixed(3)} (${list})`);
