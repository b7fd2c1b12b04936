import { encodeInit } from "../../../src/formats/mp4/init.ts";
import type { SegmentInfo } from "../../../src/validate/finding.ts";
import type { MediaRuleId } from "../../../src/validate/media/rules.ts";
import { audioTrack, cmaf, goodInit, segmentInfo, videoTrack } from "../media-samples.ts";
import { type BadMedia, badSegments } from "./kit.ts";

/** A second rendition beside a good one. */
function badRendition(
  rule: MediaRuleId,
  name: string,
  bytes: (msn: number) => Uint8Array,
  over: (msn: number) => Partial<SegmentInfo> = () => ({}),
): BadMedia {
  const feed: BadMedia["feed"] = (checks) => {
    checks.init("video", "init.mp4", goodInit());
    for (let msn = 0; msn < 3; msn++) {
      checks.segment(segmentInfo(msn), cmaf(msn));
      checks.segment(segmentInfo(msn, { rendition: "other", uri: `other/${msn}.m4s`, ...over(msn) }), bytes(msn));
    }
  };
  return { rule, name, feed };
}

/** The second segment is of another initialization section. */
function changed(rule: MediaRuleId, name: string, init: () => Uint8Array, second: () => Uint8Array): BadMedia {
  const feed: BadMedia["feed"] = (checks) => {
    checks.init("video", "init.mp4", goodInit());
    checks.init("video", "other.mp4", init());
    checks.segment(segmentInfo(0), cmaf(0));
    checks.segment(segmentInfo(1, { initUri: "other.mp4" }), second());
  };
  return { rule, name, feed };
}

/** The same codec, announced with a higher level. */
const otherConfig = () => {
  const config = { ...videoTrack.config, record: videoTrack.config.record.slice() };
  // The level, in the record and in its parameter set.
  config.record[3] = 40;
  config.record[11] = 40;
  return encodeInit([{ ...videoTrack, config }, audioTrack]);
};

export const badTimelines: readonly BadMedia[] = [
  badSegments("timeline-jump", "forward by a minute", () => [cmaf(0), cmaf(30), cmaf(31)]),
  badSegments("timeline-jump", "back to the beginning", () => [cmaf(30), cmaf(0)]),
  changed(
    "tracks-changed",
    "audio is gone",
    () => encodeInit([videoTrack]),
    () => cmaf(1, { audio: false }),
  ),
  changed("encoding-changed", "another level", otherConfig, () => cmaf(1)),
  badSegments("decode-time-inexact", "five milliseconds", () => [cmaf(0), cmaf(1, { videoShift: 450 })]),
  badSegments("decode-time-overlap", "a tenth of a second", () => [cmaf(0), cmaf(1, { audioShift: -4800 })]),
  badSegments("decode-time-gap", "a tenth of a second", () => [cmaf(0), cmaf(1, { audioShift: 4800 })]),
  badSegments("audio-video-start", "two seconds", () => [cmaf(0, { audioShift: 96_000 })]),
  badRendition("rendition-times", "half a second off", (msn) => cmaf(msn, { videoShift: 45_000, audioShift: 24_000 })),
  badRendition(
    "rendition-boundaries",
    "half a second later",
    (msn) => cmaf(msn, { videoShift: 45_000, audioShift: 24_000 }),
    (msn) => ({ programDateTime: (segmentInfo(msn).programDateTime ?? 0) + 500 }),
  ),
  badRendition(
    "rendition-boundaries",
    "a picture later",
    (msn) => cmaf(msn, { videoShift: 3000, audioShift: 1600 }),
    (msn) => ({ programDateTime: (segmentInfo(msn).programDateTime ?? 0) + 33 }),
  ),
  badRendition("rendition-discontinuity", "one more", cmaf, () => ({ discontinuitySequence: 1 })),
];
