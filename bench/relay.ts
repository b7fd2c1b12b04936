/**
 * What pushing costs beside nginx-rtmp: one publisher, pushed to some targets, the same for both, taking turns. CPU of the server's
 * processes with and without the targets, and how late a player is whom the server serves itself.
 *
 *   bun bench/relay.ts [--targets 20] [--rounds 3] [--seconds 5] [--stuck 0]
 *
 * Each server has core 0; the publisher, and the nginx-rtmp that all targets are names of, have core 1 (util-linux). `--stuck`: so many
 * targets more that take the publish and then read nothing. Debian: nginx, libnginx-mod-rtmp, ffmpeg.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { PausableRelay } from "../test/support/pausable-relay.ts";
import { freePort } from "../test/support/ports.ts";
import { until } from "../test/support/process.ts";
import { projectPath } from "../test/support/project.ts";
import { NGINX_RTMP_MODULE } from "../test/support/requires.ts";
import { RtmpPlayer } from "../test/support/rtmp-player.ts";
import { benchFlv } from "./clip.ts";
import { family, processCost } from "./process-cost.ts";
import { RtmpPublisher, readFlv } from "./rtmp-publisher.ts";
import { frameIdentity } from "./timed-publisher.ts";

const { values: flags } = parseArgs({
  options: {
    targets: { type: "string", default: "20" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    stuck: { type: "string", default: "0" },
  },
});
const [targets, rounds, seconds, stuck] = [flags.targets, flags.rounds, flags.seconds, flags.stuck].map(Number) as [
  number,
  number,
  number,
  number,
];

/** For the connections, and what they begin with. */
const SETTLE_MS = 2500;

/** Application `live` is pushed to the targets, `alone` to nobody. */
type Server = { readonly name: string; readonly port: number; readonly pid: number };
type Measured = { readonly cpuPercent: number; readonly latencies: readonly number[]; readonly rss: number };

const directory = mkdtempSync("/tmp/naru-bench-");
const children: Bun.Subprocess[] = [];
try {
  Bun.spawnSync(["taskset", "-cp", "1", String(process.pid)]);
  const tags = readFlv(benchFlv());
  const sink = await startNginx("sink", "application sink { live on; }", 1);
  const relays = await Promise.all(Array.from({ length: stuck }, () => PausableRelay.listen(sink.port)));
  const urls = (from: string) => [
    ...Array.from({ length: targets }, (_, n) => `rtmp://127.0.0.1:${sink.port}/sink/${from}${n}`),
    ...relays.map((relay, n) => `rtmp://127.0.0.1:${relay.port}/sink/${from}stuck${n}`),
  ];
  const servers = [await startNaru(urls("naru")), await startNginx("nginx-rtmp", nginxApplications(urls("nginx")), 0)];
  const results = new Map<string, Measured[]>();
  const add = (key: string, one: Measured) => results.set(key, [...(results.get(key) ?? []), one]);
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      add(`${server.name} alone`, await measure(server, tags, "alone", []));
      add(server.name, await measure(server, tags, "live", relays));
    }
  }
  report(results);
} finally {
  for (const child of children) child.kill();
  await Promise.all(children.map((child) => child.exited));
  rmSync(directory, { recursive: true });
}
process.exit(0);

