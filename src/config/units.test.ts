import { describe, expect, test } from "bun:test";
import {
  duration,
  formatDuration,
  formatListen,
  formatSize,
  listenAddresses,
  parseDuration,
  parseListen,
  parseSize,
  size,
} from "./units.ts";

describe("durations", () => {
  test.each([
    ["400ms", 400],
    ["2s", 2000],
    ["1m", 60_000],
    ["36h", 129_600_000],
    ["1500ms", 1500],
  ])("%s is %d ms, both ways", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(formatDuration(ms)).toBe(text);
  });

  test.each([
    ["3", 3000],
    ["0.5", 500],
    ["1m30s", 90_000],
    [" 2S ", 2000],
  ])("%p is read as %d ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(["", "s", "2 s", "-1s", "1x", "2s3", "1e3"])("%p is no duration", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test("bounds are said in the message", () => {
    const schema = duration({ min: 100, max: 5000 });
    expect(schema.parse("5s")).toBe(5000);
    expect(schema.safeParse("99ms").error?.issues[0]?.message).toBe('expected at least 100ms, got "99ms"');
    expect(schema.safeParse(6).error?.issues[0]?.message).toBe("expected at most 5s, got 6");
    expect(schema.safeParse({}).error?.issues[0]?.message).toContain("got a group of keys");
  });
});

describe("sizes", () => {
  test.each([
    ["512K", 524_288],
    ["10M", 10_485_760],
    ["1G", 1_073_741_824],
    ["1025", 1025],
  ])("%s is %d bytes, both ways", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
    expect(formatSize(bytes)).toBe(text);
  });

  test.each(["", "1.5M", "-1", "10T"])("%p is no size", (text) => expect(parseSize(text)).toBeUndefined());

  test("fractions and negative numbers are refused", () => {
    expect(size().safeParse(1.5).success).toBe(false);
    expect(size().safeParse(-1).success).toBe(false);
  });
});

describe("addresses", () => {
  test.each([
    ["1935", { host: "::", port: 1935 }],
    ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["[::1]:65535", { host: "::1", port: 65_535 }],
    ["media.example:80", { host: "media.example", port: 80 }],
  ])("%s, both ways", (text, address) => {
    expect(parseListen(text)).toEqual(address);
    expect(formatListen(address)).toBe(text);
  });

  test.each(["", "65536", "::1:80", "host", "a b:1", "http://x:1", "[zz]:1", "-1"])("%p is no address", (text) => {
    expect(parseListen(text)).toBeUndefined();
  });

  test("one may stand without a list, and a wrong one is named by its index", () => {
    expect(listenAddresses().parse(1935)).toEqual([{ host: "::", port: 1935 }]);
    expect(listenAddresses().parse([])).toEqual([]);
    expect(listenAddresses().safeParse([1, "x"]).error?.issues[0]?.path).toEqual([1]);
  });
});
