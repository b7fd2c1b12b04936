/**
 * What the HTTP gateway costs beside a bare `Bun.serve` that answers the same playlist with the same headers: CPU of the
 * server per request. `bun bench/http-playlist.ts [REQUESTS]`; the load comes from h2load (Debian: nghttp2-client).
 */
import { httpSchema } from "../src/gateways/http/config.ts";
import { startHttpGateway } from "../src/gateways/http/gateway.ts";
import { mediaAnswer, type Playlist, playlistAnswer } from "../src/hls/answer.ts";
import { silentLog } from "../src/log.ts";

const REQUESTS = Number(process.argv[2] ?? 30_000);
const ROUNDS = 3;

const text = `#EXTM3U\n#EXT-X-TARGETDURATION:2\n${"#EXTINF:2.000,\nmain/123456789.m4s\n".repeat(60)}`;
const playlist: Playlist = { kind: "playlist", bytes: new TextEncoder().encode(text) };
const part = new Uint8Array(125_000);
const headers = new Headers({
  "content-type": "application/vnd.apple.mpegurl",
  "cache-control": "max-age=1",
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Content-Length, Content-Range, Age, Date, ETag",
  "x-content-type-options": "nosniff",
  etag: 'W/"0123456789abcdef"',
  vary: "Accept-Encoding",
  server: "bare",
});

const bare = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch: (request) =>
    new Response(request.url.endsWith(".m4s") ? part : (playlist.bytes as Uint8Array<ArrayBuffer>), { headers }),
});
const gateway = startHttpGateway({
  config: httpSchema.parse({ listen: ["127.0.0.1:0"] }),
  origin: {
    request({ resource }, _now, answer) {
      answer(resource.endsWith(".m3u8") ? playlistAnswer(playlist, 1) : mediaAnswer("video/mp4", part));
      return undefined;
    },
  },
  streams: { list: () => [], get: () => undefined, poster: () => undefined },
  version: "bench",
  log: silentLog,
  now: () => performance.now(),
});

/** Microseconds of CPU per request of this process, and requests per second. */
async function load(port: number | undefined, path: string, requests: number, accept = "identity") {
  const url = `http://127.0.0.1:${port}${path}`;
  const before = process.cpuUsage();
  const client = Bun.spawn(
    ["h2load", "--h1", "-n", `${requests}`, "-c", "16", "-t", "1", "-H", `accept-encoding: ${accept}`, url],
    { stdout: "pipe", stderr: "ignore" },
  );
  const output = await new Response(client.stdout).text();
  const used = process.cpuUsage(before);
  const [, succeeded] = /(\d+) 2xx/.exec(output) ?? [];
  if (Number(succeeded) !== requests) throw new Error(`${url}: ${succeeded} of ${requests} requests succeeded`);
  return { cpu: (used.user + used.system) / requests, rate: Number(/([\d.]+) req\/s/.exec(output)?.[1]) };
}

const own = gateway.addresses[0]?.port;
const cases = [
  ["playlist, bare", bare.port, "/live/test/main.m3u8", "identity"],
  ["playlist, gateway", own, "/live/test/main.m3u8", "identity"],
  ["playlist, gateway, gzip", own, "/live/test/main.m3u8", "gzip"],
  ["part of 125 kB, bare", bare.port, "/live/test/main/1.0.m4s", "identity"],
  ["part of 125 kB, gateway", own, "/live/test/main/1.0.m4s", "identity"],
] as const;

for (const [, port, path] of cases) await load(port, path, 2_000);
for (const [name, port, path, accept] of cases) {
  const requests = path.endsWith(".m4s") ? Math.ceil(REQUESTS / 5) : REQUESTS;
  const results = [];
  for (let round = 0; round < ROUNDS; round++) results.push(await load(port, path, requests, accept));
  results.sort((a, b) => a.cpu - b.cpu);
  const middle = results[Math.floor(ROUNDS / 2)];
  console.log(
    `${name.padEnd(26)} ${middle?.cpu.toFixed(1).padStart(6)} us CPU/request ${middle?.rate.toFixed(0).padStart(8)} requests/s`,
  );
}
await gateway.close();
await bare.stop(true);
