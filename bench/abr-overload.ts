/**
 * More ladders than the machine can carry: streams of 720p30, each of them with every rung made all the time. Shows each few
 * seconds how far the sources' playlists are behind real time, which rungs are made and which were given up; then all
 * encoders but one leave, and the rungs of the last one come back.
 *
 *   bun bench/abr-overload.ts [--streams 6] [--seconds 60] [--recovery 120] [--clip FILE]
 *
 * Needs ffmpeg and the media library.
 */
import { parseArgs } from "node:util";
import { publishWithFfmpeg } from "../test/support/clients/ffmpeg.ts";
import { type Naru, startNaru } from "../test/support/naru.ts";
import { sleep } from "../test/support/process.ts";
import { benchClip } from "./clip.ts";

const { values: flags } = parseArgs({
  options: {
    streams: { type: "string", default: "6" },
    seconds: { type: "string", default: "60" },
    recovery: { type: "string", default: "120" },
    clip: { type: "string" },
  },
});
const STEP = 5;

type Listed = { readonly path: string; readonly rungs?: readonly { readonly name: string; readonly state: string }[] };

/** Seconds from the end of what a playlist lists to now. */
async function behind(naru: Naru, path: string): Promise<number> {
  const text = await (await fetch(`${naru.http}/${path}/main.m3u8`)).text();
  let end = Number.NaN;
  for (const line of text.split("\n")) {
    if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) end = Date.parse(line.slice(25)) / 1000;
    else if (line.startsWith("#EXTINF:")) end += Number.parseFloat(line.slice(8));
  }
  // Parts of the segment that is not finished.
  const open = text.slice(text.lastIndexOf("#EXTINF:"));
  for (const [, duration] of open.matchAll(/#EXT-X-PART:DURATION=([\d.]+)/g)) end += Number(duration);
  return Date.now() / 1000 - end;
}

async function show(naru: Naru, paths: readonly string[], seconds: number): Promise<void> {
  for (let second = STEP; second <= seconds; second += STEP) {
    const lags: number[] = [];
    for (let look = 0; look < STEP; look++) {
      await sleep(1000);
      for (const path of paths) lags.push(await behind(naru, path));
    }
    const { streams } = (await (await fetch(`${naru.http}/api/streams`)).json()) as { streams: readonly Listed[] };
    const states = new Map<string, number>();
    for (const { rungs = [] } of streams)
      for (const { state } of rungs) states.set(state, (states.get(state) ?? 0) + 1);
    const worst = Math.max(...lags).toFixed(2);
    const counts = [...states].map(([state, count]) => `${count} ${state}`).join(", ");
    console.log(`${String(second).padStart(4)} s   sources at most ${worst} s behind   rungs: ${counts}`);
  }
}

const file = flags.clip ?? benchClip();
const paths = Array.from({ length: Number(flags.streams) }, (_, index) => `live/s${index}`);
await using naru = await startNaru({ config: { applications: { live: { abr: { always: true } } } } });
const publishers = paths.map((path) => publishWithFfmpeg(file, naru.publishUrl(path), { loop: true }));
try {
  for (const path of paths) await naru.live(path);
  console.log(`${paths.length} streams`);
  await show(naru, paths, Number(flags.seconds));
  await Promise.all(publishers.slice(1).map((publisher) => publisher.stop("SIGKILL")));
  console.log("one stream");
  await show(naru, paths.slice(0, 1), Number(flags.recovery));
  for (const line of naru.process.output.split("\n")) if (/rung/.test(line)) console.log(line);
} finally {
  await Promise.all(publishers.map((publisher) => publisher.stop("SIGKILL")));
}
