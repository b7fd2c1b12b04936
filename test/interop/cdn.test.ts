import { describe, expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { startVarnish } from "../support/clients/varnish.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { readPlaylist } from "../support/playlist.ts";
import { freePort } from "../support/ports.ts";
import { sleep, start, until } from "../support/process.ts";
import { projectPath } from "../support/project.ts";
import { type Need, testWith } from "../support/requires.ts";

const VIEWERS = 150;
const WATCH_MS = 6000;

/** Stands between edge and origin and counts what the edge asks for. */
class CountingOrigin implements AsyncDisposable {
  readonly asked = new Map<string, number>();
  readonly #server: ReturnType<typeof Bun.serve>;

  constructor(origin: string) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 60,
      fetch: async (request) => {
        const { pathname, search } = new URL(request.url);
        const key = pathname + search;
        this.asked.set(key, (this.asked.get(key) ?? 0) + 1);
        try {
          // Passed on as it came, compressed or not.
          const answer = await fetch(origin + key, { headers: request.headers, decompress: false, redirect: "manual" });
          return new Response(answer.body, { status: answer.status, headers: answer.headers });
        } catch {
          return new Response("origin is down\n", { status: 502 });
        }
      },
    });
  }

  get port(): number {
    return this.#server.port ?? 0;
  }

  get requests(): number {
    let sum = 0;
    for (const count of this.asked.values()) sum += count;
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}

type Edge = {
  readonly name: string;
  readonly need: Need;
  start(origin: number, port: number): Promise<AsyncDisposable>;
};

const EDGES: readonly Edge[] = [
  { name: "nginx", need: "nginx", start: startNginxEdge },
  {
    name: "varnish",
    need: "varnish",
    start: (origin, port) => startVarnish(example("varnish.vcl", [['"8080"', `"${origin}"`]]), port),
  },
];

for (const edge of EDGES) {
  describe(`${edge.name} as a caching edge, by its example configuration`, () => {
    testWith("ffmpeg", edge.need)(
      "many viewers are one request at the origin, whatever each of them adds to the URL; a restart of the origin is survived",
      async () => {
        await using naru = await startNaru();
        await using source = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"), { loop: true });
        await naru.live("live/test");
        await using counting = new CountingOrigin(naru.http);
        const port = await freePort();
        await using _ = await edge.start(counting.port, port);
        const url = `http://127.0.0.1:${port}/live/test/main.m3u8`;
        await readPlaylist(url);
        counting.asked.clear();

        const until_ = performance.now() + WATCH_MS;
        const [direct, ...viewers] = await Promise.all([
          watch(`${naru.http}/live/test/main.m3u8`, 1, until_),
          ...Array.from({ length: VIEWERS }, (_, number) => watch(url, number, until_)),
        ]);
        const asked = viewers.reduce((sum, viewer) => sum + viewer.requests, 0);
        expect(viewers.flatMap((viewer) => viewer.failures)).toEqual([]);
        expect(Math.min(...viewers.map((viewer) => viewer.parts))).toBeGreaterThan(5);
        const repeated = [...counting.asked].filter(([key, count]) => count > 1 && /_HLS_msn|\.m4s/.test(key));
        expect(repeated).toEqual([]);
        const hitRatio = 1 - counting.requests / asked;
        console.log(
          `${edge.name}: ${asked} requests of ${VIEWERS} viewers, ${counting.requests} at the origin: hit ratio ${(hitRatio * 100).toFixed(2)} %`,
        );
        expect(hitRatio).toBeGreaterThan(0.98);
        const delays = viewers.flatMap((viewer) => delaysAfter(direct.arrivals, viewer.arrivals)).sort((a, b) => a - b);
        console.log(
          `${edge.name}: an update reaches viewers later than without the edge by ${at(delays, 0.5)} ms (median), ${at(delays, 0.95)} ms (95 %)`,
        );

        // The origin dies, and comes back before its encoder does.
        const before = await readPlaylist(url);
        await naru.process.stop("SIGKILL");
        await source.stop("SIGKILL");
        await sleep(1500);
        expect((await readPlaylist(url)).mediaSequence).toBeGreaterThanOrEqual(before.mediaSequence);
        await using __ = start(process.execPath, [
          projectPath("src/main.ts"),
          ...["start", "-c", naru.directory.join("naru.json")],
        ]);
        await until("the origin is back", 10_000, async () => (await fetch(`${naru.http}/health`)).ok || undefined);
        await using ___ = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"));
        const after = await until("new segments at the edge", 20_000, async () => {
          const playlist = await readPlaylist(url);
          return (playlist.segments.at(-1)?.msn ?? 0) > (before.segments.at(-1)?.msn ?? 0) ? playlist : undefined;
        });
        expect(after.mediaSequence).toBeGreaterThan(before.mediaSequence);
        const newest = after.segments.at(-1)?.url ?? "";
        expect((await fetch(newest)).status).toBe(200);
      },
      60_000,
    );
  });
}

