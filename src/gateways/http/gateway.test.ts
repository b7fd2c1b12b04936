import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { gunzipSync } from "node:zlib";
import {
  type AnswerCallback,
  mediaAnswer,
  notFound,
  type OriginRequest,
  playlistAnswer,
  unavailable,
} from "../../hls/answer.ts";
import { type LogFields, silentLog } from "../../log.ts";
import { ListenError } from "../listen.ts";
import { httpSchema } from "./config.ts";
import { type HttpGateway, startHttpGateway } from "./gateway.ts";
import { PageAssets } from "./page-assets.ts";

const PLAYLIST = {
  kind: "playlist",
  bytes: new TextEncoder().encode(`#EXTM3U\n${"#EXT-X-NOTE\n".repeat(50)}`),
} as const;
const MEDIA = new Uint8Array(100_000).map((_, index) => index % 251);
const STREAM = {
  path: "live/test",
  state: "live",
  since: "2026-11-23T12:00:00.000Z",
  bitrate: 2_500_000,
  keyframeInterval: 2,
  encoders: [],
} as const;

/** Answers at once, but holds `held.m3u8` until told. */
class FakeOrigin {
  readonly requests: OriginRequest[] = [];
  held: AnswerCallback | undefined;
  cancelled = 0;

  request(request: OriginRequest, _now: number, answer: AnswerCallback) {
    this.requests.push(request);
    const { stream, resource } = request;
    if (resource === "held.m3u8") {
      this.held = answer;
      return () => {
        this.cancelled++;
        this.held = undefined;
      };
    }
    if (resource === "broken.m3u8") throw new Error("a bug");
    if (resource === "busy.m3u8") answer(unavailable("nothing came in time", 2));
    else if (resource.endsWith(".m3u8") && stream === "live/test") answer(playlistAnswer(PLAYLIST, 1));
    else if (resource === "main/1.m4s") answer(mediaAnswer("video/mp4", MEDIA));
    else answer(notFound(`"${stream}" is not live`));
    return undefined;
  }
}

let origin: FakeOrigin;
let gateway: HttpGateway;
let base: string;
let errors: (LogFields | undefined)[];

function start(config: object = {}): HttpGateway {
  return startHttpGateway({
    config: httpSchema.parse({ listen: ["127.0.0.1:0"], ...config }),
    origin,
    streams: {
      list: () => [STREAM],
      get: (path) => (path === STREAM.path ? STREAM : undefined),
      poster: (path) => (path === STREAM.path ? MEDIA : undefined),
    },
    rtmpPort: 1935,
    multitrack: (question) => ({ status: question.application === "live" ? 200 : 404, value: question }),
    version: "1.2.3",
    log: { ...silentLog, error: (_message, fields) => errors.push(fields) },
    now: () => performance.now(),
    assets: new PageAssets(async () => {
      const page = new TextEncoder().encode("<!doctype html><title>page</title>");
      return new Map([
        ["start.html", page],
        ["watch.html", page],
        ["watch-abcd1234.js", new TextEncoder().encode("x".repeat(1000))],
      ]);
    }),
  });
}

beforeEach(() => {
  origin = new FakeOrigin();
  errors = [];
  gateway = start();
  base = `http://127.0.0.1:${gateway.addresses[0]?.port}`;
});
afterEach(() => gateway.close());

const get = (path: string, init?: RequestInit & { decompress?: boolean }) => fetch(base + path, init);

/** Sends bytes as they are and reads until the connection is quiet. */
function raw(request: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(gateway.addresses[0]?.port ?? 0, "127.0.0.1", () => socket.write(request));
    socket.setEncoding("latin1");
    socket.on("data", (data) => (text += data));
    socket.on("error", () => resolve(text));
    socket.on("close", () => resolve(text));
    setTimeout(() => socket.destroy(), 150);
  });
}

