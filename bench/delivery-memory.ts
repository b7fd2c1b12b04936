/**
 * Memory of serving threads: the same media sent by 1, 2 and 4 of them, and then a long run of media, each piece sent by every
 * thread and never asked for again. Bytes are held once, whatever the number of threads.
 *
 *   bun bench/delivery-memory.ts [--pieces 60] [--size 500000]
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startDelivery } from "../src/app/delivery.ts";
import { httpSchema } from "../src/gateways/http/config.ts";
import { mediaAnswer } from "../src/hls/answer.ts";
import { silentLog } from "../src/log.ts";

const { values: flags } = parseArgs({
  options: {
    threads: { type: "string" },
    pieces: { type: "string", default: "60" },
    size: { type: "string", default: "500000" },
  },
});
const pieces = Number(flags.pieces);
const size = Number(flags.size);
const MIB = 1024 ** 2;
/** Connections for each piece: enough for every thread to have one, mostly. */
const FETCHES = 24;

if (flags.threads === undefined) {
  console.log(
    `${pieces} pieces of ${size} bytes (${((pieces * size) / MIB).toFixed(0)} MiB), each sent by every thread; MiB resident:`,
  );
  console.log("threads   started   all sent   beyond the media   after ten times as many");
  for (const threads of [1, 2, 4]) {
    const own = [import.meta.path, "--threads", `${threads}`, "--pieces", flags.pieces, "--size", flags.size];
    await Bun.spawn([process.execPath, ...own], { stdout: "inherit" }).exited;
  }
  process.exit(0);
}

const media = new Map<string, Uint8Array>();
const delivery = await startDelivery({
  config: httpSchema.parse({ listen: ["127.0.0.1:0"], threads: Number(flags.threads) }),
  origin: {
    request({ resource }, _now, answer) {
      const bytes = media.get(resource);
      if (bytes) answer(mediaAnswer("video/mp4", bytes));
      return undefined;
    },
  },
  streams: { list: () => [], get: () => undefined, poster: () => undefined },
  version: "bench",
  log: silentLog,
  now: () => performance.now(),
});
const base = `http://127.0.0.1:${delivery.addresses[0]?.port}/live/test`;

await send(0);
media.clear();
const started = resident();
for (let n = 1; n <= pieces; n++) await send(n);
const sent = resident();
for (let n = pieces + 1; n <= pieces * 11; n++) {
  media.delete(`main/${n - pieces}.m4s`);
  await send(n);
}
const after = resident();
const beyond = sent - started - (pieces * size) / MIB;
const cells = [Number(flags.threads), started, sent, beyond, after].map((value) => value.toFixed(0));
console.log(
  `${cells[0]?.padStart(5)} ${cells[1]?.padStart(11)} ${cells[2]?.padStart(10)} ${cells[3]?.padStart(14)} ${cells[4]?.padStart(20)}`,
);
process.exit(0);

/** Has every thread send one piece. */
async function send(n: number): Promise<void> {
  const name = `main/${n}.m4s`;
  media.set(name, new Uint8Array(size).fill(n));
  const urls = Array.from({ length: FETCHES }, () => ["-o", "/dev/null", `${base}/${name}`]).flat();
  await Bun.spawn(["curl", "-s", "-Z", "--parallel-immediate", "-H", "connection: close", ...urls], {
    stderr: "ignore",
  }).exited;
}

function resident(): number {
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]) / 1024;
}
