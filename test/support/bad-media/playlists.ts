import type { SegmentInfo } from "../../../src/validate/finding.ts";
import type { MediaRuleId } from "../../../src/validate/media/rules.ts";
import { accessUnit, cmaf, cmafParts, goodInit, joined, PARTS, partInfo, segmentInfo } from "../media-samples.ts";
import { type BadMedia, badSegments } from "./kit.ts";

/** Three good segments of which the playlists say something else. */
function wronglyAnnounced(rule: MediaRuleId, name: string, over: (msn: number) => Partial<SegmentInfo>): BadMedia {
  return badSegments(rule, name, () => [cmaf(0), cmaf(1), cmaf(2)], over);
}

/** The parts of a few segments, and segments that need not be made of them. */
function badParts(
  rule: MediaRuleId,
  name: string,
  parts: (msn: number) => readonly Uint8Array[],
  segment: (msn: number) => Uint8Array,
  over: (part: number) => object = () => ({}),
): BadMedia {
  const feed: BadMedia["feed"] = (checks) => {
    checks.init("video", "init.mp4", goodInit());
    for (let msn = 0; msn < 3; msn++) {
      parts(msn).forEach((bytes, part) => {
        checks.part(partInfo(msn, part, over(part)), bytes);
      });
      checks.segment(segmentInfo(msn), segment(msn));
    }
  };
  return { rule, name, feed };
}

const ofParts = (msn: number) => joined(...cmafParts(msn));
const everyPartKey = { key: (index: number) => index % (60 / PARTS) === 0 };

export const badPlaylists: readonly BadMedia[] = [
  wronglyAnnounced("codecs-format", "HEVC", () => ({ codecs: ["hvc1.1.6.L93.B0", "mp4a.40.2"] })),
  wronglyAnnounced("codecs-format", "no audio", () => ({ codecs: ["avc1.42C01E"] })),
  wronglyAnnounced("codecs-profile", "a lower level", () => ({ codecs: ["avc1.42C00D", "mp4a.40.2"] })),
  wronglyAnnounced("codecs-profile", "another profile", () => ({ codecs: ["avc1.64001E", "mp4a.40.2"] })),
  wronglyAnnounced("resolution", "1080p", () => ({ resolution: { width: 1920, height: 1080 } })),
  wronglyAnnounced("frame-rate", "half", () => ({ frameRate: 15 })),
  badSegments("frame-rate-above-60", "120", () => [cmaf(0, { frame: 750, frames: 240 })]),
  wronglyAnnounced("segment-duration", "too short", () => ({ duration: 1.8 })),
  wronglyAnnounced("segment-exceeds-target", "one second", () => ({ targetDuration: 1 })),
  badSegments(
    "segment-duration-sum",
    "ten milliseconds each",
    () => Array.from({ length: 12 }, (_, msn) => cmaf(msn)),
    () => ({ duration: 1.99 }),
  ),
  badSegments(
    "program-date-time",
    "a tenth of a second each",
    () => Array.from({ length: 8 }, (_, msn) => cmaf(msn)),
    (msn) => ({ programDateTime: 1e12 + msn * 2100 }),
  ),
  wronglyAnnounced("program-date-time", "back", (msn) => ({ programDateTime: 1e12 + (msn < 2 ? msn * 2000 : 3000) })),
  wronglyAnnounced("program-date-time-leap", "a minute", (msn) => ({
    programDateTime: 1e12 + msn * 2000 + (msn > 1 ? 60_000 : 0),
  })),
  badSegments("independent-segment", "a keyframe in the middle", () => [cmaf(0, { key: (index) => index === 30 })]),
  badSegments("segment-without-keyframe", "none", () => [cmaf(0, { key: () => false })]),
  badSegments(
    "segment-begins-without-keyframe",
    "a keyframe in the middle",
    () => [cmaf(0, { key: (index) => index === 30 })],
    () => ({ independentClaimed: false }),
  ),
  badSegments("keyframe-distance", "four seconds", () => [cmaf(0), cmaf(1, { key: () => false }), cmaf(2)]),
  badParts("part-duration", "half as long", cmafParts, ofParts, () => ({ duration: 0.25 })),
  badParts("independent-part", "all marked", cmafParts, ofParts, () => ({ independentClaimed: true })),
  badParts(
    "independent-part-unmarked",
    "one marked",
    (msn) => cmafParts(msn, everyPartKey),
    (msn) => joined(...cmafParts(msn, everyPartKey)),
  ),
  badParts("part-bytes", "a segment of one fragment", cmafParts, (msn) => cmaf(msn)),
  badParts("part-samples", "another frame in the segment", cmafParts, (msn) =>
    joined(...cmafParts(msn, { data: (index, key) => accessUnit(index + 5000, key) })),
  ),
];
