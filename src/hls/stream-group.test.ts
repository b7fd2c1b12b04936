import { expect, test } from "bun:test";
import type { TimedEvent } from "../../test/hls/flv-source.ts";
import { type Asked, textOf } from "../../test/hls/origin-bench.ts";
import { synthesize, videoTrack } from "../../test/hls/synthetic.ts";
import { parseMultivariantPlaylist } from "../formats/m3u8/multivariant-playlist.ts";
import { hlsSchema } from "./config.ts";
import { HlsOrigin } from "./origin.ts";
import { HlsOutput } from "./output.ts";

const SUFFIXES = ["_720", "_360"];

function encoder(height: number, bytesPerFrame: number): TimedEvent[] {
  return synthesize({ seconds: 20, fps: 30, gop: 60, audio: true, bytesPerFrame }).map(({ at, event }) => {
    if (event.type !== "tracks") return { at, event };
    const { config, ...video } = videoTrack(30);
    const resized = { ...video, config: { ...config, width: (height * 16) / 9, height } };
    return { at, event: { ...event, tracks: event.tracks.map((track) => (track.kind === "video" ? resized : track)) } };
  });
}

function stage(options: { readonly expects?: boolean } = {}) {
  const origin = new HlsOrigin({
    suffixesOf: (path) => (path.startsWith("live/") ? SUFFIXES : []),
    expects: () => options.expects ?? false,
  });
  const publish = (path: string, events: readonly TimedEvent[] = []) => {
    const output = new HlsOutput({ path, config: hlsSchema.parse({}), firstMsn: 1, wallclockAt: (now) => now });
    origin.add(output);
    for (const { at, event } of events) output.write(event, at);
    return output;
  };
  const ask = (stream: string, resource = "index.m3u8", now = 20_000): Asked => {
    const asked: Asked = { count: 0 };
    origin.request({ stream, resource, query: "" }, now, (answer) => {
      asked.answer = answer;
      asked.count++;
    });
    return asked;
  };
  return { origin, publish, ask };
}

const variantsOf = (asked: Asked) => parseMultivariantPlaylist(textOf(asked.answer)).variants;

test("streams under several names are variants of one, with what was measured, the best first", () => {
  const { publish, ask } = stage();
  publish("live/test_360", encoder(360, 500));
  publish("live/test_720", encoder(720, 2000));
  publish("live/other", encoder(720, 2000));
  const variants = variantsOf(ask("live/test"));
  expect(variants).toMatchObject([
    { uri: "../test_720/main.m3u8", resolution: { height: 720 }, frameRate: 30, score: 2 },
    { uri: "../test_360/main.m3u8", resolution: { height: 360 }, frameRate: 30, score: 1 },
  ]);
  expect((variants[0]?.bandwidth ?? 0) / (variants[1]?.bandwidth ?? 1)).toBeGreaterThan(3);
  expect(variantsOf(ask("live/test_720")).map(({ uri }) => uri)).toEqual(["main.m3u8"]);
  expect(ask("live/test", "main.m3u8").answer?.status).toBe(404);
});

test("a stream of the name itself is one of them", () => {
  const { publish, ask } = stage();
  publish("live/test", encoder(1080, 5000));
  expect(variantsOf(ask("live/test")).map(({ uri }) => uri)).toEqual(["main.m3u8"]);
  publish("live/test_360", encoder(360, 500));
  expect(variantsOf(ask("live/test")).map(({ uri }) => uri)).toEqual(["main.m3u8", "../test_360/main.m3u8"]);
});

test("only those that can be played are listed; the first is waited for", () => {
  const { publish, ask } = stage();
  const output = publish("live/test_720");
  const asked = ask("live/test", "index.m3u8", 0);
  expect(asked.count).toBe(0);
  publish("live/test_360");
  for (const { at, event } of encoder(720, 2000)) output.write(event, at);
  expect(asked.count).toBe(1);
  expect(variantsOf(asked).map(({ uri }) => uri)).toEqual(["../test_720/main.m3u8"]);
  expect(ask("vod/test").answer?.status).toBe(404);
});

test("variants that have ended are not listed", () => {
  const { publish, ask } = stage();
  publish("live/test_720", encoder(720, 2000)).write({ type: "end" }, 20_000);
  expect(ask("live/test").answer?.status).toBe(404);
  publish("live/test_360", encoder(360, 500));
  expect(variantsOf(ask("live/test")).map(({ uri }) => uri)).toEqual(["../test_360/main.m3u8"]);
});

test("one that is expected is waited for", () => {
  const { publish, ask } = stage({ expects: true });
  const asked = ask("live/test", "index.m3u8", 0);
  expect(asked.count).toBe(0);
  publish("live/test_360", encoder(360, 500));
  expect(variantsOf(asked).map(({ uri }) => uri)).toEqual(["../test_360/main.m3u8"]);
});
