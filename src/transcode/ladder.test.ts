import { describe, expect, test } from "bun:test";
import { type RungConfig, type RungInput, rungSchema } from "./config.ts";
import { describeRung, planLadder } from "./ladder.ts";
import type { LadderSource } from "./ladder-source.ts";
import type { VideoRung } from "./rung.ts";

type Video = NonNullable<LadderSource["video"]>;
const AAC = { codec: "aac", codecString: "mp4a.40.2", channels: 2 } as const;

const source = (video: Partial<Video> | undefined, audio: LadderSource["audio"] = AAC): LadderSource => ({
  path: "live/test",
  ...(video && { video: { codec: "h264", width: 1280, height: 720, frameRate: 30, ...video } }),
  ...(audio && { audio }),
});
const rung = (input: RungInput): RungConfig => rungSchema.parse(input);

function rungsOf(from: LadderSource, wished: readonly RungInput[] = [], audioOnly = false) {
  const ladder = planLadder(from, { rungs: wished.map(rung), audioOnly });
  if ("reason" in ladder) throw new Error(ladder.reason);
  return ladder.rungs;
}
const sizes = (rungs: ReturnType<typeof rungsOf>) =>
  rungs.map((found) => (found.kind === "video" ? `${found.name} ${found.width}x${found.height}` : found.name));

describe("a ladder from the source", () => {
  test.each<[string, Partial<Video>, readonly string[]]>([
    ["720p", {}, ["480p 854x480", "360p 640x360", "240p 426x240"]],
    ["1080p", { width: 1920, height: 1080 }, ["720p 1280x720", "480p 854x480", "360p 640x360", "240p 426x240"]],
    [
      "2160p",
      { width: 3840, height: 2160 },
      ["1080p 1920x1080", "720p 1280x720", "480p 854x480", "360p 640x360", "240p 426x240"],
    ],
    ["upright", { width: 720, height: 1280 }, ["480p 480x854", "360p 360x640", "240p 240x426"]],
    ["4:3", { width: 640, height: 480 }, ["360p 480x360", "240p 320x240"]],
    ["wide", { width: 2560, height: 1080 }, ["720p 1706x720", "480p 1138x480", "360p 854x360", "240p 568x240"]],
    ["odd", { width: 1279, height: 719 }, ["480p 854x480", "360p 640x360", "240p 426x240"]],
    ["barely above a step", { width: 960, height: 500 }, ["360p 692x360", "240p 460x240"]],
  ])("of %s", (_, video, expected) => {
    expect(sizes(rungsOf(source(video)))).toEqual([...expected]);
  });

  test.each<[string, LadderSource, string]>([
    ["audio only", source(undefined), "the stream has no picture"],
    ["of unknown size", source({ width: 0, height: 0 }), "the size of the picture is unknown"],
    ["small", source({ width: 320, height: 240 }), "the source is too small for rungs below it"],
  ])("none of a source that is %s, with the reason", (_, from, reason) => {
    expect(planLadder(from, { rungs: [], audioOnly: false })).toEqual({ reason });
  });

  test("sound alone is offered where it is wished for", () => {
    const audio = { kind: "audio", name: "audio", audio: { codec: "copy" } } as const;
    expect(rungsOf(source({ width: 320, height: 240 }), [], true)).toEqual([audio]);
    expect(rungsOf(source({}), [], true).at(-1)).toEqual(audio);
  });

  test.each<[number, readonly number[]]>([
    [25, [1, 1]],
    [30, [1, 1]],
    [59.94, [1, 2]],
    [60.1, [1, 2]],
    [120, [2, 4]],
    [0, [1, 1]],
  ])("%p frames per second are kept or divided", (frameRate, divisors) => {
    const [at720, at480] = rungsOf(source({ width: 1920, height: 1080, frameRate })) as VideoRung[];
    expect([at720?.frameDivisor, at480?.frameDivisor]).toEqual([...divisors]);
  });

  test("rates fall with the size and rise with the frames", () => {
    const [at720, at480, at360] = rungsOf(source({ width: 1920, height: 1080 })) as VideoRung[];
    expect([at720?.bitrate, at480?.bitrate, at360?.bitrate]).toEqual([2_500_000, 1_350_000, 900_000]);
    const [fast] = rungsOf(source({ width: 1920, height: 1080, frameRate: 60 })) as VideoRung[];
    expect(fast?.bitrate).toBe(3_750_000);
    expect(fast?.maxBitrate).toBe(3_750_000 * 1.25);
  });
});

