import { expect, test } from "bun:test";
import type { VideoRung } from "../rung.ts";
import { encoderOptions } from "./encoder-options.ts";

const RUNG: VideoRung = {
  kind: "video",
  name: "480p",
  width: 854,
  height: 480,
  frameDivisor: 1,
  codec: "h264",
  encoder: "libx264",
  bitrate: 1_000_000,
  maxBitrate: 1_250_000,
  bufferSize: 1_250_000,
};

test("the rung's own options come last, and so win", () => {
  const options = encoderOptions({ ...RUNG, preset: "medium", tune: "film", level: "3.1", options: "bframes=2:ref=3" });
  expect(options).toMatchObject({ preset: "medium", tune: "film", level: "3.1", "forced-idr": "1" });
  expect(options["x264-params"]).toEndWith("bframes=0:bframes=2:ref=3");
});

test("what must come at once does not look ahead, whatever the rung's options say", () => {
  const params = encoderOptions({ ...RUNG, options: "bframes=2" }, true)["x264-params"];
  expect(params).toContain("bframes=2:rc-lookahead=0");
  expect(params).toEndWith("bframes=0:threads=1");
});

test.each(["h264_nvenc", "h264_qsv", "h264_vaapi", "h264_videotoolbox", "h264_other"])(
  "%s takes options by name",
  (encoder) => {
    const options = encoderOptions({ ...RUNG, encoder, preset: "p4", options: "bf=2:look_ahead" });
    expect(options).toMatchObject({ preset: "p4", bf: "2", look_ahead: "1", g: "100000" });
  },
);
