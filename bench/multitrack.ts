/**
 * What an encoder's ladder costs the server: CPU of streams of three video tracks, packaged as three renditions, beside that of
 * streams of one track with the same bytes, in one server. Rounds alternate; the first `--warm` of each kind are for the
 * compiler and not counted.
 *
 *   bun bench/multitrack.ts [--streams 6] [--seconds 8] [--rounds 3] [--warm 2] [--form one-track|many-tracks|many-tracks-many-codecs]
 *
 * Needs Linux and ffmpeg.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { FlvTag } from "../src/formats/flv/tag.ts";
import { MULTITRACK_FORMS, multitrackTags } from "../test/support/multitrack-tags.ts";
import { startNaru } from "../test/support/naru.ts";
import { run } from "../test/support/process.ts";
import { family, processCost } from "./process-cost.ts";
import { RtmpPublisher } from "./rtmp-publisher.ts";

const { values: flags } = parseArgs({
  options: {
    streams: { type: "string", default: "6" },
    seconds: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    warm: { type: "string", default: "2" },
    form: { type: "string", default: "one-track" },
  },
});
const streams = Number(flags.streams);
const seconds = Number(flags.seconds);
const rounds = Number(flags.rounds);
const form = MULTITRACK_FORMS.find((known) => known === flags.form);
if (!form) throw new Error(`--form: one of ${MULTITRACK_FORMS.join(", ")}`);

/** Height and kilobits per second. */
const LADDER = [
  [720, 3000],
  [480, 1400],
  [360, 800],
] as const;
const CLIP_SECONDS = 20;
const WARM_UP_MS = 4000;

const directory = mkdtempSync(join(tmpdir(), "naru-multitrack-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
const sum = LADDER.reduce((total, [, rate]) => total + rate, 0);
const video = LADDER.map(([height]) => join(directory, `${height}.flv`));
const whole = join(directory, "whole.flv");
const sound = join(directory, "sound.flv");
await encode([
  ...LADDER.map(([height, rate], i) => [height, rate, video[i] ?? ""] as const),
  [LADDER[0][0], sum, whole],
]);

const single = multitrackTags({ form, video: [whole], audio: [sound] });
const several = multitrackTags({ form, video, audio: [sound] });
const rate = (tags: readonly FlvTag[]) => tags.reduce((total, { body }) => total + body.length, 0) / CLIP_SECONDS / 125;
console.log(
  `${streams} streams, ${rounds} rounds of ${seconds} s; one track of ${rate(single).toFixed(0)} kbit/s, ${LADDER.length} tracks of ${rate(several).toFixed(0)} kbit/s, ${form}`,
);

// No stand-in for the streams of the round before.
await using naru = await startNaru({ config: { applications: { live: { hls: { grace: 0 } } } } });
const costs: Record<"single" | "several", number[]> = { single: [], several: [] };
for (let round = 1 - Number(flags.warm); round <= rounds; round++) {
  for (const kind of ["single", "several"] as const) {
    const cost = await measure(
      kind === "single" ? single : several,
      `${kind}${round}`,
      kind === "single" ? 1 : LADDER.length,
    );
    if (round > 0) costs[kind].push(cost);
    console.log(`  round ${round}  ${kind.padEnd(8)} ${cost.toFixed(2)} ms/s per stream`);
  }
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
console.log(
  `several tracks cost ${(median(costs.several) / median(costs.single)).toFixed(2)} of one track with the same bytes`,
);
process.exit(0);

async function measure(tags: readonly FlvTag[], name: string, variants: number): Promise<number> {
  const publishers = Array.from(
    { length: streams },
    (_, n) => new RtmpPublisher(tags, { port: naru.ports.rtmp, app: "live", name: `${name}-${n}` }),
  );
  const timer = setInterval(() => {
    for (const publisher of publishers) publisher.tick(performance.now());
  }, 5);
  await Bun.sleep(WARM_UP_MS);
  const playlist = await (await fetch(naru.playlistUrl(`live/${name}-0`))).text();
  const found = playlist.match(/#EXT-X-STREAM-INF/g)?.length ?? 0;
  if (found !== variants) throw new Error(`expected ${variants} variants, found ${found}:\n${playlist}`);
  const before = processCost(family(naru.process.pid));
  await Bun.sleep(seconds * 1000);
  const after = processCost(family(naru.process.pid));
  clearInterval(timer);
  for (const publisher of publishers) publisher.close();
  await Bun.sleep(500);
  return (after.cpuMs - before.cpuMs) / seconds / streams;
}

/** At a constant rate, by filling up, so that the bytes are the same whatever is in the picture. */
async function encode(outputs: readonly (readonly [height: number, kbps: number, file: string])[]): Promise<void> {
  const cbr = (kbps: number) => [
    "-b:v",
    `${kbps}k`,
    "-minrate",
    `${kbps}k`,
    "-maxrate",
    `${kbps}k`,
    "-bufsize",
    `${kbps}k`,
  ];
  const x264 = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-g",
    "60",
    "-x264-params",
    "nal-hrd=cbr:force-cfr=1:scenecut=0",
  ];
  const end = ["-t", String(CLIP_SECONDS), "-f", "flv"];
  await run(
    "ffmpeg",
    [
      ...[
        "-v",
        "error",
        "-nostdin",
        "-y",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=1280x720:r=30",
        "-f",
        "lavfi",
        "-i",
        "sine=f=440:r=48000",
      ],
      ...outputs.flatMap(([height, kbps, file]) => [
        "-map",
        "0:v",
        "-vf",
        `scale=-2:${height}`,
        ...x264,
        ...cbr(kbps),
        "-pix_fmt",
        "yuv420p",
        ...end,
        file,
      ]),
      ...["-map", "1:a", "-c:a", "aac", "-b:a", "128k", ...end, sound],
    ],
    { timeoutMs: 120_000 },
  );
}
