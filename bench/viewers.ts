/**
 * How one serving core carries low-latency viewers of one stream of 500 kbit/s: naru on one core, the simulated viewers
 * (src/load) and the encoder on the other. For each part: from the moment its last frame was handed to the encoder's socket
 * until the last viewer had received all of the part, by the one clock of this machine.
 *
 *   bun bench/viewers.ts [--viewers 100,1000,5000,10000] [--seconds 15] [--ramp 1000 viewers a second] [--hints] [--clip FILE]
 *
 * Needs Linux with two cores, ffmpeg, taskset. Ten thousand viewers need 20,000 open files on either side (ulimit -n).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { decodeSamples } from "../src/formats/mp4/samples.ts";
import { planConnections } from "../src/load/limits.ts";
import { LoadRun } from "../src/load/run.ts";
import type { Unit } from "../src/load/snapshot.ts";
import { Tally } from "../src/load/tally.ts";
import { realWorld } from "../src/load/world.ts";
import { startNaru } from "../test/support/naru.ts";
import { projectPath } from "../test/support/project.ts";
import { benchFlv, smallClip } from "./clip.ts";
import { family, processCost } from "./process-cost.ts";
import { frameIdentity } from "./timed-publisher.ts";

const { values: flags } = parseArgs({
  options: {
    viewers: { type: "string", default: "100,1000,5000,10000" },
    seconds: { type: "string", default: "15" },
    ramp: { type: "string", default: "1000" },
    hints: { type: "boolean", default: false },
    clip: { type: "string" },
  },
});
const seconds = Number(flags.seconds);
const SERVER_CORE = 0;
const OTHER_CORE = 1;
/** Arrivals and the first parts are not measured. */
const SETTLE_SECONDS = 3;
const TICK_MS = 5;

/** When each viewer had a part, and when it was complete; wall clock. */
type PartTimes = { readonly url: string; readonly arrivals: number[]; complete: number | undefined };

const children = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
const flv = benchFlv(flags.clip ?? smallClip());
Bun.spawnSync(["taskset", "-acp", String(OTHER_CORE), String(process.pid)]);
console.log(
  `${flags.hints ? "viewers that ask for hinted parts" : "viewers that do not use hints, as hls.js"}, ${seconds} s each; times in ms\n`,
);
console.log(
  [
    "viewers  parts",
    "complete to last viewer: p50    p99    max",
    "to any viewer: p50    p99",
    "stalls  errors",
    "server CPU  load CPU  requests/s   Mbit/s  memory/viewer",
  ].join("   "),
);
for (const text of flags.viewers.split(",")) await measure(Number(text));
process.exit(0);

async function measure(viewers: number): Promise<void> {
  const plan = await planConnections(viewers, "127.0.0.1", 2);
  if (plan.type === "impossible") {
    console.log(`${String(viewers).padStart(7)}  ${plan.reason}`);
    return;
  }
  await using naru = await startNaru({
    command: ["taskset", "-c", String(SERVER_CORE), process.execPath, projectPath("src/main.ts")],
  });
  const sent = new Map<string, number>();
  const publisher = startPublisher(naru.ports.rtmp, sent);
  const url = await naru.live("live/test");
  await Bun.sleep(6000);

  const parts = new Map<string, PartTimes>();
  const { timeOrigin } = performance;
  const tally = new Tally((unit: Unit, now) => {
    if (unit.part === undefined) return;
    let times = parts.get(unit.url);
    if (!times) {
      parts.set(unit.url, (times = { url: unit.url, arrivals: [], complete: undefined }));
      void completion(times, sent);
    }
    times.arrivals.push(now + timeOrigin);
  });
  const ramp = (viewers / Number(flags.ramp)) * 1000;
  const load = new LoadRun(
    {
      viewers,
      viewer: () => ({
        url,
        lowLatency: true,
        hints: flags.hints,
        variant: "auto",
        rate: 1,
        switchEvery: undefined,
      }),
      ramp,
      churn: 0,
      bandwidth: undefined,
      userAgent: "naru-bench",
      transport: { timeout: 10_000, insecure: false },
    },
    realWorld(),
    tally,
  );
  const server = () => processCost(family(naru.process.pid));
  const idle = server().rss;
  const timer = setInterval(() => load.tick(), TICK_MS);
  await Bun.sleep(ramp + SETTLE_SECONDS * 1000);

  const from = performance.now();
  const before = { server: server().cpuMs, own: process.cpuUsage(), requests: tally.requests, bytes: tally.bytes };
  await Bun.sleep(seconds * 1000);
  const until = performance.now();
  const elapsed = until - from;
  const after = { server: server(), own: process.cpuUsage(before.own) };
  const requests = ((tally.requests - before.requests) / elapsed) * 1000;
  const bits = ((tally.bytes - before.bytes) * 8) / elapsed / 1000;
  // The last parts of the time are still under way.
  await Bun.sleep(1000);
  clearInterval(timer);
  load.close();
  publisher.kill();

  const last: number[] = [];
  const all: number[] = [];
  for (const { complete, arrivals } of parts.values()) {
    if (complete === undefined || complete < from + timeOrigin || complete > until + timeOrigin - 500) continue;
    // A part that some did not get as a part was loaded as a segment, or not at all.
    if (arrivals.length < viewers) tally.error("part that not every viewer had");
    last.push(Math.max(...arrivals) - complete);
    for (const at of arrivals) all.push(at - complete);
  }
  const percent = (ms: number) => `${((100 * ms) / elapsed).toFixed(0)} %`;
  console.log(
    [
      String(viewers).padStart(7) + String(last.length).padStart(7),
      percentiles(last, [0.5, 0.99, 1]).padStart(42),
      percentiles(all, [0.5, 0.99]).padStart(28),
      String(tally.stalls).padStart(9) + String(tally.errorCount).padStart(8),
      percent(after.server.cpuMs - before.server).padStart(13) +
        percent((after.own.user + after.own.system) / 1000).padStart(10) +
        requests.toFixed(0).padStart(12) +
        bits.toFixed(0).padStart(9) +
        `${((after.server.rss - idle) / viewers / 1024).toFixed(1)} KiB`.padStart(15),
    ].join("   "),
  );
  for (const [kind, count] of tally.errors) console.log(`          ${count} x ${kind}`);
}

/** Fetches a part once more, to see from its frames when the last of them was sent. */
async function completion(times: PartTimes, sent: ReadonlyMap<string, number>): Promise<void> {
  // After the rush for it.
  await Bun.sleep(1000);
  const response = await fetch(times.url).catch(() => undefined);
  // The run is over.
  if (!response?.ok) return;
  const samples = decodeSamples(new Uint8Array(await response.arrayBuffer()));
  const latest = Math.max(...samples.map(({ data }) => sent.get(frameIdentity(data)) ?? Number.NaN));
  if (Number.isNaN(latest)) throw new Error("a part holds a frame that was not sent");
  times.complete = latest;
}

function startPublisher(port: number, sent: Map<string, number>): ChildProcess {
  const script = projectPath("bench/timed-publisher.ts");
  const child = spawn(process.execPath, [script, flv, String(port), "live", "test"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [identity = "", at] = line.split(" ");
      sent.set(identity, Number(at));
    }
  });
  return child;
}

function percentiles(values: number[], shares: readonly number[]): string {
  values.sort((a, b) => a - b);
  return shares
    .map((share) => {
      const value = values[Math.min(values.length - 1, Math.floor(values.length * share))];
      return (value === undefined ? "-" : value.toFixed(1)).padStart(7);
    })
    .join("");
}
