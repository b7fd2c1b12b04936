/**
 * Requests per second on one core beside nginx, which serves the same bytes as files of a RAM disk: playlists, parts and segments of
 * a live stream, over HTTP/1.1 and over TLS with HTTP/2. Each server has core 0, the load generator (h2load) core 1; they take
 * turns, and what counts is the ratio of the medians.
 *
 *   bun bench/http-nginx.ts [--rounds 5] [--seconds 2] [--only NAME]
 *
 * Debian: nginx, nghttp2-client, ffmpeg, util-linux. nginx as in its documentation for speed: sendfile, tcp_nopush, no access
 * log, one worker; without a cache of open files, since the files of a live stream change.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { freePort } from "../test/support/ports.ts";
import { until } from "../test/support/process.ts";
import { projectPath } from "../test/support/project.ts";
import { benchFlv, mediumClip } from "./clip.ts";
import { family, processCost } from "./process-cost.ts";
import { RtmpPublisher, readFlv } from "./rtmp-publisher.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    only: { type: "string" },
    threads: { type: "string", default: "0" },
  },
});

type Case = {
  readonly name: string;
  readonly tls: boolean;
  readonly resource: "playlist" | "part" | "segment";
  readonly target: number;
};
const CASES: readonly Case[] = [
  { name: "playlist, HTTP/1.1", tls: false, resource: "playlist", target: 1.3 },
  { name: "playlist, TLS HTTP/2", tls: true, resource: "playlist", target: 1.5 },
  { name: "part, TLS HTTP/2", tls: true, resource: "part", target: 1.3 },
  { name: "part, HTTP/1.1", tls: false, resource: "part", target: 0 },
  { name: "segment, HTTP/1.1", tls: false, resource: "segment", target: 0.8 },
];

/** A RAM disk, so that nginx never waits for one. */
const files = mkdtempSync("/dev/shm/naru-bench-");
const ports = { rtmp: await freePort(), http: await freePort(), https: await freePort() };
const nginxPorts = { http: await freePort(), https: await freePort() };
const children: Bun.Subprocess[] = [];
let timer: Timer | undefined;
try {
  await run();
} finally {
  clearInterval(timer);
  for (const child of children) child.kill();
  await Promise.all(children.map((child) => child.exited));
  rmSync(files, { recursive: true });
}
process.exit(0);

async function run(): Promise<void> {
  makeCertificate();
  const naru = pinned(process.execPath, projectPath("src/main.ts"), "start", "-c", naruConfig());
  await until("naru answers", 15_000, async () => (await fetch(`http://127.0.0.1:${ports.http}/health`)).ok);
  publish();
  const base = `http://127.0.0.1:${ports.http}/live/bench`;
  const names = await until("a segment of the stream", 30_000, async () => {
    const text = await (await fetch(`${base}/main.m3u8`)).text().catch(() => "");
    const part = /URI="(main\/(\d+)\.2\.m4s)"/.exec(text);
    // The second segment: the first may be short.
    const [, segment] = text.match(/^main\/\d+\.m4s$/gm) ?? [];
    return part && segment ? { playlist: "main.m3u8", part: part[1] as string, segment } : undefined;
  });
  const sizes: Record<string, number> = {};
  for (const [resource, name] of Object.entries(names)) {
    const bytes = await (await fetch(`${base}/${name}`)).bytes();
    sizes[resource] = bytes.length;
    writeFileSync(`${files}/${resource}`, bytes);
  }
  const nginx = pinned("nginx", "-p", files, "-c", nginxConfig());
  await until("nginx answers", 5_000, async () => (await fetch(`http://127.0.0.1:${nginxPorts.http}/playlist`)).ok);

  console.log("requests per second on one core, and microseconds of its CPU per request: medians");
  console.log("                           bytes      nginx           naru        ratio   target   ratio of CPU");
  for (const one of CASES) {
    if (flags.only && !one.name.includes(flags.only)) continue;
    const scheme = one.tls ? "https" : "http";
    const urls = {
      nginx: `${scheme}://127.0.0.1:${nginxPorts[scheme]}/${one.resource}`,
      naru: `${scheme}://127.0.0.1:${ports[scheme]}/live/bench/${names[one.resource]}`,
    };
    const results = { nginx: [] as Load[], naru: [] as Load[] };
    for (let round = 0; round <= Number(flags.rounds); round++) {
      for (const [name, server] of [["nginx", nginx] as const, ["naru", naru] as const]) {
        const load = await measure(urls[name], one.tls, server.pid);
        // The first one warms up.
        if (round > 0) results[name].push(load);
      }
    }
    const cell = (name: "nginx" | "naru") =>
      `${median(results[name], "rate").toFixed(0).padStart(7)} ${median(results[name], "cpu").toFixed(1).padStart(6)}`;
    const ratio = median(results.naru, "rate") / median(results.nginx, "rate");
    const cpu = median(results.nginx, "cpu") / median(results.naru, "cpu");
    console.log(
      `${one.name.padEnd(22)} ${String(sizes[one.resource]).padStart(9)} ${cell("nginx")}  ${cell("naru")}  ${ratio.toFixed(2).padStart(8)}` +
        `   ${(one.target > 0 ? one.target.toFixed(1) : "-").padStart(6)}   ${cpu.toFixed(2).padStart(8)}`,
    );
  }
}