/** A low-latency viewer with a token of its own; every fourth does not take gzip. */
async function watch(playlist: string, number: number, until: number) {
  const headers = { "accept-encoding": number % 4 === 0 ? "identity" : "gzip, deflate, br" };
  const failures: string[] = [];
  const arrivals = new Map<string, number>();
  let [requests, parts] = [1, 0];
  let { next } = await readPlaylist(`${playlist}?token=${number}`);
  while (performance.now() < until) {
    const reload = `${playlist}?_HLS_msn=${next.msn}&_HLS_part=${next.part}&token=${number}`;
    const answer = await fetch(reload, { headers });
    const text = await answer.text();
    arrivals.set(`${next.msn}.${next.part}`, performance.now());
    requests++;
    const part = [...text.matchAll(/^#EXT-X-PART:.*URI="([^"]+)"/gm)].at(-1)?.[1];
    if (answer.status !== 200 || part === undefined) {
      failures.push(`${reload}: ${answer.status} ${text.slice(0, 80)}`);
      await sleep(200);
      continue;
    }
    const media = await fetch(new URL(`${part}?token=${number}`, playlist), { headers });
    if (media.status !== 200 || (await media.arrayBuffer()).byteLength === 0) failures.push(`${part}: ${media.status}`);
    requests++;
    parts++;
    const listed = /(\d+)\.(\d+)\.m4s$/.exec(part);
    next = { msn: Number(listed?.[1]), part: Number(listed?.[2]) + 1 };
  }
  return { requests, parts, failures, arrivals };
}

function delaysAfter(reference: ReadonlyMap<string, number>, arrivals: ReadonlyMap<string, number>): number[] {
  return [...arrivals].flatMap(([update, time]) => {
    const first = reference.get(update);
    return first === undefined ? [] : [time - first];
  });
}

const at = (sorted: readonly number[], quantile: number): string =>
  (sorted[Math.floor(quantile * (sorted.length - 1))] ?? Number.NaN).toFixed(0);

async function startNginxEdge(origin: number, port: number): Promise<AsyncDisposable> {
  const directory = new TemporaryDirectory();
  mkdirSync(directory.join("cache"));
  const conf = example("nginx.conf", [
    ["/var/cache/nginx/naru", directory.join("cache")],
    ["/var/log/nginx/naru.log", directory.join("access.log")],
    ["server 127.0.0.1:8080;", `server 127.0.0.1:${origin};`],
    ["listen 80;", `listen 127.0.0.1:${port};`],
  ]);
  const file = directory.join("nginx.conf");
  writeFileSync(file, `daemon off; master_process off; pid ${directory.join("pid")}; error_log stderr warn;\n${conf}`);
  const nginx = start("/usr/sbin/nginx", ["-p", directory.path, "-c", file]);
  await until("nginx answers", 5000, async () => {
    if (nginx.exitCode !== undefined) throw nginx.failure("ended");
    await fetch(`http://127.0.0.1:${port}/health`);
    return true;
  });
  return {
    async [Symbol.asyncDispose]() {
      await nginx.stop();
      directory[Symbol.dispose]();
    },
  };
}

/** An example as it is, but for addresses and directories. */
function example(name: string, changes: readonly (readonly [string, string])[]): string {
  let text = readFileSync(projectPath("examples", "cdn", name), "utf8");
  for (const [from, to] of changes) {
    if (text.split(from).length !== 2) throw new Error(`${name} should have ${from} once`);
    text = text.replace(from, to);
  }
  return text;
}
