import { afterEach, beforeEach, expect, test } from "bun:test";
import { silentLog } from "../../log.ts";
import { httpSchema } from "./config.ts";
import { type HttpGateway, startHttpGateway } from "./gateway.ts";
import type { OperatorQuestion } from "./operator.ts";

let asked: OperatorQuestion[] = [];
let gateway: HttpGateway | undefined;

beforeEach(() => {
  asked = [];
});
afterEach(() => gateway?.close());

function start(config: object): (path: string, init?: RequestInit) => Promise<Response> {
  gateway = startHttpGateway({
    config: httpSchema.parse({ listen: ["127.0.0.1:0"], ...config }),
    origin: {
      request: (_, __, answer) => {
        answer({ status: 200, body: new Uint8Array(3), contentType: "video/mp2t", cacheControl: "max-age=1" });
        return undefined;
      },
    },
    streams: { list: () => [], get: () => undefined, poster: () => undefined },
    operator: (question) => {
      asked.push(question);
      const path = question.type === "api" ? new URL(question.url).pathname : "";
      if (path === "/api/broken") throw new Error("broken");
      if (path === "/api/closed") return { status: 401, body: "{}", contentType: "application/problem+json" };
      return question.type === "control"
        ? { status: 204, body: "", contentType: "" }
        : { status: 200, body: "<rtmp/>", contentType: "text/xml" };
    },
    version: "1",
    log: silentLog,
    now: () => performance.now(),
  });
  const port = gateway.addresses[0]?.port;
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

test("a location of statistics or orders asks each time anew", async () => {
  const ask = start({
    locations: [
      { path: "/stat", exact: true, stat: { stylesheet: "stat.xsl" }, headers: [["X-A", "b"]] },
      { path: "/control", control: ["drop"] },
    ],
  });
  for (let count = 0; count < 2; count++) {
    const response = await ask("/stat");
    expect([response.headers.get("content-type"), response.headers.get("x-a")]).toEqual(["text/xml", "b"]);
    expect(await response.text()).toBe("<rtmp/>");
  }
  expect((await ask("/control/drop/client?app=a%2Bb", { method: "POST" })).status).toBe(204);
  expect((await ask("/stats")).status).toBe(404);
  const stat: OperatorQuestion = { type: "stat", config: { show: ["all"], stylesheet: "stat.xsl", format: "xml" } };
  expect(asked).toEqual([
    stat,
    stat,
    { type: "control", takes: ["drop"], path: "/control/drop/client", query: "app=a%2Bb" },
  ]);
  expect(await (await ask("/stat.xsl")).text()).toContain("xsl:stylesheet");
});

test("requests of the API come with what says who asks, and are answered without CORS", async () => {
  const ask = start({});
  const headers = { authorization: "Bearer x", origin: "http://a", cookie: "c" };
  const response = await ask("/api/streams/live/a%2Fb/publisher?x=1", { method: "DELETE", headers });
  expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([200, null]);
  expect(asked).toMatchObject([
    {
      type: "api",
      method: "DELETE",
      url: "http://localhost/api/streams/live/a%2Fb/publisher?x=1",
      address: "127.0.0.1",
      headers: { authorization: "Bearer x", origin: "http://a" },
    },
  ]);
  expect(JSON.stringify(asked)).not.toContain("cookie");
  expect((await ask("/api/closed")).headers.get("www-authenticate")).toBe("Bearer");
  expect((await ask("/api/broken")).status).toBe(500);
  expect((await ask("/api/x", { method: "POST", body: "x".repeat(20_000) })).status).toBe(413);
  // What the start page reads is not the API's to refuse.
  expect(((await (await ask("/api/streams")).json()) as { streams: unknown }).streams).toEqual([]);
  expect((await ask("/live/a", { method: "DELETE" })).status).toBe(405);
});

test("who is kept out is kept out of everything, but where a location says otherwise", async () => {
  const ask = start({
    access: { rules: [{ deny: "127.0.0.0/8" }] },
    locations: [
      { path: "/open", root: import.meta.dir, access: {} },
      { path: "/files", root: import.meta.dir },
      { path: "/live/open", access: {} },
    ],
  });
  for (const path of [
    "/",
    "/api/streams",
    "/api/x",
    "/live/a/index.m3u8",
    "/live/a/main/1.ts",
    "/live/a.flv",
    "/files/x",
    "/health",
    "/stat.xsl",
  ]) {
    expect({ path, status: (await ask(path)).status }).toEqual({ path, status: 403 });
  }
  expect((await ask("/live/a", { method: "OPTIONS" })).status).toBe(403);
  expect((await ask("/api/x", { method: "POST" })).status).toBe(403);
  expect(asked).toEqual([]);
  expect((await ask("/open/x")).status).toBe(404);
  expect((await ask("/live/open/main/1.ts")).status).toBe(200);
  // By other ways to write the same path.
  for (const path of ["//live/a/index.m3u8", "/live/open/../a/main/1.ts", "/live/%61/index.m3u8"]) {
    expect({ path, status: (await ask(path)).status }).toEqual({ path, status: 403 });
  }
});

test("whoever is let in by a password opens nothing for who has none", async () => {
  const ask = start({
    access: { users: `${import.meta.dir}/no-such-file`, rules: [{ allow: "127.0.0.1" }], satisfy: "any" },
  });
  expect((await ask("/live/a/main/1.ts")).status).toBe(200);
  await gateway?.reload({
    config: httpSchema.parse({ listen: ["127.0.0.1:0"], access: { users: `${import.meta.dir}/no-such-file` } }),
  });
  const closed = await fetch(`http://127.0.0.1:${gateway?.addresses[0]?.port}/live/a/main/1.ts`);
  expect([closed.status, closed.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="naru"']);
});

test("a location of flv_live finds its stream in the query", async () => {
  const ask = start({ locations: [{ path: "/live", flv: true }] });
  expect(await (await ask("/live?app=live")).text()).toContain("?app=NAME&stream=KEY");
  // Nothing is played here as FLV.
  expect(await (await ask("/live?app=live&stream=a")).text()).toBe("there is nothing here\n");
});

test.each([{ path: "/a" }, { path: "/a", root: "/b", stat: {} }, { path: "/a", stat: {}, control: ["all"] }])(
  "%j is no location",
  (location) => {
    expect(httpSchema.safeParse({ locations: [location] }).success).toBe(false);
  },
);
