/**
 * Cost of ingest, side by side: nginx-rtmp, naru with the same nginx.conf (MPEG-TS on disk), and naru as it comes
 * (low-latency CMAF). ffmpeg copies a clip of 720p30 at 2.5 Mbit/s into each, again and again; rounds alternate.
 *
 *   bun bench/ingest.ts [--streams 20] [--seconds 30] [--rounds 3] [--warmup 10] [--clip FILE] [--only nginx,naru-ts,naru-cmaf]
 *
 * Needs Linux, ffmpeg, nginx and libnginx-mod-rtmp.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchClip } from "./clip.ts";
import { family, type ProcessCost, processCost } from "./process-cost.ts";

const project = join(import.meta.dir, "..");
const { values: flags } = parseArgs({
  options: {
    streams: { type: "string", default: "20" },
    seconds: { type: "string", default: "30" },
    rounds: { type: "string", default: "3" },
    warmup: { type: "string", default: "10" },
    clip: { type: "string" },
    only: { type: "string", default: "nginx,naru-ts,naru-cmaf" },
  },
});
const streams = Number(flags.streams);
const seconds = Number(flags.seconds);
const rounds = Number(flags.rounds);
const warmup = Number(flags.warmup);

type Place = { readonly directory: string; readonly rtmp: number; readonly http: number };
type Subject = {
  readonly name: string;
  /** Writes what it needs into the place; returns the command line. */
  readonly command: (place: Place) => string[];
  readonly playlist: (place: Place, stream: string) => string;
};
type Round = { readonly cpu: number; readonly user: number; readonly rss: number; readonly encoders: number };

const nginxConf = ({ directory, rtmp, http }: Place) => `
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
user root;
worker_processes 1;
daemon off;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log warn;
events { worker_connections 4096; }
rtmp {
    server {
        listen 127.0.0.1:${rtmp};
        chunk_size 4096;
        application live {
            live on;
            record off;
            hls on;
            hls_path ${directory}/hls;
            hls_fragment 3s;
            hls_playlist_length 60s;
        }
    }
}
http {
    access_log off;
    server {
        listen 127.0.0.1:${http};
        location /hls {
            types {
                application/vnd.apple.mpegurl m3u8;
                video/mp2t ts;
            }
            root ${directory};
            add_header Cache-Control no-cache;
            add_header Access-Control-Allow-Origin *;
        }
    }
}
`;

const naru = (config: string) => [process.execPath, join(project, "src/main.ts"), "start", "-c", config];
const filed = (name: string, text: string, { directory }: Place) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};

const SUBJECTS: readonly Subject[] = [
  {
    name: "nginx",
    command: (place) => ["nginx", "-p", place.directory, "-c", filed("nginx.conf", nginxConf(place), place)],
    playlist: ({ http }, stream) => `http://127.0.0.1:${http}/hls/${stream}.m3u8`,
  },
  {
    name: "naru-ts",
    command: (place) => naru(filed("nginx.conf", nginxConf(place), place)),
    playlist: ({ http }, stream) => `http://127.0.0.1:${http}/hls/${stream}.m3u8`,
  },
  {
    name: "naru-cmaf",
    command: (place) => {
      const { rtmp, http } = place;
      const config = {
        rtmp: { listen: [`127.0.0.1:${rtmp}`] },
        http: { listen: [`127.0.0.1:${http}`] },
        https: { listen: [] },
      };
      return naru(filed("naru.json", JSON.stringify(config), place));
    },
    playlist: ({ http }, stream) => `http://127.0.0.1:${http}/live/${stream}/index.m3u8`,
  },
];

const running = new Set<ChildProcess>();
const directories = new Set<string>();
process.on("exit", cleanUp);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const chosen = SUBJECTS.filter(({ name }) => flags.only.split(",").includes(name));
if (chosen.length === 0 || ![streams, seconds, rounds].every((value) => value > 0)) {
  console.error("nothing to do: see the usage at the top of bench/ingest.ts");
  process.exit(2);
}
const clip = flags.clip ?? benchClip();
const results = new Map<string, Round[]>(chosen.map(({ name }) => [name, []]));
console.log(`${streams} streams, ${rounds} rounds of ${seconds} s after ${warmup} s of warming up`);
for (let round = 1; round <= rounds; round++) {
  // The order turns, so that none is always first on a cold machine.
  for (const subject of chosen.map((_, index) => chosen[(index + round - 1) % chosen.length] as Subject)) {
    const result = await measure(subject);
    results.get(subject.name)?.push(result);
    console.log(`  round ${round}  ${subject.name.padEnd(10)} ${result.cpu.toFixed(2)} ms/s per stream`);
  }
}
report();
process.exit(0);

