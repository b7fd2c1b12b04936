import { expect, test } from "bun:test";
import { toHlsNames } from "./hls-names.ts";

const flat = { directory: "/tmp/hls", nested: false, baseUrl: "" };

test("flat names are nginx-rtmp's", () => {
  const names = toHlsNames({ ...flat, name: "test" });
  expect(names?.directory).toBe("/tmp/hls");
  expect(names?.playlist).toBe("/tmp/hls/test.m3u8");
  expect(names?.unfinished).toBe("/tmp/hls/test.m3u8.bak");
  expect(names?.segment(12)).toBe("/tmp/hls/test-12.ts");
  expect(names?.uri(12)).toBe("test-12.ts");
});

test("nested names are nginx-rtmp's", () => {
  const names = toHlsNames({ ...flat, nested: true, name: "test", baseUrl: "http://cdn/" });
  expect(names?.directory).toBe("/tmp/hls/test");
  expect(names?.playlist).toBe("/tmp/hls/test/index.m3u8");
  expect(names?.segment(0)).toBe("/tmp/hls/test/0.ts");
  expect(names?.uri(0)).toBe("http://cdn/0.ts");
});

test.each([
  ["a b", "a%20b-1.ts"],
  ["방송", "%EB%B0%A9%EC%86%A1-1.ts"],
  ["#1", "%231-1.ts"],
  ["50%", "50%25-1.ts"],
  ["a:b", "a%3Ab-1.ts"],
  ["me@home+1,2=3$", "me@home+1,2=3$-1.ts"],
])("%s is listed as a URI", (name, uri) => {
  expect(toHlsNames({ ...flat, name })?.uri(1)).toBe(uri);
  expect(toHlsNames({ ...flat, name })?.segment(1)).toBe(`/tmp/hls/${name}-1.ts`);
});

test.each([
  "",
  ".",
  "..",
  "../up",
  "a/b",
  "/etc/passwd",
  "a\\b",
  ".hidden",
  "a\u0000b",
  "a\nb",
  "\u001b[2J",
  "\ud800",
  "x".repeat(2000),
  "방".repeat(74),
])("%j is no file name", (name) => {
  for (const nested of [false, true]) expect(toHlsNames({ ...flat, nested, name })).toBeUndefined();
});
