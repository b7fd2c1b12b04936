import { expect, test } from "bun:test";
import { configSchema } from "../config/schema.ts";
import { readyText } from "./ready.ts";
import { createStyle } from "./terminal.ts";

const SERVER = {
  rtmp: [{ host: "h", port: 1935 }],
  rtmps: [],
  http: [{ host: "h", port: 8080 }],
  https: [],
  certificateOrigin: undefined,
} as const;

function show(settings: object, server: Parameters<typeof readyText>[0] = SERVER): string {
  const config = configSchema.parse(settings);
  return readyText(server, { config, file: undefined }, createStyle(false), { tookMs: 1, command: "npm run" });
}

test("by default: what to paste, and where to watch", () => {
  const text = show({});
  expect(text).toContain("rtmp://h/live ");
  expect(text).toContain("http://h:8080/live/test ");
  expect(text).toContain("http://h:8080/live/test/index.m3u8 ");
  expect(text).toContain("http://h:8080/ ");
});

test("pages that are off are not shown", () => {
  const text = show({ http: { pages: false } });
  expect(text).not.toContain("http://h:8080/live/test ");
  expect(text).not.toContain("http://h:8080/ ");
  expect(text).toContain("http://h:8080/live/test/index.m3u8 ");
});

test("the application shown is one that can be watched", () => {
  const text = show({ applications: { off: { live: false }, raw: { hls: { enabled: false } }, tv: {} } });
  expect(text).toContain("rtmp://h/tv ");
  expect(show({ applications: { raw: { hls: { enabled: false } } } })).not.toContain("raw/test");
  expect(show({ applications: {} })).toContain("no application takes streams");
  expect(show({ applications: { "*": {}, live: { live: false } } })).toContain("no application takes streams");
});

test.each([
  [{ path: "/hls", root: "/tmp" }, "http://h:8080/hls/test.m3u8 "],
  [{ path: "/x", alias: "/tmp/hls" }, "http://h:8080/x/test.m3u8 "],
  [{ path: "/", root: "/tmp" }, "http://h:8080/hls/test.m3u8 "],
])("files that %j serves", (location, url) => {
  const hls = { format: "mpegts", path: "/tmp/hls" };
  expect(show({ http: { locations: [location] }, applications: { live: { hls } } })).toContain(url);
});

test("what is off is said to be off", () => {
  const text = show({}, { ...SERVER, rtmp: [], http: [] });
  expect(text).toContain("RTMP is off");
  expect(text).toContain("HTTP is off");
});

test("addresses with TLS, and what browsers will say of the certificate", () => {
  const secure = { ...SERVER, rtmps: [{ host: "h", port: 1936 }], https: [{ host: "h", port: 8443 }] };
  const selfSigned = show({}, { ...secure, certificateOrigin: "self-signed" });
  expect(selfSigned).toContain("rtmps://h:1936/live ");
  expect(selfSigned).toMatch(/https:\/\/h:8443\/ +browsers warn as the certificate is self-signed/);
  const domains = { tls: { acme: { domains: ["live.example"] } } };
  expect(show(domains, { ...secure, certificateOrigin: "self-signed" })).toContain("until the authority");
  expect(show(domains, { ...secure, certificateOrigin: "acme" })).toMatch(/https:\/\/live\.example:8443\/ +the same/);
  const only = show({}, { ...secure, http: [], certificateOrigin: "files" });
  expect(only).toContain("https://h:8443/live/test/index.m3u8");
  expect(only).not.toContain("warn");
});
