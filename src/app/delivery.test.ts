import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { httpSchema } from "../gateways/http/config.ts";
import type { HttpGateway } from "../gateways/http/gateway.ts";
import { ListenError } from "../gateways/listen.ts";
import {
  type AnswerCallback,
  growingAnswer,
  mediaAnswer,
  notFound,
  type OriginRequest,
  playlistAnswer,
  unavailable,
} from "../hls/answer.ts";
import { silentLog } from "../log.ts";
import { startDelivery, threadsFor } from "./delivery.ts";

const MEDIA = new Uint8Array(100_000).map((_, index) => index % 251);
const playlist = (text: string) =>
  playlistAnswer({ kind: "playlist", bytes: new TextEncoder().encode(`#EXTM3U\n${text}`) }, 1);

/** Holds questions for `held.m3u8` until told; counts all. */
class FakeOrigin {
  readonly asked: OriginRequest[] = [];
  readonly held = new Set<AnswerCallback>();

  request(request: OriginRequest, _now: number, answer: AnswerCallback) {
    this.asked.push(request);
    const { resource } = request;
    if (resource === "held.m3u8" || resource === "main/2.piece-1") {
      this.held.add(answer);
      return () => this.held.delete(answer);
    }
    if (resource === "main.m3u8") answer(playlist("main"));
    else if (resource === "main/1.m4s") answer(mediaAnswer("video/mp4", MEDIA));
    else if (resource === "main/2.m4s") answer(growingAnswer("video/mp4"));
    else if (resource === "main/2.piece-0") answer(mediaAnswer("video/mp4", MEDIA));
    else if (resource === "main/2.piece-2") answer(mediaAnswer("video/mp4", new Uint8Array(0)));
    else if (resource === "busy.m3u8") answer(unavailable("nothing came in time", 2));
    // No thread can make a header of this.
    else if (resource === "poison.m3u8") answer({ ...playlist(""), contentType: "a\nb" });
    else answer(notFound("no such resource"));
    return undefined;
  }
}

let origin: FakeOrigin;
let delivery: HttpGateway | undefined;
let lines: string[];
let base: string;

async function start(config: object): Promise<void> {
  origin = new FakeOrigin();
  lines = [];
  delivery = await startDelivery({
    config: httpSchema.parse({ listen: ["127.0.0.1:0"], threads: 2, ...config }),
    origin,
    streams: { list: () => [], get: () => undefined, poster: (path) => (path === "live/test" ? MEDIA : undefined) },
    multitrack: (question) => ({ status: 200, value: question }),
    version: "1.2.3",
    log: { ...silentLog, error: (message, fields) => lines.push(`${message}: ${fields?.error}`) },
    now: () => performance.now(),
  });
  base = `http://127.0.0.1:${delivery.addresses[0]?.port}`;
}

afterEach(async () => {
  await delivery?.close();
  delivery = undefined;
});

/** On a connection of its own, so that the system may give it to any thread. */
const get = (path: string, init: RequestInit = {}) =>
  fetch(base + path, { ...init, headers: { connection: "close", ...init.headers } });

async function eventually(what: () => boolean): Promise<void> {
  for (let n = 0; n < 400 && !what(); n++) await Bun.sleep(10);
  expect(what()).toBe(true);
}

test.each([
  [1, 0],
  [2, 0],
  [4, 3],
  [16, 15],
  [256, 64],
])("%i cores: %i threads beside the main one", (cores, threads) => {
  expect(threadsFor(cores)).toBe(threads);
});

test.each([0, 2])("a segment is sent while it is made (%i threads)", async (threads) => {
  await start({ threads });
  const responses = await Promise.all([1, 2, 3].map(() => get("/live/test/main/2.m4s")));
  const readers = responses.map(({ body }) => body?.getReader());
  const sizes = readers.map(() => 0);
  const read = async (index: number, until: number) => {
    while ((sizes[index] ?? 0) < until) {
      const { value, done } = (await readers[index]?.read()) ?? { done: true, value: undefined };
      if (done) return true;
      sizes[index] = (sizes[index] ?? 0) + (value?.length ?? 0);
    }
    return false;
  };
  for (const index of readers.keys()) expect(await read(index, MEDIA.length)).toBe(false);
  for (const { headers } of responses) expect(headers.get("content-length")).toBeNull();
  await eventually(() => origin.held.size > 0);
  for (const answer of origin.held) answer(mediaAnswer("video/mp4", MEDIA.subarray(0, 5000)));
  for (const index of readers.keys()) expect(await read(index, Number.POSITIVE_INFINITY)).toBe(true);
  expect(sizes).toEqual([105_000, 105_000, 105_000]);
  const head = await get("/live/test/main/2.m4s", { method: "HEAD" });
  expect([head.status, head.headers.get("content-type")]).toEqual([200, "video/mp4"]);
});

