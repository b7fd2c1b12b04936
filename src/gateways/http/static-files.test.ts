import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Conditions } from "./conditions.ts";
import { type HttpLocation, httpSchema } from "./config.ts";
import { matchLocation } from "./location.ts";
import { answerFileOptions, answerFixed, answerFound, lookUp } from "./static-files.ts";

const GET: Conditions = {
  head: false,
  gzip: true,
  ifNoneMatch: null,
  ifModifiedSince: null,
  ifRange: null,
  range: null,
};
const MODIFIED = new Date("2026-11-23T12:00:00Z");
const LARGE = 300 * 1024;
let directory: string;
let hls: HttpLocation;
let images: HttpLocation;

function location(fields: object): HttpLocation {
  const [parsed] = httpSchema.parse({ locations: [fields] }).locations;
  if (!parsed) throw new Error("no location");
  return parsed;
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "naru-static-"));
  mkdirSync(join(directory, "hls/sub"), { recursive: true });
  mkdirSync(join(directory, "img"));
  mkdirSync(join(directory, "img-secret"));
  writeFileSync(join(directory, "hls/test.m3u8"), "#EXTM3U\n");
  writeFileSync(
    join(directory, "hls/test-1.ts"),
    new Uint8Array(LARGE).map((_, index) => index % 251),
  );
  writeFileSync(join(directory, "hls/한국어 1.ts"), "media");
  writeFileSync(join(directory, "hls/empty.ts"), "");
  writeFileSync(join(directory, "hls/README"), "text");
  writeFileSync(join(directory, "hls/sub/index.html"), "<p>index</p>");
  writeFileSync(join(directory, "img-secret/key"), "secret");
  writeFileSync(join(directory, "img/a.png"), "png");
  symlinkSync(join(directory, "img/a.png"), join(directory, "hls/link.png"));
  symlinkSync("loop", join(directory, "hls/loop"));
  utimesSync(join(directory, "hls/test.m3u8"), MODIFIED, MODIFIED);
  Bun.spawnSync(["mkfifo", join(directory, "hls/pipe.ts")]);
  hls = location({
    path: "/hls",
    root: directory,
    types: { m3u8: "application/vnd.apple.mpegurl", ts: "video/mp2t" },
    headers: [
      ["Cache-Control", "no-cache"],
      ["Access-Control-Allow-Origin", "*"],
    ],
  });
  images = location({ path: "/i", alias: `${directory}/img` });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const asked = (path: string) => ({ path, query: "", request: new Request("http://localhost/") });

async function get(path: string, conditions: Partial<Conditions> = {}, from = hls): Promise<Response> {
  const found = await lookUp(from, asked(path));
  if (found.kind === "again") return get(found.to, conditions, from);
  return answerFound(from, found, { ...GET, ...conditions });
}