describe("playlists", () => {
  test("are what the origin says, for any origin", async () => {
    const response = await get("/live/test/main.m3u8?_HLS_msn=4&_HLS_part=1");
    expect(origin.requests).toEqual([{ stream: "live/test", resource: "main.m3u8", query: "_HLS_msn=4&_HLS_part=1" }]);
    expect(response.status).toBe(200);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(PLAYLIST.bytes);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/vnd.apple.mpegurl",
      "cache-control": "max-age=1",
      "access-control-allow-origin": "*",
      "access-control-expose-headers": expect.stringContaining("Date"),
      vary: "Accept-Encoding",
      server: "naru",
      date: expect.any(String),
    });
  });

  test("are compressed only for those who accept it", async () => {
    const options = { decompress: false };
    const zipped = await get("/live/test/index.m3u8", { ...options, headers: { "accept-encoding": "gzip" } });
    expect(zipped.headers.get("content-encoding")).toBe("gzip");
    expect(new Uint8Array(gunzipSync(await zipped.bytes()))).toEqual(PLAYLIST.bytes);
    const plain = await get("/live/test/index.m3u8", { ...options, headers: { "accept-encoding": "identity" } });
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(await plain.bytes()).toEqual(PLAYLIST.bytes);
  });

  test("are answered whole to a range, and not again to who has them", async () => {
    expect((await get("/live/test/index.m3u8", { headers: { range: "bytes=0-1" } })).status).toBe(200);
    const etag = (await get("/live/test/index.m3u8")).headers.get("etag") ?? "";
    const known = await get("/live/test/index.m3u8", { headers: { "if-none-match": etag } });
    expect(known.status).toBe(304);
    expect(known.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("of names in any script", async () => {
    await get(`/live/${encodeURIComponent("한국어 방송")}/index.m3u8`);
    expect(origin.requests[0]?.stream).toBe("live/한국어 방송");
  });
});

describe("requests that wait", () => {
  test("are answered when the origin is ready", async () => {
    const response = get("/live/test/held.m3u8");
    while (!origin.held) await Bun.sleep(1);
    origin.held(playlistAnswer(PLAYLIST, 0));
    expect((await response).status).toBe(200);
    expect(origin.cancelled).toBe(0);
  });

  test.each([
    ["a short part", 500, "media"],
    ["a part", 100_000, "media"],
    ["a segment", 600_000, "media"],
    ["a short playlist", 500, "text"],
    ["a long playlist", 40_000, "text"],
  ])("are answered whole with %s", async (_what, size, kind) => {
    const body = new Uint8Array(size).map((_, index) => 65 + (index % 26));
    const response = get("/live/test/held.m3u8", { headers: { "accept-encoding": "identity" } });
    while (!origin.held) await Bun.sleep(1);
    const playlist = { kind: "playlist", bytes: body } as const;
    origin.held(kind === "text" ? playlistAnswer(playlist, 0) : mediaAnswer("video/mp4", body));
    expect(await (await response).bytes()).toEqual(body);
  });

  test("are withdrawn when the viewer leaves", async () => {
    const leaving = new AbortController();
    const response = get("/live/test/held.m3u8", { signal: leaving.signal }).catch(() => "left");
    while (!origin.held) await Bun.sleep(1);
    leaving.abort();
    expect(await response).toBe("left");
    for (let i = 0; i < 200 && origin.cancelled === 0; i++) await Bun.sleep(5);
    expect(origin.cancelled).toBe(1);
  });
});

describe("media", () => {
  test("whole, never compressed", async () => {
    const response = await get("/live/test/main/1.m4s", { headers: { "accept-encoding": "gzip" } });
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(response.headers.get("content-type")).toBe("video/mp4");
    expect(response.headers.get("content-length")).toBe("100000");
    expect(response.headers.get("cache-control")).toContain("immutable");
    expect(await response.bytes()).toEqual(MEDIA);
  });

  test("in ranges", async () => {
    const first = await get("/live/test/main/1.m4s", { headers: { range: "bytes=0-1" } });
    expect(first.status).toBe(206);
    expect(first.headers.get("content-range")).toBe("bytes 0-1/100000");
    expect(await first.bytes()).toEqual(MEDIA.subarray(0, 2));
    const whole = await get("/live/test/main/1.m4s", { headers: { range: "bytes=0-" } });
    expect(await whole.bytes()).toEqual(MEDIA);
    const beyond = await get("/live/test/main/1.m4s", { headers: { range: "bytes=100000-" } });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */100000"]);
  });

  test("HEAD says what GET would", async () => {
    const response = await get("/live/test/main/1.m4s", { method: "HEAD" });
    expect(response.headers.get("content-length")).toBe("100000");
    expect(response.headers.get("date")).toBeString();
    expect((await response.bytes()).length).toBe(0);
  });

  test("counts its viewers", async () => {
    await get("/live/test/main.m3u8");
    expect(gateway.viewers("live/test")).toBe(0);
    await get("/live/test/main/1.m4s", { headers: { "user-agent": "a" } });
    await get("/live/test/main/1.m4s", { headers: { "user-agent": "a" } });
    await get("/live/test/main/1.m4s", { headers: { "user-agent": "b" } });
    await get("/live/other/main/9.m4s", { headers: { "user-agent": "b" } });
    expect(gateway.viewers("live/test")).toBe(2);
    expect(gateway.viewers("live/other")).toBe(0);
  });

  test("a thousand slow readers share one copy", async () => {
    const big = new Uint8Array(8 * 1024 ** 2);
    const sockets: ReturnType<typeof connect>[] = [];
    const media = origin.request.bind(origin);
    origin.request = (request, now, answer) => {
      if (request.resource !== "main/big.m4s") return media(request, now, answer);
      answer(mediaAnswer("video/mp4", big));
      return undefined;
    };
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 50; i++) {
      const socket = connect(gateway.addresses[0]?.port ?? 0, "127.0.0.1");
      socket.pause();
      socket.write("GET /live/test/main/big.m4s HTTP/1.1\r\nHost: a\r\n\r\n");
      sockets.push(socket);
    }
    await Bun.sleep(400);
    Bun.gc(true);
    const grown = process.memoryUsage.rss() - before;
    for (const socket of sockets) socket.destroy();
    // A copy each would be 400 MB.
    expect(grown).toBeLessThan(120 * 1024 ** 2);
  });
});

