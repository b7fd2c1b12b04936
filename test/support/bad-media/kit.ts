import type { SegmentInfo } from "../../../src/validate/finding.ts";
import type { MediaChecks } from "../../../src/validate/media/media-checks.ts";
import type { MediaRuleId } from "../../../src/validate/media/rules.ts";
import { goodInit, segmentInfo } from "../media-samples.ts";

export type BadMedia = {
  readonly rule: MediaRuleId;
  readonly name: string;
  readonly feed: (checks: MediaChecks) => void;
};

/** An initialization section alone. */
export function badInit(rule: MediaRuleId, name: string, bytes: () => Uint8Array): BadMedia {
  return { rule, name, feed: (checks) => checks.init("video", "init.mp4", bytes()) };
}

/** Segments, numbered from 0, of a good initialization section. */
export function badSegments(
  rule: MediaRuleId,
  name: string,
  segments: () => readonly Uint8Array[],
  over: (msn: number) => Partial<SegmentInfo> = () => ({}),
): BadMedia {
  return {
    rule,
    name,
    feed: (checks) => {
      checks.init("video", "init.mp4", goodInit());
      segments().forEach((bytes, msn) => {
        checks.segment(segmentInfo(msn, over(msn)), bytes);
      });
    },
  };
}
