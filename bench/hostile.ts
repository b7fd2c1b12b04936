/**
 * What a viewer notices of slow and hostile ones: the server on core 0, everybody else on core 1. For each kind of them: how late
 * parts come to a viewer who asks for them as they are hinted, how long a reload takes, and the server's memory and CPU.
 *
 *   bun bench/hostile.ts [--seconds 8] [--only NAME]
 *
 * Debian: ffmpeg, nghttp2-client, util-linux. Ten thousand connections need 11,000 open files on either side (ulimit -n).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Behaviour, HostileCrowd } from "../test/support/hostile-crowd.ts";
import { startNaru } from "../test/support/naru.ts";
import { until } from "../test/support/process.ts";
import { projectPath } from "../test/support/project.ts";
import { percentile, SteadyViewer } from "../test/support/steady-viewer.ts";
import { benchFlv, mediumClip } from "./clip.ts";
import { family, processCost } from "./process-cost.ts";
import { RtmpPublisher, readFlv } from "./rtmp-publisher.ts";

const { values: flags } = parseArgs({
  options: { seconds: { type: "string", default: "8" }, only: { type: "string" } },
});
const seconds = Number(flags.seconds);

Bun.spawnSync(["taskset", "-acp", "1", String(process.pid)]);
const command = ["taskset", "-c", "0", process.execPath, projectPath("src/main.ts")] as const;
await using naru = await startNaru({ command, config: { applications: { live: { hls: { window: "10m" } } } } });
const publisher = new RtmpPublisher(readFlv(benchFlv(mediumClip())), {
  port: naru.ports.rtmp,
  app: "live",
  name: "bench",
});
const timer = setInterval(() => publisher.tick(performance.now()), 2);
const stream = `${naru.http}/live/bench`;
await naru.live("live/bench");
const segment = await until(
  "a segment",
  10_000,
  async () => /^main\/\d+\.m4s$/m.exec(await (await fetch(`${stream}/main.m3u8`)).text())?.[0],
);
const pid =
  family(naru.process.pid).find((member) => readFileSync(`/proc/${member}/comm`, "utf8").startsWith("bun")) ?? 0;
const scratch = mkdtempSync(join(tmpdir(), "naru-hostile-"));

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const NEXT_SEGMENT = "/live/bench/main.m3u8?_HLS_msn=";

console.log(
  "                                        parts late, ms      reload, ms      MiB: resident, risen, TCP   CPU",
);
console.log(
  "                                        p50   p99   max     p50   p99           MiB    beyond   of a core   besides",
);
await measure("nobody else", () => undefined);
await crowd("10,000 connections that say nothing", 10_000, { reads: true });
await crowd("1,000 that send headers for ever", 1_000, {
  says: "GET / HTTP/1.1\r\nHost: a\r\n",
  reads: true,
  drips: { text: "x: y\r\n", everyMs: 1_000 },
});
await crowd("1,000 that do not read a segment", 1_000, { says: get(`/live/bench/${segment}`), reads: false });
await crowd("1,000 that ask 50 times and do not read", 1_000, {
  says: get(`/live/bench/${segment}`).repeat(50),
  reads: false,
});
await crowd("5,000 that wait for a playlist", 5_000, { says: get(await nextReload()), reads: true });
await flood("flood: the playlist", [`${stream}/main.m3u8`]);
await flood(
  "flood: streams that are not there",
  urls((n) => `/live/none${n}/main.m3u8`),
);
await flood(
  "flood: directives that are wrong",
  urls((n) => `/live/bench/main.m3u8?_HLS_msn=${n}99999999`),
);
await flood(
  "flood: playlists, a query for each",
  urls((n) => `/live/bench/main.m3u8?session=${n}`),
);
await flood("flood: a segment of 500 kB", [`${stream}/${segment}`]);
await flood("flood: the watch page", [stream]);

clearInterval(timer);
rmSync(scratch, { recursive: true });
await naru[Symbol.asyncDispose]();
process.exit(0);

async function nextReload(): Promise<string> {
  const text = await (await fetch(`${stream}/main.m3u8`)).text();
  const first = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
  return `${NEXT_SEGMENT}${first + (text.match(/^#EXTINF/gm)?.length ?? 0) + 1}`;
}

function urls(path: (n: number) => string): string[] {
  return Array.from({ length: 5_000 }, (_, n) => naru.http + path(n));
}

async function crowd(name: string, count: number, behaviour: Behaviour): Promise<void> {
  await measure(name, async () => {
    const people = await HostileCrowd.connect(naru.ports.http, count, behaviour);
    return { notes: () => `${people.open} of ${count} open`, end: () => people[Symbol.asyncDispose]() };
  });
}

/** What the kernel holds for TCP, both ends together; bytes. Its limit is net.ipv4.tcp_mem. */
function kernelMemory(): number {
  return Number(/^TCP:.* mem (\d+)/m.exec(readFileSync("/proc/net/sockstat", "latin1"))?.[1]) * 4096;
}

/** As fast as the other core can, over 64 connections. */
async function flood(name: string, addresses: readonly string[]): Promise<void> {
  await measure(name, () => {
    const list = join(scratch, "urls");
    writeFileSync(list, addresses.join("\n"));
    const client = Bun.spawn(["h2load", "--h1", "-c", "64", "-t", "1", "-D", String(seconds + 30), "-i", list], {
      stdout: "pipe",
      stderr: "ignore",
    });
    return {
      notes: () => "",
      async end() {
        client.kill();
        await client.exited;
      },
    };
  });
}

type Attack = { notes(): string; end(): Promise<void> };

async function measure(name: string, attack: () => Promise<Attack> | Attack | undefined): Promise<void> {
  if (flags.only && !name.includes(flags.only)) return;
  const before = processCost([pid]);
  const running = await attack();
  const viewer = new SteadyViewer(`${stream}/main.m3u8`);
  const began = processCost([pid]);
  await Bun.sleep(seconds * 1000);
  const ended = processCost([pid]);
  const { lateness, reloads, failures } = await viewer.finish();
  const kernel = kernelMemory();
  const notes = running?.notes() ?? "";
  await running?.end();
  const late = [0.5, 0.99, 1].map((share) => percentile(lateness, share).toFixed(0).padStart(6)).join("");
  const times = [0.5, 0.99].map((share) => percentile(reloads, share).toFixed(0).padStart(6)).join("");
  const memory = [ended.rss, ended.rss - before.rss, kernel]
    .map((bytes) => (bytes / 1024 ** 2).toFixed(0).padStart(9))
    .join("");
  const cpu = ((ended.cpuMs - began.cpuMs) / seconds / 1000).toFixed(2).padStart(9);
  console.log(
    `${name.padEnd(38)}${late}${times}     ${memory}   ${cpu}   ${notes}${failures.length > 0 ? ` FAILED: ${failures.length} ${failures[0]}` : ""}`,
  );
}
