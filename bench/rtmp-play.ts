/**
 * What playing by RTMP costs beside nginx-rtmp: one publisher, many players, the same for both, taking turns. CPU of the server's
 * processes, and the time from a message handed to the publisher's socket to its arrival at a player.
 *
 *   bun bench/rtmp-play.ts [--players 200] [--rounds 3] [--seconds 5] [--stuck 0]
 *
 * Each server has core 0, publisher and players have core 1 (util-linux). Of the players five read every message, for the latency;
 * the others throw away what they get. `--stuck`: so many more that read nothing. Debian: nginx, libnginx-mod-rtmp, ffmpeg.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
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
    players: { type: "string", default: "200" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    stuck: { type: "string", default: "0" },
  },
});
const [players, rounds, seconds, stuck] = [flags.players, flags.rounds, flags.seconds, flags.stuck].map(Number) as [
  number,
  number,
  number,
  number,
];

/** Players that read what they get. */
const PROBES = 5;
/** For the connections, and what they begin with. */
const SETTLE_MS = 2500;

type Server = { readonly name: string; readonly port: number; readonly pid: number };
type Measured = {
  readonly cpuPercent: number;
  /** Of that, outside of the kernel. */
  readonly userShare: number;
  readonly latencies: readonly number[];
  readonly mbits: number;
  rss: number;
};

const directory = mkdtempSync("/tmp/naru-bench-");
const children: Bun.Subprocess[] = [];
try {
  Bun.spawnSync(["taskset", "-cp", "1", String(process.pid)]);
  const tags = readFlv(benchFlv());
  const servers = [await startNaru(), await startNginx()];
  const results = new Map<string, Measured[]>(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) results.get(server.name)?.push(await measure(server, tags, `bench${round}`));
  }
  report(results);
} finally {
  for (const child of children) child.kill();
  await Promise.all(children.map((child) => child.exited));
  rmSync(directory, { recursive: true });
}
process.exit(0);

async function measure(server: Server, tags: ReturnType<typeof readFlv>, name: string): Promise<Measured> {
  const sent = new Map<string, number>();
  const latencies: number[] = [];
  let measuring = false;
  const publisher = new RtmpPublisher(tags, { port: server.port, app: "live", name }, ({ type, body }, at) => {
    if (type !== 18) sent.set(frameIdentity(body), at);
  });
  const timer = setInterval(() => publisher.tick(performance.now()), 1);
  await Bun.sleep(300);
  const url = { port: server.port, app: "live", name };
  const all: RtmpPlayer[] = [];
  for (let n = 0; n < players; n++) {
    const probe = ({ body }: { body: Uint8Array }, at: number) => {
      const began = sent.get(frameIdentity(body));
      if (measuring && began !== undefined) latencies.push(at - began);
    };
    all.push(new RtmpPlayer(url, n < PROBES ? probe : undefined));
    if (n % 20 === 19) await Bun.sleep(20);
  }
  const stuckOnes = Array.from({ length: stuck }, () => new RtmpPlayer(url));
  await Bun.sleep(SETTLE_MS);
  for (const player of stuckOnes) player.stick();
  sent.clear();
  const bytesBefore = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const before = processCost(family(server.pid));
  const began = performance.now();
  measuring = true;
  await Bun.sleep(seconds * 1000);
  measuring = false;
  const after = processCost(family(server.pid));
  const elapsed = performance.now() - began;
  const bytes = all.reduce((sum, player) => sum + player.bytes, 0) - bytesBefore;
  const lost = all.filter(({ closed }) => closed).length;
  if (lost > 0) throw new Error(`${server.name} closed ${lost} players`);
  clearInterval(timer);
  publisher.close();
  for (const player of [...all, ...stuckOnes]) player.close();
  await Bun.sleep(500);
  const cpuPercent = ((after.cpuMs - before.cpuMs) / elapsed) * 100;
  const userShare = (after.userMs - before.userMs) / (after.cpuMs - before.cpuMs);
  return { cpuPercent, userShare, latencies, mbits: (bytes * 8) / elapsed / 1000, rss: after.rss };
}

function report(results: ReadonlyMap<string, readonly Measured[]>): void {
  const cpu = new Map<string, number>();
  for (const [name, rounds] of results) {
    const latencies = rounds.flatMap((round) => round.latencies).sort((a, b) => a - b);
    const at = (share: number) => latencies[Math.floor(latencies.length * share)]?.toFixed(1);
    const percent = median(rounds.map((round) => round.cpuPercent));
    cpu.set(name, percent);
    const user = (median(rounds.map((round) => round.userShare)) * 100).toFixed(0);
    const mbits = median(rounds.map((round) => round.mbits)).toFixed(0);
    const rss = (Math.max(...rounds.map((round) => round.rss)) / 2 ** 20).toFixed(0);
    console.log(
      `${name}: CPU ${percent.toFixed(1)} % (${rounds.map((round) => round.cpuPercent.toFixed(1)).join(", ")}), ${user} % of it not in the kernel, ${mbits} Mbit/s, ` +
        `${rss} MiB, latency p50 ${at(0.5)} p99 ${at(0.99)} max ${at(0.9999)} ms of ${latencies.length}`,
    );
  }
  console.log(
    `ratio of CPU: ${((cpu.get("naru") ?? 0) / (cpu.get("nginx-rtmp") ?? 0)).toFixed(2)} (target: at most 1.00)`,
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function startNaru(): Promise<Server> {
  const [port, http] = [await freePort(), await freePort()];
  const file = `${directory}/naru.json`;
  const listen = (of: number) => ({ listen: [`127.0.0.1:${of}`] });
  writeFileSync(
    file,
    JSON.stringify({
      log: "warn",
      rtmp: listen(port),
      http: listen(http),
      applications: { live: { hls: { enabled: false } } },
    }),
  );
  const pid = pinned([process.execPath, projectPath("src/main.ts"), "start", "-c", file]);
  await until("naru answers", 15_000, async () => (await fetch(`http://127.0.0.1:${http}/health`)).ok);
  return { name: "naru", port, pid };
}

async function startNginx(): Promise<Server> {
  const port = await freePort();
  const file = `${directory}/nginx.conf`;
  writeFileSync(
    file,
    `load_module ${NGINX_RTMP_MODULE};
daemon off; worker_processes 1; pid ${directory}/nginx.pid; error_log stderr error;
events { worker_connections 4096; }
rtmp { access_log off; server { listen 127.0.0.1:${port}; application live { live on; } } }
`,
  );
  const pid = pinned(["/usr/sbin/nginx", "-p", directory, "-c", file]);
  await Bun.sleep(700);
  return { name: "nginx-rtmp", port, pid };
}

function pinned(command: readonly string[]): number {
  const child = Bun.spawn(["taskset", "-c", "0", ...command], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
    env: { ...process.env, NARU_STATE_DIR: `${directory}/state` },
  });
  children.push(child);
  return child.pid;
}
