import { afterEach, describe, expect, test } from "bun:test";
import { SyntheticLive } from "../../test/support/synthetic-live.ts";
import { LoadRun } from "./run.ts";
import { Tally } from "./tally.ts";
import type { ViewerOptions } from "./viewer.ts";
import { realWorld } from "./world.ts";

type Options = Partial<ConstructorParameters<typeof LoadRun>[0]> & { viewerOptions?: Partial<ViewerOptions> };

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

/** A real HTTP server for a synthetic stream whose parts are 100 ms long. */
function serve(answer?: (request: Request) => Response | undefined) {
  const live = new SyntheticLive({ part: 0.1 });
  const clock = performance.now() - 30_000;
  const agents = new Set<string>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      agents.add(request.headers.get("user-agent") ?? "");
      const special = answer?.(request);
      if (special) return special;
      const path = request.url.replace(/^.*\/live\/test\//, "");
      for (let tries = 0; tries < 100; tries++) {
        const found = live.answer(path, performance.now() - clock);
        if (found !== "later") return body(found, request);
        await Bun.sleep(5);
      }
      return new Response("", { status: 503 });
    },
  });
  cleanUp.push(() => server.stop(true));
  return { live, url: `http://127.0.0.1:${server.port}/live/test/index.m3u8`, agents, server };
}

function body({ status, text }: { status: number; text: string }, request: Request): Response {
  const gzip = request.url.includes("m3u8") && request.headers.get("accept-encoding")?.includes("gzip");
  if (!gzip) return new Response(text, { status });
  return new Response(Bun.gzipSync(text), { status, headers: { "content-encoding": "gzip" } });
}

function startRun(url: string, options: Options = {}) {
  const tally = new Tally();
  const run = new LoadRun(
    {
      viewers: 5,
      viewer: () => ({
        url,
        lowLatency: true,
        hints: false,
        variant: "auto",
        rate: 1,
        switchEvery: undefined,
        ...options.viewerOptions,
      }),
      ramp: 0,
      churn: 0,
      bandwidth: undefined,
      userAgent: "test",
      transport: { timeout: 2_000, insecure: false },
      ...options,
    },
    realWorld(),
    tally,
  );
  const timer = setInterval(() => run.tick(), 5);
  cleanUp.push(() => {
    clearInterval(timer);
    run.close();
  });
  return { run, tally };
}

/** Waits until it is so, but not for ever: a busy machine needs its time. */
async function until(check: () => boolean): Promise<void> {
  const deadline = performance.now() + 4_000;
  while (!check() && performance.now() < deadline) await Bun.sleep(20);
}

describe("viewers over HTTP/1.1", () => {
  test("play, on two kept connections each", async () => {
    const { url, agents } = serve();
    const { run, tally } = startRun(url);
    await until(() => (tally.kinds.get("part") ?? 0) > 50 && run.state.playing === 5);
    expect(Object.fromEntries(tally.errors)).toEqual({});
    expect(run.state).toMatchObject({ viewers: 5, playing: 5, stalled: 0 });
    expect(run.state.connections).toBeLessThanOrEqual(10);
    expect(tally.kinds.get("part")).toBeGreaterThan(50);
    expect(tally.kinds.get("init")).toBe(5);
    expect(agents.size).toBe(5);
  });

  test("arrive over the ramp; those that leave are replaced", async () => {
    const { url } = serve();
    const { run } = startRun(url, { viewers: 20, ramp: 1_000, churn: 20 });
    await Bun.sleep(450);
    expect(run.state.viewers).toBeGreaterThan(4);
    expect(run.state.viewers).toBeLessThan(16);
    await Bun.sleep(1_300);
    expect(run.state.viewers).toBe(20);
    expect(run.left).toBeGreaterThan(5);
    expect(run.joined).toBe(20 + run.left);
  });

  test("a server that closes its connections after each answer is no error", async () => {
    const { live } = serve();
    const begun = performance.now() - 30_000;
    const server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket, bytes) {
          const path = /^GET \/(\S*)/.exec(bytes.toString())?.[1] ?? "";
          const reply = () => {
            const found = live.answer(path, performance.now() - begun);
            if (found === "later") return void setTimeout(reply, 5);
            // The head says nothing of it.
            socket.end(`HTTP/1.1 ${found.status} X\r\nContent-Length: ${found.text.length}\r\n\r\n${found.text}`);
          };
          reply();
        },
      },
    });
    cleanUp.push(() => server.stop(true));
    const { tally, run } = startRun(`http://127.0.0.1:${server.port}/index.m3u8`, { viewers: 2 });
    await until(() => run.state.playing === 2);
    expect(Object.fromEntries(tally.errors)).toEqual({});
    expect(run.state.playing).toBe(2);
  });

  test("redirections are followed, and what is relative counts from where they lead", async () => {
    const { url } = serve((request) =>
      request.url.includes("/entry")
        ? new Response(null, { status: 302, headers: { location: "/live/test/index.m3u8" } })
        : undefined,
    );
    const { tally, run } = startRun(url.replace("/live/test/index.m3u8", "/entry?x=y"), { viewers: 1 });
    await until(() => run.state.playing === 1);
    expect(Object.fromEntries(tally.errors)).toEqual({});
    expect(run.state.playing).toBe(1);
  });

  test("nobody there, and nobody answering", async () => {
    const { url, server } = serve(() => new Promise<never>(() => {}) as never);
    const silent = startRun(url, { viewers: 1, transport: { timeout: 200, insecure: false } });
    await Bun.sleep(1_600);
    expect(Object.fromEntries(silent.tally.errors)).toEqual({ "multivariant: no answer in time": 1 });
    await server.stop(true);
    const refused = startRun(url, { viewers: 1 });
    await Bun.sleep(200);
    expect(Object.fromEntries(refused.tally.errors)).toEqual({ "multivariant: no connection": 1 });
  });

  test("a line of limited bandwidth delivers as late as it must", async () => {
    const { url } = serve((request) =>
      request.url.endsWith(".m4s") ? new Response(new Uint8Array(10_000)) : undefined,
    );
    // A part of 100 ms takes 80 ms, and the playlists their share.
    const { tally } = startRun(url, { viewers: 1, bandwidth: 1_000_000 });
    await Bun.sleep(2_000);
    const perSecond = (tally.bytes * 8) / 2;
    expect(perSecond).toBeLessThanOrEqual(1_100_000);
    expect(perSecond).toBeGreaterThan(500_000);
  });

  test("a viewer that leaves closes its connections", async () => {
    let aborted = 0;
    const { url } = serve((request) => {
      request.signal.addEventListener("abort", () => aborted++);
      return undefined;
    });
    const { run } = startRun(url);
    await until(() => run.state.playing === 5);
    expect(aborted).toBe(0);
    run.close();
    await until(() => aborted >= 5);
    expect(aborted).toBeGreaterThanOrEqual(5);
    expect(run.state.viewers).toBe(0);
  });
});
