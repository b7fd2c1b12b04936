import { describe, expect, test } from "bun:test";
import { badMedia } from "../../../test/support/bad-media.ts";
import {
  audioTrack,
  cmaf,
  cmafParts,
  goodInit,
  joined,
  packedAudio,
  partInfo,
  segmentInfo,
  transportSegments,
} from "../../../test/support/media-samples.ts";
import { encodeInit } from "../../formats/mp4/init.ts";
import type { MediaFinding } from "../finding.ts";
import { describeMedia } from "./description.ts";
import { MediaChecks } from "./media-checks.ts";
import { MEDIA_RULES } from "./rules.ts";

function findingsOf(feed: (checks: MediaChecks) => void): MediaFinding[] {
  const findings: MediaFinding[] = [];
  const checks = new MediaChecks((finding) => findings.push(finding));
  feed(checks);
  checks.finish();
  return findings;
}

describe("nothing is found in", () => {
  const good: readonly [name: string, feed: (checks: MediaChecks) => void][] = [
    [
      "fragmented MP4 with parts",
      (checks) => {
        checks.init("video", "init.mp4", goodInit());
        for (let msn = 0; msn < 10; msn++) {
          const parts = cmafParts(msn);
          parts.forEach((bytes, part) => {
            checks.part(partInfo(msn, part), bytes);
          });
          checks.segment(segmentInfo(msn), joined(...parts));
        }
      },
    ],
    [
      "segments in another order",
      (checks) => {
        checks.init("video", "init.mp4", goodInit());
        for (const msn of [3, 0, 2, 1, 5, 4, 4]) checks.segment(segmentInfo(msn), cmaf(msn));
      },
    ],
    [
      "MPEG-TS",
      (checks) => {
        transportSegments(5).forEach((bytes, msn) => {
          checks.segment(segmentInfo(msn, { initUri: undefined }), bytes);
        });
      },
    ],
    [
      "MPEG-TS whose times wrap",
      (checks) => {
        const startMsn = Math.floor(2 ** 33 / 180_000) - 2;
        transportSegments(5, undefined, { startMsn }).forEach((bytes, index) => {
          checks.segment(segmentInfo(index, { initUri: undefined }), bytes);
        });
      },
    ],
    [
      "packed audio",
      (checks) => {
        for (let msn = 0; msn < 4; msn++) {
          const over = { initUri: undefined, resolution: undefined, frameRate: undefined };
          checks.segment(segmentInfo(msn, over), packedAudio(msn));
        }
      },
    ],
    [
      "WebVTT",
      (checks) => {
        const text =
          "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n00:00.000 --> 01:00:02.500 line:0\nhello\n";
        checks.segment(segmentInfo(0, { initUri: undefined }), new TextEncoder().encode(text));
      },
    ],
    [
      "a new timeline and other tracks behind a discontinuity",
      (checks) => {
        checks.init("video", "init.mp4", goodInit());
        checks.init("video", "audio.mp4", encodeInit([audioTrack]));
        for (let msn = 0; msn < 3; msn++) checks.segment(segmentInfo(msn), cmaf(msn));
        const over = { discontinuity: true, discontinuitySequence: 1 };
        checks.segment(segmentInfo(3, over), cmaf(50));
        checks.segment(segmentInfo(4, { discontinuitySequence: 1 }), cmaf(51));
      },
    ],
    [
      "two renditions on one timeline",
      (checks) => {
        checks.init("video", "init.mp4", goodInit());
        for (let msn = 0; msn < 3; msn++) {
          checks.segment(segmentInfo(msn), cmaf(msn));
          checks.segment(segmentInfo(msn, { rendition: "other" }), cmaf(msn));
        }
      },
    ],
    [
      "what another encoder left behind",
      (checks) => {
        checks.init("video", "init.mp4", goodInit());
        const now = { resolution: { width: 1280, height: 720 }, codecs: ["avc1.640028", "mp4a.40.2"] };
        const old = segmentInfo(0, { resolution: { width: 640, height: 360 } });
        checks.segment(old, cmaf(0));
        checks.segment(segmentInfo(1, { ...now, codecs: old.codecs, discontinuitySequence: 1 }), cmaf(1));
      },
    ],
  ];
  for (const [name, feed] of good) test(name, () => expect(findingsOf(feed)).toEqual([]));
});

describe("each rule finds a bad sample", () => {
  for (const { rule, name, feed } of badMedia) {
    test(`${rule}: ${name}`, () => {
      const found = findingsOf(feed);
      expect(found.map((finding) => finding.rule as string)).toContain(rule);
      for (const { where, message } of found) {
        expect(where).not.toBe("");
        expect(message).not.toMatch(/NaN|undefined|Infinity/);
      }
    });
  }

  test("none is left out, and ids are unique", () => {
    const ids = MEDIA_RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !badMedia.some(({ rule }) => rule === id))).toEqual([]);
  });
});

test("the description of a rendition", () => {
  const checks = new MediaChecks(() => {});
  checks.init("video", "init.mp4", goodInit());
  for (let msn = 0; msn < 3; msn++) checks.segment(segmentInfo(msn), cmaf(msn));
  checks.finish();
  const [description] = checks.describe();
  expect(description).toMatchObject({ rendition: "video", container: "fmp4", segments: 3 });
  expect(description && describeMedia(description)).toBe(
    "fmp4, avc1.42C01E 640x360 30.00 fps, mp4a.40.2; keyframes every 2.00 s; 0.01 Mbit/s, at most 0.01",
  );
});

test("a finding says where", () => {
  const findings = findingsOf((checks) => {
    checks.init("video", "init.mp4", goodInit());
    checks.segment(segmentInfo(0), cmaf(0));
    checks.segment(segmentInfo(1), cmaf(1, { audioShift: 4800 }));
  });
  expect(findings).toEqual([
    {
      rule: "decode-time-gap",
      where: "video/1.m4s",
      message: "audio 2 begins 100.0 ms behind the end of what came before",
    },
  ]);
});