describe.if(process.platform === "linux")("serving threads", () => {
  test("answer as the main thread does", async () => {
    await start({});
    const list = await get("/live/test/main.m3u8");
    expect([list.status, await list.text()]).toEqual([200, "#EXTM3U\nmain"]);
    const media = await get("/live/test/main/1.m4s");
    expect(await media.bytes()).toEqual(MEDIA);
    const asked = await get("/api/multitrack/live", { method: "POST", body: '{"service":"IVS"}' });
    expect(await asked.json()).toMatchObject({ application: "live", by: "client", body: { service: "IVS" } });
    const range = await get("/live/test/main/1.m4s", { headers: { range: "bytes=5-9" } });
    expect([range.status, await range.bytes()]).toEqual([206, MEDIA.subarray(5, 10)]);
    const known = await get("/live/test/main/1.m4s", {
      headers: { "if-none-match": media.headers.get("etag") ?? "" },
    });
    expect(known.status).toBe(304);
    const busy = await get("/live/test/busy.m3u8");
    expect([busy.status, busy.headers.get("retry-after"), await busy.text()]).toEqual([
      503,
      "2",
      "nothing came in time\n",
    ]);
    expect((await get("/live/test/none.m3u8")).status).toBe(404);
    expect(await (await get("/health")).json()).toEqual({ status: "ok", version: "1.2.3" });
    expect((await get("/api/streams/live/none")).status).toBe(404);
    expect(await (await get("/live/test/poster.mp4")).bytes()).toEqual(MEDIA);
    expect(await (await get("/live/test")).text()).toContain("<html");
  });

  test("ask the origin once each for all who wait", async () => {
    await start({});
    const waiting = Array.from({ length: 60 }, () => get("/live/test/held.m3u8?_HLS_msn=1"));
    await eventually(() => origin.held.size === 2);
    // Both have more than one request, or the questions would not be two.
    for (const answer of origin.held) answer(playlist("at last"));
    for (const response of await Promise.all(waiting)) expect(await response.text()).toBe("#EXTM3U\nat last");
    expect(origin.asked.length).toBe(2);
  });

  test("withdraw a question that nobody waits for", async () => {
    await start({});
    const leaving = new AbortController();
    const left = get("/live/test/held.m3u8", { signal: leaving.signal }).catch(() => "left");
    await eventually(() => origin.held.size === 1);
    leaving.abort();
    expect(await left).toBe("left");
    await eventually(() => origin.held.size === 0);
  });

  test("count viewers together", async () => {
    await start({});
    for (let n = 0; n < 20; n++) await get("/live/test/main/1.m4s", { headers: { "user-agent": `player ${n % 10}` } });
    await eventually(() => delivery?.viewers("live/test") === 10);
  });

  test("are started again when they fail", async () => {
    await start({ threads: 1 });
    const answer = await get("/live/test/poison.m3u8").catch(() => "reset");
    expect(answer).toBe("reset");
    await eventually(() => lines.length === 1);
    expect(lines[0]).toStartWith("a serving thread failed and is started again");
    let status = 0;
    for (let n = 0; n < 200 && status !== 200; n++) {
      await Bun.sleep(20);
      status = await get("/live/test/main.m3u8").then(
        (response) => response.status,
        () => 0,
      );
    }
    expect(status).toBe(200);
  });

  test("take another configuration without losing a request", async () => {
    await start({});
    const held = get("/live/test/held.m3u8");
    await eventually(() => origin.held.size === 1);
    const [address] = delivery?.addresses ?? [];
    await delivery?.reload({
      config: httpSchema.parse({ listen: ["127.0.0.1:0"], threads: 2, cors: "https://a.example" }),
    });
    expect(delivery?.addresses).toEqual([address as NonNullable<typeof address>]);
    for (let n = 0; n < 10; n++) {
      expect((await get("/live/test/main.m3u8")).headers.get("access-control-allow-origin")).toBe("https://a.example");
    }
    for (const answer of origin.held) answer(playlist("late"));
    expect((await held).status).toBe(200);
  });

  test("do not share a port with another program, nor with another server", async () => {
    await start({});
    const port = delivery?.addresses[0]?.port ?? 0;
    await expect(start({ listen: [`127.0.0.1:${port}`] })).rejects.toBeInstanceOf(ListenError);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const taken = typeof address === "object" && address ? address.port : 0;
    await expect(start({ listen: [`127.0.0.1:${taken}`] })).rejects.toMatchObject({ code: "address-in-use" });
    other.close();
  });

  test("stop listening when closed", async () => {
    await start({});
    await delivery?.close();
    await expect(get("/health")).rejects.toThrow();
  });
});
