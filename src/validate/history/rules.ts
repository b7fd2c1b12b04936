import type { Rule } from "../finding.ts";

const rule = <Id extends string>(id: Id, severity: Rule["severity"], clause: string, text: string) => ({
  id,
  severity,
  clause,
  text,
});

/** Rules about what a playlist was and what it is now. */
export const HISTORY_RULES = [
  rule(
    "target-duration-changed",
    "error",
    "RFC 8216bis 6.2.1",
    "The target duration stays the same; Apple's player stops for good when it changes.",
  ),
  rule(
    "part-target-changed",
    "error",
    "RFC 8216bis 6.2.1",
    "The part target duration stays the same; Apple's player stops for good when it changes.",
  ),
  rule(
    "server-control-changed",
    "error",
    "RFC 8216bis 6.2.1",
    "EXT-X-SERVER-CONTROL stays the same; Apple's player stops for good when PART-HOLD-BACK changes.",
  ),
  rule(
    "header-changed",
    "warning",
    "RFC 8216bis 6.2.1",
    "Tags about the whole playlist are neither added nor taken away, but for EXT-X-ENDLIST.",
  ),
  rule(
    "media-sequence-backwards",
    "error",
    "RFC 8216bis 6.2.2",
    "Media sequence numbers never go back; no player recovers from that.",
  ),
  rule(
    "media-sequence-wrong",
    "error",
    "RFC 8216bis 6.2.2",
    "EXT-X-MEDIA-SEQUENCE rises by one for each segment that is removed, so that each segment keeps its number.",
  ),
  rule(
    "discontinuity-sequence-backwards",
    "error",
    "RFC 8216bis 6.2.2",
    "EXT-X-DISCONTINUITY-SEQUENCE never goes back.",
  ),
  rule(
    "discontinuity-sequence-wrong",
    "error",
    "RFC 8216bis 6.2.2",
    "EXT-X-DISCONTINUITY-SEQUENCE rises by one for each EXT-X-DISCONTINUITY that is removed, so that each segment keeps its number.",
  ),
  rule("segment-changed", "error", "RFC 8216bis 6.2.1", "What is said of a listed segment does not change."),
  rule(
    "date-time-changed",
    "error",
    "RFC 8216bis 6.2.1",
    "The date of a segment, written or worked out from those around it, does not change.",
  ),
  rule("part-changed", "error", "RFC 8216bis 6.2.1", "What is said of a listed part does not change."),
  rule(
    "part-removed",
    "error",
    "RFC 8216bis 6.2.1, 6.2.2",
    "Parts of a segment are removed together with those before them, when they are old.",
  ),
  rule("end-removed", "error", "RFC 8216bis 6.2.1", "Nothing is taken away from the end of a playlist."),
  rule(
    "removal-of-typed",
    "error",
    "RFC 8216bis 6.2.2",
    "Segments are not removed from a playlist with EXT-X-PLAYLIST-TYPE.",
  ),
  rule(
    "changed-after-end",
    "error",
    "RFC 8216bis 4.4.3.4",
    "Nothing is added to a playlist after EXT-X-ENDLIST, which stays.",
  ),
  rule(
    "playlist-too-short",
    "error",
    "RFC 8216bis 6.2.2",
    "No segment is removed from a live playlist when less than three target durations stay.",
  ),
  rule(
    "few-segments",
    "warning",
    "Apple HLS authoring, media playlists",
    "A live playlist that slides lists at least six segments.",
  ),
  rule("segment-late", "error", "RFC 8216bis 6.2.1", "A live playlist gets a new segment within 1.5 target durations."),
  rule(
    "part-late",
    "warning",
    "RFC 8216bis 6.2.1",
    "A live playlist with parts gets a new part within a part target duration; reported when none comes for PART-HOLD-BACK and half a second, so that players stall.",
  ),
  rule(
    "hint-unfulfilled",
    "warning",
    "RFC 8216bis 4.4.5.3",
    "The part that was hinted at is added under the URI of the hint.",
  ),
  rule(
    "discontinuity-before-hinted",
    "warning",
    "players",
    "EXT-X-DISCONTINUITY is not put in front of a part that was hinted at as the next one: hls.js before 1.6.17 refuses the playlist.",
  ),
  rule(
    "date-range-removed",
    "error",
    "RFC 8216bis 6.2.1",
    "A date range stays listed as long as it overlaps the segments that are.",
  ),
  rule("date-range-changed", "error", "RFC 8216bis 4.4.5.1", "Attributes of a date range do not change."),
] as const satisfies readonly Rule[];

export type HistoryRuleId = (typeof HISTORY_RULES)[number]["id"];
