import { expect, test } from "bun:test";
import { parseNginxListen, parseNginxSize, parseNginxTime } from "./values.ts";

test.each([
  ["3", 3000],
  ["3s", 3000],
  ["500ms", 500],
  ["1m30s", 90_000],
  ["1m 30s", 90_000],
  ["1h30", 3_630_000],
  ["2d", 172_800_000],
  ["2w", 1_209_600_000],
  ["0", 0],
])("time %p is %d ms", (text, ms) => expect(parseNginxTime(text)).toBe(ms));

test.each(["", " 3s", "3s ", "30s1m", "-1", "1.5s", "s", "3S", "1M", "off"])("%p is no time", (text) => {
  expect(parseNginxTime(text)).toBeUndefined();
});

test.each([
  ["4096", 4096],
  ["512k", 524_288],
  ["1M", 1_048_576],
])("size %p is %d bytes", (text, bytes) => expect(parseNginxSize(text)).toBe(bytes));

test.each(["", "1g", "1kb", "-1", "1.5m", "k"])("%p is no size", (text) => {
  expect(parseNginxSize(text)).toBeUndefined();
});

test.each([
  ["1935", "0.0.0.0", 1935],
  ["*:1936", "0.0.0.0", 1936],
  ["127.0.0.1", "127.0.0.1", 1935],
  ["127.0.0.1:80", "127.0.0.1", 80],
  ["[::]:1935", "::", 1935],
  ["[::1]", "::1", 1935],
  ["localhost", "localhost", 1935],
])("listen %s", (text, host, port) => expect(parseNginxListen(text, 1935)).toEqual({ host, port }));

test.each(["", "99999", "host:port", "::1", "1:2:3"])("%p is no address", (text) => {
  expect(parseNginxListen(text, 1935)).toBeUndefined();
});