describe("errors", () => {
  test.each([
    ["/live/none/index.m3u8", 404, '"live/none" is not live'],
    ["/live/test/busy.m3u8", 503, "nothing came in time"],
    ["/live/test/broken.m3u8", 500, "the server made a mistake; its log says which"],
    ["/live/%ff/index.m3u8", 400, "the URL is malformed"],
    ["/nothing", 404, "there is nothing here"],
    [`/live/${"k".repeat(2000)}/index.m3u8`, 404, "longer than"],
    [`/live/${"k".repeat(9000)}`, 414, "the URL is too long"],
    ["/live/none/poster.mp4", 404, 'there is no picture of "live/none"'],
  ])("%s answers %i", async (path, status, message) => {
    const response = await get(path);
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(message);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(errors.length).toBe(status === 500 ? 1 : 0);
  });

  test("503 says when to come back", async () => {
    expect((await get("/live/test/busy.m3u8")).headers.get("retry-after")).toBe("2");
  });

  test.each(["POST", "PUT", "DELETE", "PATCH"])("%s is not allowed", async (method) => {
    const response = await get("/live/test/index.m3u8", { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  test("a preflight is answered", async () => {
    const response = await get("/live/test/index.m3u8", { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-headers")).toContain("Range");
  });

  test.each([
    ["garbage", "\x00\x01\x02\x03\r\n\r\n", /^(HTTP\/1.1 400|$)/],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", /^(HTTP\/1.1 400|$)/],
    ["an RTMP handshake", `\x03${"\x00".repeat(1536)}`, /^(HTTP\/1.1 400|$)/],
    ["headers without end", `GET / HTTP/1.1\r\n${"x: y\r\n".repeat(20_000)}`, /^(HTTP\/1.1 431|$)/],
    ["a body without need", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n", /^HTTP\/1.1 413/],
    ["no Host", "GET /health HTTP/1.0\r\n\r\n", /^HTTP\/1.1 200/],
    ["a Host that is none", "GET /health HTTP/1.1\r\nHost: a b/c?d\r\n\r\n", /^HTTP\/1.1 200/],
    ["dots", "GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", /^HTTP\/1.1 200 .*<title>page/s],
    ["encoded dots", "GET /..%2f..%2fetc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", /^HTTP\/1.1 400/],
  ])("%s gets a clean answer", async (_name, request, answer) => {
    expect(await raw(request)).toMatch(answer);
    expect((await get("/health")).status).toBe(200);
  });
});

describe("pages", () => {
  test("the watch page is there before the stream is", async () => {
    const response = await get("/live/nobody");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(await response.text()).toContain("<title>page</title>");
  });

  test("files with a hash in their name are kept by browsers", async () => {
    const script = await get("/_naru/watch-abcd1234.js", { headers: { "accept-encoding": "gzip" } });
    expect(script.headers.get("cache-control")).toContain("immutable");
    expect((await script.text()).length).toBe(1000);
    expect((await get("/")).headers.get("cache-control")).toBe("no-cache");
    expect((await get("/_naru/none.js")).status).toBe(404);
  });

  test("a slash at the end is one too many", async () => {
    const response = await get(`/live/${encodeURIComponent("한")}/?player=hls`, { redirect: "manual" });
    expect(response.status).toBe(301);
    expect(response.headers.get("location")).toBe(`/live/${encodeURIComponent("한")}?player=hls`);
  });

  test("can be turned off", async () => {
    const quiet = start({ pages: false });
    const url = `http://127.0.0.1:${quiet.addresses[0]?.port}`;
    for (const path of ["/", "/live/test", "/_naru/watch-abcd1234.js"])
      expect((await fetch(url + path)).status).toBe(404);
    expect((await fetch(`${url}/live/test/index.m3u8`)).status).toBe(200);
    await quiet.close();
  });

  test("the list of streams", async () => {
    expect(await (await get("/api/streams")).json()).toEqual({
      version: "1.2.3",
      rtmpPort: 1935,
      streams: [
        {
          ...STREAM,
          viewers: 0,
          urls: {
            watch: "/live/test",
            playlist: "/live/test/index.m3u8",
            poster: "/live/test/poster.mp4",
          },
        },
      ],
    });
    expect(await (await get("/api/streams/live/test")).json()).toMatchObject({
      ...STREAM,
      serverTime: expect.any(Number),
    });
    expect((await get("/api/streams/live/none")).status).toBe(404);
    expect((await get("/live/test/poster.mp4")).headers.get("content-type")).toBe("video/mp4");
  });
});

describe("what an encoder shall send", () => {
  const ask = (path: string, init?: RequestInit) => fetch(base + path, init);
  const post = (body: string, path = "/api/multitrack/live") =>
    ask(path, { method: "POST", headers: { "content-type": "application/json" }, body });

  test("is answered to its request", async () => {
    const response = await post('{"service":"IVS"}');
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
    const question = { application: "live", host: "127.0.0.1", secure: false, by: "client", body: { service: "IVS" } };
    expect(await response.json()).toEqual(question);
    expect((await post("{}", "/api/multitrack/none")).status).toBe(404);
  });

  test("is answered to a person, by what the URL wishes", async () => {
    const response = await ask("/api/multitrack/live?encoder=nvenc&height=720");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toMatchObject({ by: "person", encoder: "nvenc", height: 720 });
    expect(await (await ask("/api/multitrack/live?height=tall")).json()).not.toHaveProperty("height");
  });

  test("is not answered to what is no request", async () => {
    expect((await post("{")).status).toBe(400);
    expect((await post(`"${"x".repeat(70_000)}"`)).status).toBe(413);
    for (const path of ["/api/multitrack/", "/api/multitrack/live/test"]) {
      expect((await post("{}", path)).status).toBe(405);
      expect((await ask(path)).status).toBe(404);
    }
    expect((await ask("/api/multitrack/live", { method: "PUT", body: "{}" })).status).toBe(405);
  });
});

test("a location of the configuration comes before streams, and `/` after them", async () => {
  const served = start({
    locations: [
      { path: "/", root: import.meta.dir },
      { path: "/live/files", alias: import.meta.dir },
    ],
  });
  const url = `http://127.0.0.1:${served.addresses[0]?.port}`;
  expect((await fetch(`${url}/live/files/gateway.ts`)).status).toBe(200);
  expect((await fetch(`${url}/live/files/none.m3u8`)).status).toBe(404);
  expect((await fetch(`${url}/gateway.ts`)).status).toBe(200);
  expect((await fetch(`${url}/live/test/index.m3u8`)).headers.get("etag")).toStartWith("W/");
  await served.close();
});

test("a location does not hide the streams of an application of its name", async () => {
  const served = start({ locations: [{ path: "/live", root: "/nonexistent" }] });
  const url = `http://127.0.0.1:${served.addresses[0]?.port}`;
  expect((await fetch(`${url}/live/test/index.m3u8`)).status).toBe(200);
  expect(await (await fetch(`${url}/live/test`)).text()).toContain("<title>page");
  expect(await (await fetch(`${url}/live/none/index.m3u8`)).text()).toContain("there is no such file");
  expect((await fetch(`${url}/live/none`)).status).toBe(404);
  await served.close();
});

test("a preflight is answered for streams beside a location of the root", async () => {
  const served = start({ locations: [{ path: "/", root: import.meta.dir, headers: [["X-File", "1"]] }] });
  const url = `http://127.0.0.1:${served.addresses[0]?.port}`;
  const preflight = async (path: string) => (await fetch(url + path, { method: "OPTIONS" })).headers;
  expect((await preflight("/live/test/index.m3u8")).get("access-control-allow-methods")).toContain("GET");
  expect((await preflight("/gateway.ts")).get("x-file")).toBe("1");
  await served.close();
});

test("a port that is taken is named", () => {
  const port = gateway.addresses[0]?.port;
  try {
    start({ listen: ["127.0.0.1:0", `127.0.0.1:${port}`] });
    throw new Error("it should not listen");
  } catch (error) {
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ code: "address-in-use", address: { host: "127.0.0.1", port } });
    expect(String(error)).toContain(`127.0.0.1:${port}`);
  }
});

test("the real pages hold everything they need", async () => {
  const assets = new PageAssets();
  for (const page of ["start.html", "watch.html"]) {
    const html = new TextDecoder().decode((await assets.get(page))?.bytes);
    const files = [...html.matchAll(/(?:src|href)="\/_naru\/([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) expect(await assets.get(file)).toBeDefined();
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  }
});

describe("what is nginx's of paths", () => {
  const ask = async (config: object, path: string) => {
    const served = start(config);
    const url = `http://127.0.0.1:${served.addresses[0]?.port}${path}`;
    const response = await fetch(url, { redirect: "manual" });
    const told = response.headers.get("location") ?? (await response.text()).slice(0, 40);
    await served.close();
    return [response.status, told];
  };

  test("streams are reached by rewritten paths, with what was asked", async () => {
    const rewrites = [{ pattern: "^/watch/(\\w+)\\.m3u8$", to: "/live/$1/main.m3u8" }];
    const [status] = await ask({ rewrites }, "/watch/test.m3u8?_HLS_msn=5");
    expect(status).toBe(200);
    expect(origin.requests.at(-1)).toMatchObject({ stream: "live/test", resource: "main.m3u8" });
  });

  test("a stream comes before what try_files falls back to, and the fallback before naru's 404", async () => {
    const index = { path: "/app", exact: true, answer: { status: 200, text: "app" } };
    const locations = [{ path: "/", root: import.meta.dir, tryFiles: ["$uri", "/app"] }, index];
    expect(await ask({ locations }, "/live/test/main.m3u8")).toEqual([200, expect.stringMatching(/^#EXTM3U/)]);
    expect(await ask({ locations }, "/any/where")).toEqual([200, "app"]);
  });

  test("a line break in a path ends no header", async () => {
    const rewrites = [{ pattern: "^/old/([^]*)$", to: "/new/$1", after: "redirect" }];
    expect(await ask({ rewrites }, "/old/a%0d%0aX-Evil:%201")).toEqual([302, "/new/a%0D%0AX-Evil%3A%201"]);
  });

  test("a rewritten path cannot climb out", async () => {
    const locations = [
      { path: "/", root: `${import.meta.dir}/none`, rewrites: [{ pattern: "^/x(.*)$", to: "/a/../..$1" }] },
    ];
    expect((await ask({ locations }, "/x/gateway.test.ts"))[0]).toBe(400);
  });

  test("who is kept out sees the error's page, unless he is kept out of that, too", async () => {
    const page = { path: "/refused", exact: true, answer: { status: 200, text: "sorry" } };
    const deny = { rules: [{ deny: "all" }] };
    const closed = {
      path: "/a",
      root: import.meta.dir,
      access: deny,
      errorPages: [{ status: [403], page: "/refused" }],
    };
    expect(await ask({ locations: [closed, page] }, "/a")).toEqual([403, "sorry"]);
    expect((await ask({ locations: [closed, { ...page, access: deny }] }, "/a"))[1]).not.toBe("sorry");
  });

  test("internal locations are for no client", async () => {
    const locations = [{ path: "/live/test", internal: true }];
    expect((await ask({ locations }, "/live/test/main.m3u8"))[0]).toBe(404);
  });
});
