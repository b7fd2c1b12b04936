import { describe, expect, test } from "bun:test";
import { maskRtmpUrl, parseRtmpUrl } from "./url.ts";

describe("RTMP URLs", () => {
  const cases: readonly (readonly [string, object | undefined])[] = [
    ["rtmp://h/a/n", { tls: false, host: "h", port: 1935, app: "a", name: "n", origin: "rtmp://h" }],
    ["RTMPS://h:444/a", { tls: true, port: 444, app: "a", name: "", origin: "rtmps://h:444" }],
    ["rtmp://[fe80::1%eth0]:1936/a/b/c?x=/y", { host: "fe80::1%eth0", port: 1936, name: "b/c?x=/y" }],
    ["rtmp://u:p%3Aw@h/a/n", { user: "u", password: "p:w", origin: "rtmp://h" }],
    ["h:1936/a", { host: "h", port: 1936, app: "a", tls: false }],
    ["h", { host: "h", app: "", name: "" }],
    ["rtmp://h/a?k=v", { app: "a", name: "?k=v" }],
    ["http://h/a", undefined],
    ["rtmp://h:0/a", undefined],
    ["rtmp:///a", undefined],
    ["", undefined],
  ];
  for (const [url, expected] of cases) {
    test(url || "(empty)", () => {
      if (expected) expect(parseRtmpUrl(url)).toMatchObject(expected);
      else expect(parseRtmpUrl(url)).toBeUndefined();
    });
  }

  test("are shown without secrets", () => {
    expect(maskRtmpUrl("rtmp://user:word@a.example:1936/live2/key?token=t")).toBe("rtmp://a.example:1936/live2/***");
    expect(maskRtmpUrl("rtmp://a.example/live2?token=t")).toBe("rtmp://a.example/live2/***");
    expect(maskRtmpUrl("rtmp://a.example/live")).toBe("rtmp://a.example/live");
    expect(maskRtmpUrl("no URL, but a key")).toBe("***");
  });
});
