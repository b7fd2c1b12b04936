import { expect, test } from "bun:test";
import { parsePublishUrl } from "./publish-url.ts";

const GOOD: readonly [url: string, host: string, port: number, app: string, name: string, tcUrl: string][] = [
  ["rtmp://127.0.0.1:1935/live/demo", "127.0.0.1", 1935, "live", "demo", "rtmp://127.0.0.1/live"],
  ["rtmp://example.org/live/demo", "example.org", 1935, "live", "demo", "rtmp://example.org/live"],
  ["RTMP://example.org:1936/live/demo", "example.org", 1936, "live", "demo", "rtmp://example.org:1936/live"],
  ["rtmp://[::1]:1936/live/demo", "::1", 1936, "live", "demo", "rtmp://[::1]:1936/live"],
  ["rtmp://h/a/b/c", "h", 1935, "a/b", "c", "rtmp://h/a/b"],
  ["rtmp://h/live/나루", "h", 1935, "live", "나루", "rtmp://h/live"],
  ["rtmp://h/live/key?token=a/b&x=rtmp://y", "h", 1935, "live", "key?token=a/b&x=rtmp://y", "rtmp://h/live"],
  ["rtmps://h/live/demo", "h", 443, "live", "demo", "rtmps://h/live"],
];

test.each(GOOD)("%s", (url, host, port, app, name, tcUrl) => {
  expect(parsePublishUrl(url)).toEqual({ tls: url.startsWith("rtmps"), host, port, app, name, tcUrl });
});

const BAD = [
  "",
  "live/demo",
  "http://h/live/demo",
  "rtmp://h",
  "rtmp://h/live",
  "rtmp://h/live/",
  "rtmp://h/live?x=/demo",
  "rtmp:///live/demo",
  "rtmp://h:0/live/demo",
  "rtmp://h:70000/live/demo",
  "rtmp://user:password@h/live/demo",
];

test.each(BAD)("refuses %p", (url) => {
  expect(parsePublishUrl(url)).toBeUndefined();
});