async function measure(
  server: Server,
  tags: ReturnType<typeof readFlv>,
  app: string,
  slow: readonly PausableRelay[],
): Promise<Measured> {
  const sent = new Map<string, number>();
  const latencies: number[] = [];
  const url = { port: server.port, app, name: "bench" };
  const publisher = new RtmpPublisher(tags, url, ({ type, body }, at) => {
    if (type !== 18) sent.set(frameIdentity(body), at);
  });
  const timer = setInterval(() => publisher.tick(performance.now()), 1);
  await Bun.sleep(SETTLE_MS);
  for (const relay of slow) relay.pause();
  const player = new RtmpPlayer(url, ({ body }, at) => {
    const began = sent.get(frameIdentity(body));
    if (began !== undefined) latencies.push(at - began);
  });
  await Bun.sleep(500);
  sent.clear();
  latencies.length = 0;
  const before = processCost(family(server.pid));
  const began = performance.now();
  await Bun.sleep(seconds * 1000);
  const after = processCost(family(server.pid));
  const elapsed = performance.now() - began;
  clearInterval(timer);
  publisher.close();
  player.close();
  for (const relay of slow) relay.resume();
  await Bun.sleep(500);
  return { cpuPercent: ((after.cpuMs - before.cpuMs) / elapsed) * 100, latencies: [...latencies], rss: after.rss };
}

function report(results: ReadonlyMap<string, readonly Measured[]>): void {
  const cpu = new Map<string, number>();
  for (const [name, measured] of results) {
    const latencies = measured.flatMap((one) => one.latencies).sort((a, b) => a - b);
    const at = (share: number) => latencies[Math.floor(latencies.length * share)]?.toFixed(1);
    const percent = median(measured.map(({ cpuPercent }) => cpuPercent));
    cpu.set(name, percent);
    const each = measured.map(({ cpuPercent }) => cpuPercent.toFixed(1)).join(", ");
    const rss = (Math.max(...measured.map((one) => one.rss)) / 2 ** 20).toFixed(0);
    console.log(
      `${name}: CPU ${percent.toFixed(1)} % (${each}), ${rss} MiB, latency of a player p50 ${at(0.5)} p99 ${at(0.99)} ms`,
    );
  }
  const perTarget = (name: string) => ((cpu.get(name) ?? 0) - (cpu.get(`${name} alone`) ?? 0)) / targets;
  const [naru, nginx] = [perTarget("naru"), perTarget("nginx-rtmp")];
  console.log(
    `CPU of a target: ${naru.toFixed(3)} % of a core, nginx-rtmp ${nginx.toFixed(3)} %: ratio ${(naru / nginx).toFixed(2)}`,
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function startNaru(push: readonly string[]): Promise<Server> {
  const [port, http] = [await freePort(), await freePort()];
  const file = `${directory}/naru.json`;
  const listen = (of: number) => ({ listen: [`127.0.0.1:${of}`] });
  const hls = { enabled: false };
  writeFileSync(
    file,
    JSON.stringify({
      log: "error",
      rtmp: listen(port),
      http: listen(http),
      applications: { live: { hls, push }, alone: { hls } },
    }),
  );
  const pid = pinned(0, [process.execPath, projectPath("src/main.ts"), "start", "-c", file]);
  await until("naru answers", 15_000, async () => (await fetch(`http://127.0.0.1:${http}/health`)).ok);
  return { name: "naru", port, pid };
}

function nginxApplications(urls: readonly string[]): string {
  return `application live { live on; ${urls.map((url) => `push ${url};`).join(" ")} } application alone { live on; }`;
}

async function startNginx(name: string, applications: string, core: number): Promise<Server> {
  const port = await freePort();
  const own = `${directory}/${name}`;
  writeFileSync(
    `${own}.conf`,
    `load_module ${NGINX_RTMP_MODULE};
daemon off; worker_processes 1; pid ${own}.pid; error_log stderr crit;
events { worker_connections 4096; }
rtmp { access_log off; server { listen 127.0.0.1:${port}; ${applications} } }
`,
  );
  const pid = pinned(core, ["/usr/sbin/nginx", "-p", directory, "-c", `${own}.conf`]);
  await Bun.sleep(700);
  return { name, port, pid };
}

function pinned(core: number, command: readonly string[]): number {
  const child = Bun.spawn(["taskset", "-c", String(core), ...command], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
    env: { ...process.env, NARU_STATE_DIR: `${directory}/state` },
  });
  children.push(child);
  return child.pid;
}
