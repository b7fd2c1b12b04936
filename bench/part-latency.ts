/**
 * How long after its last frame has arrived a part is with a viewer who waits for it (RFC 8216bis 6.2.6: a request for the
 * hinted part is held until the part is there). Publishers and viewers are in this process, so their own delays count too.
 *
 *   bun bench/part-latency.ts [--streams 20] [--seconds 30] [--clip FILE]
 */
import { parseArgs } from "node:util";
import type { FlvTag } from "../src/formats/flv/tag.ts";
import { decodeSamples } from "../src/formats/mp4/samples.ts";
import { startNaru } from "../test/support/naru.ts";
import { benchFlv } from "./clip.ts";
import { RtmpPublisher, readFlv } from "./rtmp-publisher.ts";

const { values: flags } = parseArgs({
  options: {
    streams: { type: "string", default: "20" },
    seconds: { type: "string", default: "30" },
    clip: { type: "string" },
  },
});
const streams = Number(flags.streams);
const seconds = Number(flags.seconds);
const AUDIO_HEADER = 2;
const VIDEO_HEADER = 5;

const tags = readFlv(benchFlv(flags.clip));
await using naru = await startNaru();
const { rtmp } = naru.ports;

/** What identifies a frame: the end of its bytes. */
const identity = (bytes: Uint8Array) => `${bytes.length}:${Bun.hash(bytes.subarray(-64))}`;
const latencies: number[] = [];
let late = 0;

const publishers: RtmpPublisher[] = [];
const timer = setInterval(() => {
  const now = performance.now();
  for (const publisher of publishers) publisher.tick(now);
}, 1);

const until = performance.now() + (seconds + 12) * 1000;
const watching: Promise<void>[] = [];
for (let n = 0; n < streams; n++) {
  const sentAt = new Map<string, number>();
  const onSent = (tag: FlvTag, at: number) => {
    if (tag.type === 18) return;
    sentAt.set(identity(tag.body.subarray(tag.type === 8 ? AUDIO_HEADER : VIDEO_HEADER)), at);
  };
  publishers.push(new RtmpPublisher(tags, { port: rtmp, app: "live", name: `s${n}` }, onSent));
  watching.push(watch(`${naru.http}/live/s${n}`, sentAt));
  await Bun.sleep(113);
}
await Promise.all(watching);
clearInterval(timer);
report();

/** Asks for each part before it is there, as a player does by the preload hint. */
async function watch(url: string, sentAt: ReadonlyMap<string, number>): Promise<void> {
  await naru.live(url.slice(naru.http.length + 1));
  const playlist = await (await fetch(`${url}/main.m3u8`)).text();
  const hint = /PRELOAD-HINT:TYPE=PART,URI="main\/(\d+)\.(\d+)\.m4s"/.exec(playlist);
  let msn = Number(hint?.[1]);
  let part = Number(hint?.[2]);
  const measureFrom = performance.now() + 5000;
  while (performance.now() < until) {
    const asked = performance.now();
    const response = await fetch(`${url}/main/${msn}.${part}.m4s`);
    const body = new Uint8Array(await response.arrayBuffer());
    const got = performance.now();
    if (response.status === 404) {
      // The segment ended earlier than the hint expected.
      msn++;
      part = 0;
      continue;
    }
    if (!response.ok) throw new Error(`${msn}.${part}: ${response.status}`);
    part++;
    const last = Math.max(...decodeSamples(body).map((sample) => sentAt.get(identity(sample.data)) ?? Number.NaN));
    if (Number.isNaN(last)) throw new Error("a part holds a frame that was not sent");
    if (asked > last) late++;
    else if (got > measureFrom) latencies.push(got - last);
  }
}

function report(): void {
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    (latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN).toFixed(2);
  console.log(
    `${streams} streams, ${latencies.length} parts waited for, ${late} asked for when they were already there`,
  );
  console.log(
    `from the last frame sent to the whole part received, ms:  p50 ${at(0.5)}  p90 ${at(0.9)}  p99 ${at(0.99)}  max ${at(1)}`,
  );
}
process.exit(0);
