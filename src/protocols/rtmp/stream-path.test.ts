import { describe, expect, test } from "bun:test";
import { parseStreamPath } from "./stream-path.ts";

type Case = { app: string; name: string; tcUrl?: string; path: string; query?: string };

const VALID: readonly Case[] = [
  { app: "live", name: "key", path: "live/key" },
  { app: "live/", name: "key", path: "live/key" },
  { app: "/live", name: "/key", path: "live/key" },
  { app: "live/inst", name: "key", path: "live/inst/key" },
  { app: "live", name: "a/b/key", path: "live/a/b/key" },
  { app: "live//", name: "key", path: "live/key" },
  { app: "live/_definst_", name: "key", path: "live/key" },
  { app: "live#frag", name: "key", path: "live/key" },
  { app: "live?k=v", name: "key", path: "live/key", query: "k=v" },
  { app: "live/?k=v", name: "key", path: "live/key", query: "k=v" },
  { app: "live", name: "key?token=abc", path: "live/key", query: "token=abc" },
  { app: "live?a=1", name: "key?b=2", path: "live/key", query: "a=1&b=2" },
  { app: "live", name: "key?a=1?b=2", path: "live/key", query: "a=1?b=2" },
  { app: "live", name: "key", tcUrl: "rtmp://host/live?vhost=x", path: "live/key", query: "vhost=x" },
  { app: "live?k=v", name: "key", tcUrl: "rtmp://host:1935/live?k=v", path: "live/key", query: "k=v" },
  { app: "live...vhost...example.com", name: "key", path: "live/key", query: "vhost=example.com" },
  { app: "", name: "key", tcUrl: "rtmp://host/live", path: "live/key" },
  { app: "", name: "key", tcUrl: "rtmp://user:pass@[::1]:1935/live/", path: "live/key" },
  { app: "", name: "key", tcUrl: "'rtmp://host/live'", path: "live/key" },
  { app: "live/key", name: "", path: "live/key" },
  { app: "live/key", name: "?token", path: "live/key", query: "token" },
  { app: "live?user=u&pass=p/stream", name: "", path: "live/stream", query: "user=u&pass=p" },
  { app: "live/ff?tok=a", name: "b", tcUrl: "rtmp://host/live/ff?tok=a", path: "live/ff/b", query: "tok=a" },
  { app: "live", name: "mp4:key", path: "live/key" },
  { app: "live", name: "flv:key", path: "live/key" },
  { app: "live", name: "key.flv", path: "live/key" },
  { app: "live", name: "key\0 ", path: "live/key" },
  { app: "live", name: "key live=1 pubUser=me pubPasswd=secret", path: "live/key" },
  { app: "live", name: "a key", path: "live/a key" },
  { app: "live", name: "a%20key", path: "live/a key" },
  { app: "live", name: "100%", path: "live/100%" },
  { app: "live", name: "%ED%95%9C%EA%B8%80", path: "live/한글" },
  { app: "live", name: "한국어 방송", path: "live/한국어 방송" },
  { app: "live", name: "한".normalize("NFD"), path: "live/한" },
  { app: "live", name: `${"k".repeat(255)}`, path: `live/${"k".repeat(255)}` },
];

const INVALID: readonly { app: string; name: string; reason: RegExp }[] = [
  { app: "", name: "", reason: /neither/ },
  { app: "live", name: "", reason: /stream key is empty/ },
  { app: "live", name: "?token", reason: /stream key is empty/ },
  { app: "live", name: "..", reason: /not allowed/ },
  { app: "live", name: "../../etc/passwd", reason: /not allowed/ },
  { app: "live", name: "%2e%2e%2fetc", reason: /not allowed/ },
  { app: "..", name: "key", reason: /not allowed/ },
  { app: "live", name: "./key", reason: /not allowed/ },
  { app: "live", name: "a\\b", reason: /backslash/ },
  { app: "live", name: "a\nb", reason: /control/ },
  { app: "live", name: "a%00b", reason: /control/ },
  { app: "live", name: "a\u0085b", reason: /control/ },
  { app: "live", name: "a\u2028b", reason: /control/ },
  { app: "live", name: "\ufffd", reason: /UTF-8/ },
  { app: "live", name: "k".repeat(256), reason: /255 bytes/ },
  { app: "live", name: "한".repeat(86), reason: /255 bytes/ },
  { app: "live", name: Array.from({ length: 6 }, () => "k".repeat(200)).join("/"), reason: /1024 bytes/ },
];

describe("parseStreamPath", () => {
  for (const { app, name, tcUrl, path, query = "" } of VALID) {
    test(`${JSON.stringify([app, name, tcUrl]).slice(0, 100)} is ${path.slice(0, 60)}`, () => {
      const at = path.indexOf("/");
      expect(parseStreamPath({ app, name, tcUrl })).toEqual({
        valid: true,
        path,
        app: path.slice(0, at),
        name: path.slice(at + 1),
        query,
      });
    });
  }

  for (const { app, name, reason } of INVALID) {
    test(`refuses ${JSON.stringify([app, name]).slice(0, 60)}`, () => {
      const result = parseStreamPath({ app, name });
      expect(result.valid).toBe(false);
      if (!result.valid) expect(result.reason).toMatch(reason);
    });
  }

  test("takes no long time for any input", () => {
    const started = performance.now();
    for (const text of [" ", "/", "a ", "?", "%", "...vhost...", " live=", ":/"]) {
      const long = `x${text.repeat(16_000 / text.length)}x`;
      parseStreamPath({ app: long, name: long, tcUrl: `rtmp://h/${long}`.slice(0, 16_384) });
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
