// Plays FLV files of H.264 and AAC in real time, over and over, into an origin behind a minimal HTTP server:
//   bun test/hls/serve.ts FILE[,FILE...] PORT [CONFIG-JSON]
import type { OriginAnswer } from "../../src/hls/answer.ts";
import { hlsSchema } from "../../src/hls/config.ts";
import { firstMsnAt } from "../../src/hls/names.ts";
import { HlsOrigin } from "../../src/hls/origin.ts";
import { HlsOutput } from "../../src/hls/output.ts";
import type { MediaEvent } from "../../src/media/event.ts";
import { readFlv, type TimedEvent } from "./flv-source.ts";

/** Between two publishers; milliseconds. */
const PAUSE = Number(process.env.PAUSE ?? 3000);

const [, , paths, port, configText] = process.argv;
if (!paths || !port) throw new Error("usage: serve.ts FILE[,FILE...] PORT [CONFIG-JSON]");
const events = await readAll(paths.split(","));
const length = (events[events.length - 1]?.at ?? 0) + 33;
const config = hlsSchema.parse(JSON.parse(configText ?? "{}"));
const timescales = new Map<number, number>();
const epoch = Date.now() - performance.now();
const origin = new HlsOrigin();
const output = new HlsOutput({
  path: "live/test",
  config,
  firstMsn: firstMsnAt(Date.now()),
  wallclockAt: (now) => epoch + now,
  onFault: (error) => console.error(error),
});
origin.add(output);

const start = performance.now();
let next = 0;
let loop = 0;
setInterval(() => {
  const now = performance.now();
  for (;;) {
    if (next === events.length) {
      next = 0;
      loop++;
    }
    const timed = events[next];
    if (!timed || timed.at + loop * length > now - start) break;
    output.write(shift(timed.event, (loop * length) / 1000), now);
    next++;
  }
  origin.tick(now);
}, 2);

/** Each file is a publisher of its own: between two the first is lost for a while. */
async function readAll(files: readonly string[]): Promise<TimedEvent[]> {
  const all: TimedEvent[] = [];
  for (const file of files) {
    const offset = all.length > 0 ? (all[all.length - 1]?.at ?? 0) + PAUSE : 0;
    if (offset > 0) all.push({ at: offset - PAUSE + 33, event: { type: "gap", reason: "publisher-lost" } });
    const bytes = new Uint8Array(await Bun.file(file).arrayBuffer());
    for (const { at, event } of readFlv(bytes, { startSeconds: 10 + offset / 1000 }))
      all.push({ at: at + offset, event });
  }
  return all;
}

function shift(event: MediaEvent, seconds: number): MediaEvent {
  if (event.type === "tracks") for (const track of event.tracks) timescales.set(track.id, track.timescale);
  if (event.type !== "packet") return event;
  const ticks = Math.round(seconds * (timescales.get(event.track) ?? 1));
  return { ...event, dts: event.dts + ticks, pts: event.pts + ticks };
}

Bun.serve({
  port: Number(port),
  hostname: "127.0.0.1",
  idleTimeout: 60,
  fetch(request) {
    const asked = performance.now();
    const url = new URL(request.url);
    const headers = { "access-control-allow-origin": "*" };
    if (url.pathname === "/player.html") return new Response(player(), { headers: { "content-type": "text/html" } });
    if (url.pathname === "/hls.js") return new Response(Bun.file("node_modules/hls.js/dist/hls.min.js"), { headers });
    const resource = url.pathname.replace(/^\/live\/test\//, "");
    const query = url.search.slice(1);
    return new Promise((resolve) => {
      const cancel = origin.request({ stream: "live/test", resource, query }, performance.now(), (answer) => {
        const body = answer.body instanceof Uint8Array ? answer.body : textOf(answer);
        if (process.env.TRACE)
          console.log(
            (performance.now() - start).toFixed(0),
            (asked - start).toFixed(0),
            answer.status,
            url.pathname + url.search,
            body.length,
          );
        resolve(
          new Response(body as Uint8Array<ArrayBuffer> | string, {
            status: answer.status,
            headers: { ...headers, "content-type": answer.contentType, "cache-control": answer.cacheControl },
          }),
        );
      });
      request.signal.addEventListener("abort", () => cancel?.());
    });
  },
});
console.log(`http://127.0.0.1:${port}/live/test/index.m3u8`);

function player(): string {
  return `<!doctype html><video id=v muted autoplay playsinline></video><script src=/hls.js></script><script>
    const v = document.getElementById("v"); window.errors = []; v.onerror = () => errors.push("video " + v.error.code + " " + v.error.message);
    const url = "/live/test/index.m3u8";
    if (location.search === "?native") v.src = url;
    else { window.hls = new Hls({}); hls.on(Hls.Events.ERROR, (e, d) => errors.push(d.type + " " + d.details + " " + d.fatal + " " + (d.reason ?? d.error ?? ""))); hls.loadSource(url); hls.attachMedia(v); }
    v.play().catch(() => {});
    window.sample = () => ({ t: v.currentTime, frames: v.getVideoPlaybackQuality().totalVideoFrames, dropped: v.getVideoPlaybackQuality().droppedVideoFrames,
      w: v.videoWidth, ready: v.readyState, latency: window.hls?.latency, ll: window.hls?.lowLatencyMode, part: window.hls?.levels?.[0]?.details?.partTarget,
      audio: v.webkitAudioDecodedByteCount, date: window.hls?.playingDate ? Date.now() - window.hls.playingDate : undefined, errors: errors.map((e) => e.slice(0, 160)) });
  </script>`;
}

function textOf({ body, reason }: OriginAnswer): Uint8Array | string {
  return body && "bytes" in body ? body.bytes : (reason ?? "");
}
