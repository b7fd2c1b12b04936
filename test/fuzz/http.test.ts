import { expect, test } from "bun:test";
import { parseByteRange } from "../../src/gateways/http/byte-range.ts";
import { acceptsGzip } from "../../src/gateways/http/conditions.ts";
import { parseRequestTarget } from "../../src/gateways/http/request-target.ts";
import { parseRoute } from "../../src/gateways/http/route.ts";

const CASES = 20_000;

/** Deterministic numbers in 0..n-1 (mulberry32). */
function generator(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const PIECES = [
  "/live",
  "/test",
  "/main",
  "/index.m3u8",
  "/12.m4s",
  "/",
  "//",
  ".",
  "..",
  "%",
  "%2e",
  "%2f",
  "%5c",
  "%00",
  "%ff",
  "%ED%95%9C",
  "%zz",
  "\\",
  "?",
  "#",
  ":",
  "live",
  "test",
  "main",
  "index.m3u8",
  "12.m4s",
  "poster.mp4",
  "_naru",
  "api",
  "streams",
  "한",
  "\ud800",
  "\u0000",
  " ",
];

test("no URL breaks the way to its route", () => {
  const random = generator(1);
  let routed = 0;
  for (let i = 0; i < CASES; i++) {
    let url = random(4) === 0 ? "/" : "http://h";
    for (let n = random(12); n >= 0; n--) url += PIECES[random(PIECES.length)];
    const target = parseRequestTarget(url);
    if (!target) continue;
    expect(target.path).toStartWith("/");
    expect(target.path.split("/")).not.toContain("..");
    expect(target.path).not.toContain("\0");
    const route = parseRoute(target.path);
    if ("resource" in route) {
      routed++;
      expect(`/${route.path}/${route.resource}`).toBe(target.path);
    }
  }
  expect(routed).toBeGreaterThan(100);
});

test("no Range header asks for bytes that are not there", () => {
  const random = generator(2);
  const pieces = ["bytes", "=", "-", ",", "0", "1", "99", "9007199254740993", " ", "a"];
  for (let i = 0; i < CASES; i++) {
    let header = random(3) ? "bytes=" : "";
    for (let n = random(6); n > 0; n--) header += pieces[random(pieces.length)];
    const size = random(3) === 0 ? 0 : random(200);
    const range = parseByteRange(header, size);
    if (range === undefined || range === "unsatisfiable") continue;
    expect(range.start).toBeGreaterThanOrEqual(0);
    expect(range.end).toBeGreaterThan(range.start);
    expect(range.end).toBeLessThanOrEqual(size);
  }
});

test("no Accept-Encoding header throws", () => {
  const random = generator(3);
  const pieces = ["gzip", "*", "br", ";", "q=", "0", "1", ".", ",", " ", "="];
  for (let i = 0; i < CASES; i++) {
    let header = "";
    for (let n = random(10); n > 0; n--) header += pieces[random(pieces.length)];
    expect(acceptsGzip(header)).toBeBoolean();
  }
});