describe("rungs as they are wished for", () => {
  test("never above the source", () => {
    const ladder = planLadder(source({}), { rungs: [rung({ height: 1080 }), rung({ height: 480 })], audioOnly: false });
    expect(ladder).toMatchObject({ rungs: [{ name: "480p" }], leftOut: ["1080p: the source is smaller (1280x720)"] });
  });

  test("the source's own size at a lower rate", () => {
    expect(rungsOf(source({}), [{ height: 720, bitrate: "1M", name: "low" }])).toMatchObject([
      { name: "low", width: 1280, height: 720, bitrate: 1_000_000, maxBitrate: 1_250_000 },
    ]);
  });

  test("a name stands once", () => {
    const ladder = planLadder(source({}), { rungs: [rung({ height: 480 }), rung({ height: 480 })], audioOnly: false });
    expect(ladder).toMatchObject({ rungs: [{ name: "480p" }], leftOut: ["480p: another rung has this name"] });
  });

  test("what is set is kept", () => {
    const wish = { height: 360, preset: "slow", tune: "film", profile: "main", options: "bframes=2", frameRate: 15 };
    expect(rungsOf(source({}), [wish])).toMatchObject([
      { preset: "slow", tune: "film", profile: "main", options: "bframes=2", frameDivisor: 2 },
    ]);
  });

  test.each<[string, LadderSource["audio"], RungInput["audio"], VideoRung["audio"]]>([
    ["AAC passes", AAC, {}, { codec: "copy" }],
    [
      "AAC is made anew on demand",
      AAC,
      { codec: "aac", bitrate: "64k", channels: 1 },
      { codec: "aac", bitrate: 64_000, channels: 1 },
    ],
    [
      "Opus becomes AAC",
      { codec: "opus", codecString: "opus", channels: 2 },
      {},
      { codec: "aac", bitrate: 128_000, channels: 2 },
    ],
    ["5.1 becomes stereo", { ...AAC, channels: 6 }, {}, { codec: "aac", bitrate: 128_000, channels: 2 }],
    [
      "mono stays mono",
      { codec: "mp3", codecString: "mp4a.6B", channels: 1 },
      {},
      { codec: "aac", bitrate: 128_000, channels: 1 },
    ],
    ["none is wished for", AAC, { codec: "none" }, undefined],
  ])("%s", (_, given, wish, expected) => {
    const [found] = rungsOf(source({}, given), [{ height: 360, audio: wish }]);
    expect(found?.audio).toEqual(expected);
  });
});

describe("what is announced", () => {
  test.each<[string, RungInput, Partial<Video>, string]>([
    ["480p at 30", { height: 480 }, {}, "avc1.64001F"],
    ["360p at 30", { height: 360 }, {}, "avc1.64001E"],
    ["240p at 30", { height: 240 }, {}, "avc1.640015"],
    ["720p at 30", { height: 720 }, {}, "avc1.64001F"],
    ["720p at 60", { height: 720 }, { frameRate: 60 }, "avc1.640020"],
    ["1080p at 30", { height: 1080 }, { width: 1920, height: 1080 }, "avc1.640028"],
    ["main", { height: 480, profile: "main" }, {}, "avc1.4D401F"],
    ["ultrafast has no CABAC", { height: 480, preset: "ultrafast" }, {}, "avc1.42C01F"],
    ["HEVC", { height: 480, codec: "hevc" }, {}, "hvc1.1.6.L90.90"],
    ["AV1", { height: 480, codec: "av1" }, {}, "av01.0.04M.08"],
  ])("%s", (_, wish, video, codec) => {
    const from = source(video);
    const [found] = rungsOf(from, [wish]);
    if (!found) throw new Error("no rung");
    const description = describeRung(found, from);
    expect(description.codecs).toEqual([codec, "mp4a.40.2"]);
    expect(description.bandwidth.peak).toBeGreaterThan(description.bandwidth.average);
  });
});
