/**
 * What a ladder costs the server's own process, whose transcoder is another: one stream without rungs, one whose rungs may be
 * asked for and are not, and one with two rungs that are made all the time, each on a server of its own, side by side.
 *
 *   bun bench/abr-server.ts [--warm 30] [--seconds 30] [--clip FILE]
 *
 * Needs Linux, ffmpeg and the media library.
 */
import { parseArgs } from "node:util";
import { publishWithFfmpeg } from "../test/support/clients/ffmpeg.ts";
import { startNaru } from "../test/support/naru.ts";
import { sleep } from "../test/support/process.ts";
import { benchClip } from "./clip.ts";
import { processCost } from "./process-cost.ts";

const { values: flags } = parseArgs({
  options: {
    warm: { type: "string", default: "30" },
    seconds: { type: "string", default: "30" },
    clip: { type: "string" },
  },
});
const seconds = Number(flags.seconds);
const rungs = [
  { height: 480, bitrate: "1.4M" },
  { height: 360, bitrate: "800k" },
];
const LADDERS = { "no ladder": false, "not asked for": { rungs }, "two rungs made": { rungs, always: true } };

const clip = flags.clip ?? benchClip();
const servers = await Promise.all(
  Object.entries(LADDERS).map(async ([name, abr]) => {
    const naru = await startNaru({ config: { applications: { live: { abr } } } });
    return { name, naru, publishing: publishWithFfmpeg(clip, naru.publishUrl("live/test"), { loop: true }) };
  }),
);
await sleep(Number(flags.warm) * 1000);
const costs = () => servers.map(({ naru }) => processCost([naru.process.pid]).cpuMs);
const before = costs();
await sleep(seconds * 1000);
const spent = costs().map((cost, index) => (cost - (before[index] ?? 0)) / seconds);
const least = spent[0] ?? 0;
for (const [index, { name }] of servers.entries()) {
  const ms = spent[index] ?? 0;
  console.log(`${name.padEnd(16)} ${ms.toFixed(1).padStart(6)} ms of CPU a second   ${(ms / least).toFixed(2)}`);
}
for (const { naru, publishing } of servers) {
  await publishing.stop("SIGKILL");
  await naru[Symbol.asyncDispose]();
}