async function measure(subject: Subject): Promise<Round> {
  const place: Place = {
    directory: mkdtempSync(join(tmpdir(), "naru-bench-")),
    rtmp: await freePort(),
    http: await freePort(),
  };
  directories.add(place.directory);
  const server = start(subject.command(place), join(place.directory, "server.log"));
  const encoders: ChildProcess[] = [];
  try {
    await until(`${subject.name} listens`, async () => (await fetch(`http://127.0.0.1:${place.http}/`)).status > 0);
    for (let n = 0; n < streams; n++) {
      encoders.push(publish(`rtmp://127.0.0.1:${place.rtmp}/live/s${n}`));
      // Encoders in the field do not have their keyframes at the same time.
      await Bun.sleep(Math.min(97, (warmup * 500) / streams));
    }
    for (let n = 0; n < streams; n++) {
      await until(`stream s${n} of ${subject.name}`, async () => (await fetch(subject.playlist(place, `s${n}`))).ok);
    }
    await Bun.sleep(warmup * 1000);
    const before = costs(server, encoders);
    const from = performance.now();
    await Bun.sleep(seconds * 1000);
    const after = costs(server, encoders);
    const elapsed = (performance.now() - from) / 1000;
    for (const child of [server, ...encoders]) {
      if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    }
    const per = (milliseconds: number) => milliseconds / elapsed / streams;
    return {
      cpu: per(after.server.cpuMs - before.server.cpuMs),
      user: per(after.server.userMs - before.server.userMs),
      rss: after.server.rss,
      encoders: per(after.encoders - before.encoders),
    };
  } catch (error) {
    console.error(readFileSync(join(place.directory, "server.log"), "utf8").slice(-2000));
    throw error;
  } finally {
    await Promise.all(encoders.map((encoder) => stop(encoder, "SIGKILL")));
    await stop(server, "SIGTERM");
    rmSync(place.directory, { recursive: true, force: true });
    directories.delete(place.directory);
  }
}

function costs(server: ChildProcess, encoders: readonly ChildProcess[]): { server: ProcessCost; encoders: number } {
  return {
    server: processCost(family(server.pid ?? -1)),
    encoders: processCost(encoders.map(({ pid }) => pid ?? -1)).cpuMs,
  };
}

function report(): void {
  const base = median((results.get("nginx") ?? []).map(({ cpu }) => cpu));
  console.log(
    "\nserver      CPU ms per second and stream    user   system   of nginx   memory   memory per stream   ffmpeg CPU",
  );
  for (const [name, all] of results) {
    const cpu = median(all.map((round) => round.cpu));
    const user = median(all.map((round) => round.user));
    const rss = median(all.map((round) => round.rss)) / 1024 ** 2;
    const spread = `${Math.min(...all.map((round) => round.cpu)).toFixed(2)}-${Math.max(...all.map((round) => round.cpu)).toFixed(2)}`;
    console.log(
      [
        name.padEnd(10),
        `${cpu.toFixed(2)} (${spread})`.padEnd(30),
        user.toFixed(2).padStart(6),
        (cpu - user).toFixed(2).padStart(8),
        (base > 0 ? `${(cpu / base).toFixed(2)}x` : "-").padStart(10),
        `${rss.toFixed(0)} MiB`.padStart(9),
        `${(rss / streams).toFixed(1)} MiB`.padStart(17),
        median(all.map((round) => round.encoders))
          .toFixed(2)
          .padStart(12),
      ].join("  "),
    );
  }
}

function publish(url: string): ChildProcess {
  const copy = ["-re", "-stream_loop", "-1", "-i", clip, "-c", "copy", "-f", "flv"];
  return start(["ffmpeg", "-v", "error", "-nostdin", ...copy, "-flvflags", "no_duration_filesize", url]);
}

function start(command: string[], log?: string): ChildProcess {
  const output = log ? Bun.file(log).writer() : undefined;
  const child = spawn(command[0] as string, command.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (text) => {
      if (!output) return void process.stderr.write(text);
      output.write(text);
      output.flush();
    });
  }
  running.add(child);
  child.on("exit", () => running.delete(child));
  return child;
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
  await exited;
  clearTimeout(timer);
}

function cleanUp(): void {
  for (const child of running) child.kill("SIGTERM");
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`${what}: waited for 30 s`);
    await Bun.sleep(100);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
