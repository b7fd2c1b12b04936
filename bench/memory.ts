/**
 * Memory per stream over an hour of media, in virtual time: FLV messages of a clip go through demuxer, stream, packager and
 * window, all as in the server, as fast as they can. Memory beyond the media held in the windows is what a stream costs.
 *
 *   bun bench/memory.ts [--streams 20] [--minutes 60] [--format cmaf|mpegts] [--clip FILE]
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { configSchema } from "../src/config/schema.ts";
import { FlvDemuxer } from "../src/formats/flv/demuxer.ts";
import { HlsOutput } from "../src/hls/output.ts";
import { backupSchema } from "../src/streams/config.ts";
import { StreamRegistry } from "../src/streams/registry.ts";
import { benchFlv } from "./clip.ts";
import { readFlv } from "./rtmp-publisher.ts";

const { values: flags } = parseArgs({
  options: {
    streams: { type: "string", default: "20" },
    minutes: { type: "string", default: "60" },
    format: { type: "string", default: "cmaf" },
    clip: { type: "string" },
  },
});
const streams = Number(flags.streams);
const minutes = Number(flags.minutes);
const MIB = 1024 ** 2;
const STEP_MS = 20;

const tags = readFlv(benchFlv(flags.clip));
const length = (tags.at(-1)?.timestamp ?? 0) + 33;
const config = configSchema.parse({ applications: { live: { hls: { format: flags.format } } } });
const hls = config.applications.live?.hls;
if (!hls) throw new Error("no configuration");

const outputs: HlsOutput[] = [];
const registry = new StreamRegistry({
  policy: () => ({ live: true, secondPublisher: "refuse", graceMs: 60_000, backup: backupSchema.parse({}) }),
  maxStreams: streams,
  onStream: (stream, now) => {
    const output = new HlsOutput({ path: stream.path, config: hls, firstMsn: 1, wallclockAt: (at) => at });
    outputs.push(output);
    stream.attach(output.write, now);
  },
  onRemoved: () => {},
  onSinkFailure: (_, error) => {
    throw error;
  },
});

Bun.gc(true);
const before = resident();
const demuxers = Array.from({ length: streams }, (_, n) => {
  const request = { path: `live/s${n}`, protocol: "bench", remote: "", query: "", onClosed: () => {} };
  const publisher = registry.publish(request, 0);
  return new FlvDemuxer({ onEvent: (event, now) => publisher.write(event, now) });
});

console.log(`${streams} streams of ${flags.format}, a window of ${hls.window / 1000} s each; per stream, MiB:`);
console.log("minute   resident   in the window   beyond the window");
const rows: number[] = [];
let next = 0;
let round = 0;
for (let now = 0; now <= minutes * 60_000; now += STEP_MS) {
  for (;;) {
    const tag = tags[next];
    if (!tag) {
      next = 0;
      round++;
      continue;
    }
    const timestamp = tag.timestamp + round * length;
    if (timestamp > now) break;
    // Each stream has bytes of its own, as from a socket.
    for (const demuxer of demuxers) demuxer.push(tag.type, timestamp, tag.body.slice(), now);
    next++;
  }
  if (now % (minutes * 6000) === 0 && now > 0) row(now / 60_000);
  else if (now % 60_000 === 0) Bun.gc(false);
}
const [first = 0, last = 0] = [rows[0], rows.at(-1)];
console.log(`grown from ${first.toFixed(2)} to ${last.toFixed(2)} MiB per stream beyond the window`);

function row(minute: number): void {
  Bun.gc(true);
  // The allocator gives memory back a moment after it was freed.
  Bun.sleepSync(100);
  Bun.gc(true);
  const window = outputs.reduce((sum, output) => sum + output.bytesHeld, 0);
  const total = resident() - before;
  const beyond = (total - window) / streams / MIB;
  rows.push(beyond);
  const cells = [total / streams / MIB, window / streams / MIB, beyond].map((value) => value.toFixed(2).padStart(8));
  console.log(`${minute.toFixed(1).padStart(6)}   ${cells[0]}   ${cells[1]}        ${cells[2]}`);
}

/** Resident bytes that are this process's own: without the clip's, which were there before. */
function resident(): number {
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]) * 1024;
}
process.exit(0);