type Load = { readonly rate: number; readonly cpu: number };

/** 32 connections, each with one request at a time over HTTP/1.1 and four over HTTP/2. */
async function measure(url: string, tls: boolean, pid: number): Promise<Load> {
  const pids = family(pid);
  const before = processCost(pids).cpuMs;
  const protocol = tls ? ["-m", "4"] : ["--h1"];
  const command = ["taskset", "-c", "1", "h2load", ...protocol, "-D", flags.seconds, "-c", "32", "-t", "1", url];
  const client = Bun.spawn(command, { stdout: "pipe", stderr: "ignore" });
  const output = await new Response(client.stdout).text();
  const cpuMs = processCost(pids).cpuMs - before;
  const [, done = "0", succeeded = "0"] =
    /requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded/.exec(output) ?? [];
  if (done === "0" || done !== succeeded)
    throw new Error(`${url}: ${succeeded} of ${done} requests succeeded\n${output}`);
  return { rate: Number(/([\d.]+) req\/s/.exec(output)?.[1]), cpu: (cpuMs * 1000) / Number(done) };
}

function median(loads: readonly Load[], of: keyof Load): number {
  const values = loads.map((load) => load[of]).sort((a, b) => a - b);
  return values[values.length >> 1] ?? Number.NaN;
}

function pinned(...command: string[]): Bun.Subprocess {
  const child = Bun.spawn(["taskset", "-c", "0", ...command], { stdout: "ignore", stderr: "inherit" });
  children.push(child);
  return child;
}

function publish(): void {
  const publisher = new RtmpPublisher(readFlv(benchFlv(mediumClip())), {
    port: ports.rtmp,
    app: "live",
    name: "bench",
  });
  timer = setInterval(() => publisher.tick(performance.now()), 5);
}

function makeCertificate(): void {
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", `${files}/key.pem`];
  const made = Bun.spawnSync([
    "openssl",
    "req",
    "-x509",
    ...key,
    "-out",
    `${files}/cert.pem`,
    "-days",
    "2",
    ...subject,
  ]);
  if (!made.success) throw new Error(`openssl: ${made.stderr}`);
}

function naruConfig(): string {
  const file = `${files}/naru.json`;
  const config = {
    rtmp: { listen: [`127.0.0.1:${ports.rtmp}`] },
    http: { listen: [`127.0.0.1:${ports.http}`], threads: Number(flags.threads) },
    https: { listen: [`127.0.0.1:${ports.https}`] },
    tls: { certificate: `${files}/cert.pem`, key: `${files}/key.pem` },
    // What is measured must stay to be fetched.
    applications: { live: { hls: { window: "10m" } } },
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

function nginxConfig(): string {
  const file = `${files}/nginx.conf`;
  const server = (listen: string) => `server { listen 127.0.0.1:${listen}; root ${files};
    location = /playlist { types {} default_type application/vnd.apple.mpegurl; add_header Cache-Control max-age=1; }
    location / { types {} default_type video/mp4; add_header Cache-Control "public, max-age=3600, immutable"; } }`;
  writeFileSync(
    file,
    `daemon off; master_process off; worker_processes 1; pid ${files}/nginx.pid; error_log stderr error;
events { worker_connections 4096; multi_accept on; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; keepalive_timeout 75s;
  ssl_certificate ${files}/cert.pem; ssl_certificate_key ${files}/key.pem;
  add_header Access-Control-Allow-Origin *;
  ${server(`${nginxPorts.http}`)}
  ${server(`${nginxPorts.https} ssl http2`)} }
`,
  );
  return file;
}
