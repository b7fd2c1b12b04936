import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { parseMediaPlaylist } from "../../src/formats/m3u8/parse-media-playlist.ts";
import { describeMedia } from "../../src/validate/media/description.ts";
import { MediaChecks } from "../../src/validate/media/media-checks.ts";
import { type ClipName, clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { segmentInfo } from "../support/media-samples.ts";
import { run } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

type Case = {
  readonly clip: ClipName;
  readonly type: "fmp4" | "mpegts";
  readonly arguments?: readonly string[];
  /** What ffmpeg's muxer is known for. */
  readonly found: readonly string[];
  readonly description: RegExp;
};

const CASES: readonly Case[] = [
  { clip: "h264-aac", type: "fmp4", found: ["init-edit-list"], description: /^fmp4, avc1\.64001E 640x360 30/ },
  {
    clip: "hevc-aac",
    type: "fmp4",
    arguments: ["-tag:v", "hvc1"],
    // Its first segment is said to be as long as its pictures are shown, and one group of B-frames shorter.
    found: ["init-edit-list", "segment-duration", "segment-duration-sum"],
    description: /^fmp4, hvc1\.1\.6\.L63\.90 640x360/,
  },
  {
    clip: "av1-opus",
    type: "fmp4",
    found: ["init-edit-list"],
    description: /^fmp4, av01\.0\.01M\.08 640x360 30.*Opus/,
  },
  // An SDT stands in front of the PAT.
  { clip: "h264-aac", type: "mpegts", found: ["ts-tables-first"], description: /^mpegts, avc1\.64001E 640x360 30/ },
  { clip: "h264-ac3", type: "mpegts", found: ["ts-tables-first"], description: /^mpegts, avc1.* ac-3;/ },
];

describe("the media of ffmpeg's HLS muxer", () => {
  for (const { clip: name, type, found, description, arguments: extra = [] } of CASES) {
    testWith("ffmpeg")(
      `${name} in ${type}`,
      async () => {
        using directory = new TemporaryDirectory();
        const source = ["-v", "error", "-nostdin", "-t", "14", "-i", await clip(name), "-c", "copy", "-strict", "-2"];
        const hls = ["-f", "hls", "-hls_time", "2", "-hls_list_size", "0", "-hls_segment_type", type];
        await run("ffmpeg", [...source, ...extra, ...hls, directory.join("index.m3u8")]);

        const read = (uri: string) => new Uint8Array(readFileSync(directory.join(uri)));
        const playlist = parseMediaPlaylist(readFileSync(directory.join("index.m3u8"), "utf8"));
        const rules = new Set<string>();
        const checks = new MediaChecks(({ rule }) => rules.add(rule));
        const plain = { codecs: undefined, resolution: undefined, frameRate: undefined, programDateTime: undefined };
        playlist.segments.forEach(({ uri = "", duration, map }, msn) => {
          if (map) checks.init("video", map, read(map));
          const { targetDuration } = playlist;
          checks.segment(segmentInfo(msn, { ...plain, uri, duration, initUri: map, targetDuration }), read(uri));
        });
        checks.finish();
        expect([...rules].sort()).toEqual([...found].sort());
        const [rendition] = checks.describe();
        expect(rendition && describeMedia(rendition)).toMatch(description);
      },
      30_000,
    );
  }
});