describe("files of a location", () => {
  test("a playlist, with the headers of the configuration", async () => {
    const response = await get("/hls/test.m3u8");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("#EXTM3U\n");
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/vnd.apple.mpegurl",
      "cache-control": "no-cache",
      "access-control-allow-origin": "*",
      "last-modified": "Mon, 23 Nov 2026 12:00:00 GMT",
      "accept-ranges": "bytes",
    });
    expect(response.headers.get("content-encoding")).toBeNull();
  });

  test("a file too large to be read at once", async () => {
    const bytes = await (await get("/hls/test-1.ts")).bytes();
    expect(bytes.length).toBe(LARGE);
    expect(bytes[1000]).toBe(1000 % 251);
  });

  test.each([
    ["/hls/한국어 1.ts", "video/mp2t"],
    ["/hls/empty.ts", "video/mp2t"],
    ["/hls/README", "text/plain"],
    ["/hls/link.png", "text/plain"],
  ])("%s is %s: the location's types replace the built-in ones", async (path, type) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(type);
  });

  test("without types, extensions mean what they mean everywhere", async () => {
    const plain = location({ path: "/hls", root: directory });
    expect((await get("/hls/test-1.ts", {}, plain)).headers.get("content-type")).toBe("video/mp2t");
    expect((await get("/hls/link.png", {}, plain)).headers.get("content-type")).toBe("image/png");
  });

  test.each([
    ["/hls/none.ts", 404],
    ["/hls/test.m3u8/x", 404],
    [`/hls/${"x".repeat(300)}`, 404],
    ["/hls/loop", 404],
    ["/hls/pipe.ts", 404],
    ["/hls/", 403],
    ["/hls/none/", 404],
    ["/hls/sub/", 200],
  ])("%s answers %i", async (path, status) => {
    const response = await get(path);
    expect(response.status).toBe(status);
    // add_header without `always` is for answers that went well.
    expect(response.headers.has("access-control-allow-origin")).toBe(status === 200);
  });

  test("an empty table of types leaves every file the default type", async () => {
    const bare = location({ path: "/hls", root: directory, types: {}, defaultType: "a/b" });
    expect((await get("/hls/test-1.ts", {}, bare)).headers.get("content-type")).toBe("a/b");
  });

  test("the same answer for everything", async () => {
    const fixed = location({
      path: "/x",
      defaultType: "text/xml",
      answer: { status: 200, text: "<a/>" },
      headers: [["A", "b"]],
    });
    const response = answerFixed(fixed, fixed.answer ?? { status: 500, text: "", location: "" }, GET, asked("/x"));
    expect([response.status, await response.text()]).toEqual([200, "<a/>"]);
    expect(response.headers.get("content-type")).toBe("text/xml");
    expect(response.headers.get("a")).toBe("b");
    const moved = answerFixed(fixed, { status: 301, text: "", location: "/y" }, GET, asked("/x"));
    expect([moved.status, moved.headers.get("location")]).toEqual([301, "/y"]);
  });

  test("headers for every answer", async () => {
    const always = location({ path: "/hls", root: directory, alwaysHeaders: [["Access-Control-Allow-Origin", "*"]] });
    for (const path of ["/hls/none.ts", "/hls/test.m3u8", "/hls/"])
      expect((await get(path, {}, always)).headers.get("access-control-allow-origin")).toBe("*");
  });

  test("a directory that is called as the index would be", async () => {
    mkdirSync(join(directory, "hls/odd/index.html"), { recursive: true });
    expect((await get("/hls/odd/")).status).toBe(403);
  });

  test("a directory without its slash is redirected", async () => {
    const response = await get("/hls/sub");
    expect(response.status).toBe(301);
    expect(response.headers.get("location")).toBe("/hls/sub/");
    expect(response.headers.get("cache-control")).toBe("no-cache");
  });

  test("a location is a prefix of the URL, and alias takes its place", async () => {
    expect(await (await get("/i/a.png", {}, images)).text()).toBe("png");
  });

  test("an alias cannot be walked out of", async () => {
    const slash = location({ path: "/i", alias: `${directory}/img/` });
    expect((await get("/i../img-secret/key", {}, slash)).status).toBe(404);
    expect((await get("/i-secret/key", {}, images)).status).toBe(404);
  });

  test("ranges", async () => {
    const part = await get("/hls/test-1.ts", { range: "bytes=251-253" });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 251-253/${LARGE}`);
    expect(await part.bytes()).toEqual(new Uint8Array([0, 1, 2]));
    expect(part.headers.get("access-control-allow-origin")).toBe("*");
    expect(await (await get("/hls/test.m3u8", { range: "bytes=-3" })).text()).toBe("3U\n");
    const beyond = await get("/hls/test.m3u8", { range: "bytes=8-" });
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get("content-range")).toBe("bytes */8");
  });

  test("what the client has is not sent again", async () => {
    const etag = (await get("/hls/test.m3u8")).headers.get("etag");
    const known = await get("/hls/test.m3u8", { ifNoneMatch: etag });
    expect([known.status, await known.text()]).toEqual([304, ""]);
    expect((await get("/hls/test.m3u8", { ifModifiedSince: MODIFIED.toUTCString() })).status).toBe(304);
    writeFileSync(join(directory, "hls/test.m3u8"), "#EXTM3U \n");
    expect((await get("/hls/test.m3u8", { ifNoneMatch: etag })).status).toBe(200);
  });

  test("OPTIONS carries the headers of the configuration", () => {
    const response = answerFileOptions(hls, GET);
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });
});

test("a directory is listed, directories first, without hidden files", async () => {
  mkdirSync(join(directory, "list/b<&>"), { recursive: true });
  writeFileSync(join(directory, "list/a b.ts"), "12345");
  writeFileSync(join(directory, "list/.hidden"), "");
  const listed = await get("/list/", {}, location({ path: "/", root: directory, autoindex: true }));
  expect(listed.headers.get("content-type")).toBe("text/html");
  const lines = (await listed.text()).split("\r\n").filter((line) => line.startsWith("<a"));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('<a href="b%3C%26%3E/">b&lt;&amp;&gt;/</a>');
  expect(lines[1]).toMatch(/^<a href="a%20b\.ts">a b\.ts<\/a> {45}\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d {19}5$/);
});

test("files are tried in turn", async () => {
  const from = location({ path: "/", root: directory, tryFiles: ["$uri", "$uri/", "/$uri.m3u8", "=410"] });
  expect(await (await get("/hls/test.m3u8", {}, from)).text()).toStartWith("#EXTM3U");
  expect(await (await get("/hls/test", {}, from)).text()).toStartWith("#EXTM3U");
  expect((await get("/hls/none", {}, from)).status).toBe(410);
  const other = location({ path: "/", root: directory, tryFiles: ["$uri", "/app?from=$uri"] });
  expect(await lookUp(other, asked("/a b"))).toEqual({ kind: "again", to: "/app?from=/a%20b", isIndex: false });
});

test("the alias of a pattern is the whole name, and cannot be walked out of", async () => {
  const from = location({ pattern: "^/c(.*)$", alias: `${directory}/img/$1` });
  expect(await (await get("/c/a.png", {}, from)).text()).toBe("png");
  expect((await get("/c../img-secret/key", {}, from)).status).toBe(404);
});

test("patterns come before prefixes, but for final and exact ones", () => {
  const locations = [
    location({ path: "/", root: "/0" }),
    location({ path: "/hls", root: "/1" }),
    location({ path: "/final", final: true, root: "/2" }),
    location({ pattern: "\\.ts$", root: "/3" }),
    location({ pattern: "\\.TS$", ignoreCase: true, root: "/4" }),
    location({ path: "/hls", pattern: "x\\.ts$", root: "/5" }),
    location({ path: "/a.ts", exact: true, root: "/6" }),
  ];
  const match = (path: string) => matchLocation(locations, path)?.root;
  expect(["/b", "/hls/b", "/final/b.ts", "/b.ts", "/b.Ts", "/hls/x.ts", "/hls/y.ts", "/a.ts"].map(match)).toEqual([
    "/0",
    "/1",
    "/2",
    "/3",
    "/4",
    "/5",
    "/3",
    "/6",
  ]);
});

test("the longest prefix wins", () => {
  const locations = ["/", "/hls", "/hls/deep"].map((path) => location({ path, root: "/x" }));
  const match = (path: string) => matchLocation(locations, path)?.path;
  expect(match("/hls/a")).toBe("/hls");
  expect(match("/hls/deep/a")).toBe("/hls/deep");
  expect(match("/hlsx")).toBe("/hls");
  expect(match("/other")).toBe("/");
  expect(matchLocation(locations.slice(1), "/other")).toBeUndefined();
});
