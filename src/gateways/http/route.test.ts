import { expect, test } from "bun:test";
import { parseRoute, type Route } from "./route.ts";

const cases: readonly (readonly [string, Route])[] = [
  ["/", { kind: "start" }],
  ["/health", { kind: "health" }],
  ["/api/streams", { kind: "streams" }],
  ["/api/streams/live/test", { kind: "stream", path: "live/test" }],
  ["/_naru/watch-12345678.js", { kind: "asset", name: "watch-12345678.js" }],
  ["/live/test", { kind: "watch", path: "live/test" }],
  ["/live/한국어 방송", { kind: "watch", path: "live/한국어 방송" }],
  ["/live/a/b", { kind: "watch", path: "live/a/b" }],
  ["/live/test/", { kind: "moved", path: "/live/test" }],
  ["/live/test/index.m3u8", { kind: "media", path: "live/test", resource: "index.m3u8" }],
  ["/live/a/b/main.m3u8", { kind: "media", path: "live/a/b", resource: "main.m3u8" }],
  ["/live/test/main/12.m4s", { kind: "media", path: "live/test", resource: "main/12.m4s" }],
  ["/live/test/main/12.3.m4s", { kind: "media", path: "live/test", resource: "main/12.3.m4s" }],
  ["/live/test/main/init-0.mp4", { kind: "media", path: "live/test", resource: "main/init-0.mp4" }],
  ["/live/test/main/7.ts", { kind: "media", path: "live/test", resource: "main/7.ts" }],
  ["/live/test/poster.mp4", { kind: "poster", path: "live/test" }],
  ["/live/test/thumbnail.jpg", { kind: "picture", path: "live/test", name: "thumbnail.jpg" }],
  ["/live/a/b/storyboard.vtt", { kind: "picture", path: "live/a/b", name: "storyboard.vtt" }],
  ["/live/thumbnail.jpg", { kind: "watch", path: "live/thumbnail.jpg" }],
  ["/live/test/other.vtt", { kind: "unknown" }],
  ["/live", { kind: "unknown" }],
  ["/live/", { kind: "unknown" }],
  ["/favicon.ico", { kind: "unknown" }],
  ["/index.m3u8", { kind: "unknown" }],
  ["/live/index.m3u8", { kind: "unknown" }],
  ["/a.ts", { kind: "unknown" }],
  ["/live/a.ts", { kind: "unknown" }],
];

test.each(cases)("%s", (path, route) => {
  expect(parseRoute(path)).toEqual(route);
});
