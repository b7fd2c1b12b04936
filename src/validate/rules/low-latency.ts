import { durationOf, type FoundMediaPlaylist, type ListedPart, openDurationOf } from "../playlist/media-playlist.ts";
import { type CheckedRule, quote, seconds } from "./checked-rule.ts";
import type { MediaPlaylistSubject } from "./media-playlist.ts";

/** Of the part target duration (4.4.4.9). */
const SHORTEST_PART = 0.85;
/** Binary fractions. */
const EPSILON = 1e-6;
/** Each duration is rounded to a few decimals. */
const ROUNDING_S = 0.002;
const PARTS_LISTED_TARGETS = 3;
const MUST_BE_BEFORE_PARTS = ["EXT-X-DISCONTINUITY", "EXT-X-KEY", "EXT-X-MAP", "EXT-X-PROGRAM-DATE-TIME"];

/** Server control, parts, hints, reports. */
export const LOW_LATENCY_RULES: readonly CheckedRule<MediaPlaylistSubject>[] = [
  {
    id: "hold-back-short",
    severity: "error",
    clause: "RFC 8216bis 4.4.3.8",
    text: "HOLD-BACK is at least three target durations.",
    *check({ playlist: { serverControl, targetDuration } }) {
      const value = serverControl?.holdBack;
      if (value !== undefined && value < 3 * targetDuration - EPSILON) {
        yield { line: serverControl?.line, message: `${seconds(value)} with a target duration of ${targetDuration} s` };
      }
    },
  },
  {
    id: "part-hold-back-missing",
    severity: "error",
    clause: "RFC 8216bis 4.4.3.8",
    text: "With EXT-X-PART-INF there is a PART-HOLD-BACK; Chromium and Shaka Player do not play without it.",
    *check({ playlist: { serverControl, partTarget } }) {
      if (partTarget !== undefined && serverControl?.partHoldBack === undefined) {
        yield { line: serverControl?.line, message: "there is none" };
      }
    },
  },
  {
    id: "part-hold-back-short",
    severity: "error",
    clause: "RFC 8216bis 4.4.3.8",
    text: "PART-HOLD-BACK is at least twice the part target duration.",
    *check({ playlist: { serverControl, partTarget } }) {
      const value = serverControl?.partHoldBack;
      if (value !== undefined && partTarget !== undefined && value < 2 * partTarget - EPSILON) {
        yield { line: serverControl?.line, message: `${seconds(value)} with parts of ${seconds(partTarget)}` };
      }
    },
  },
  {
    id: "part-hold-back-tight",
    severity: "warning",
    clause: "RFC 8216bis 4.4.3.8",
    text: "PART-HOLD-BACK is at least three times the part target duration.",
    *check({ playlist: { serverControl, partTarget } }) {
      const value = serverControl?.partHoldBack;
      if (value === undefined || partTarget === undefined || value < 2 * partTarget - EPSILON) return;
      if (value < 3 * partTarget - EPSILON) {
        yield { line: serverControl?.line, message: `${seconds(value)} with parts of ${seconds(partTarget)}` };
      }
    },
  },
  {
    id: "skip-boundary-short",
    severity: "error",
    clause: "RFC 8216bis 4.4.3.8",
    text: "CAN-SKIP-UNTIL is at least six target durations; Chromium does not play otherwise.",
    *check({ playlist: { serverControl, targetDuration } }) {
      const value = serverControl?.canSkipUntil;
      if (value !== undefined && value < 6 * targetDuration - EPSILON) {
        yield { line: serverControl?.line, message: `${seconds(value)} with a target duration of ${targetDuration} s` };
      }
    },
  },
  {
    id: "skip-date-ranges-alone",
    severity: "error",
    clause: "RFC 8216bis 4.4.3.8",
    text: "CAN-SKIP-DATERANGES needs CAN-SKIP-UNTIL.",
    *check({ playlist: { serverControl } }) {
      if (serverControl?.canSkipDateRanges && serverControl.canSkipUntil === undefined) {
        yield { line: serverControl.line, message: "CAN-SKIP-DATERANGES without CAN-SKIP-UNTIL" };
      }
    },
  },
  {
    id: "part-inf-missing",
    severity: "error",
    clause: "RFC 8216bis 4.4.3.7",
    text: "A playlist with parts has an EXT-X-PART-INF.",
    *check({ playlist }) {
      const [first] = [...partsOf(playlist)];
      if (first && playlist.partTarget === undefined) yield { line: first.part.line, message: "there is none" };
    },
  },
  {
    id: "part-exceeds-target",
    severity: "error",
    clause: "RFC 8216bis 4.4.4.9",
    text: "No part is longer than the part target duration; Apple's player drops the variant.",
    *check({ playlist }) {
      const { partTarget = Number.POSITIVE_INFINITY } = playlist;
      for (const { part, name } of partsOf(playlist)) {
        if (part.duration > partTarget + EPSILON) {
          yield { line: part.line, message: `part ${name} lasts ${seconds(part.duration)} of ${seconds(partTarget)}` };
        }
      }
    },
  },
  {
    id: "part-too-short",
    severity: "error",
    clause: "RFC 8216bis 4.4.4.9",
    text: "A part lasts at least 85 % of the part target duration, unless it is independent, a gap, before a gap, or the last of its segment.",
    *check({ playlist }) {
      const { partTarget = 0 } = playlist;
      for (const { part, name, next } of partsOf(playlist)) {
        if (part.independent || part.gap || !next || next.gap) continue;
        if (part.duration < SHORTEST_PART * partTarget - EPSILON) {
          yield { line: part.line, message: `part ${name} lasts ${seconds(part.duration)} of ${seconds(partTarget)}` };
        }
      }
    },
  },
  {
    id: "parts-unlike-segment",
    severity: "error",
    clause: "RFC 8216bis 3.2",
    text: "The parts of a segment hold all of it: their durations add up to its own.",
    *check({ playlist: { segments } }) {
      for (const { parts, duration, line, msn, gap } of segments) {
        if (parts.length === 0 || gap || Number.isNaN(duration)) continue;
        const sum = parts.reduce((total, part) => total + part.duration, 0);
        if (Math.abs(sum - duration) > ROUNDING_S * (parts.length + 2)) {
          yield {
            line,
            message: `segment ${msn} lasts ${seconds(duration)}, its ${parts.length} parts ${seconds(sum)}`,
          };
        }
      }
    },
  },
  {
    id: "tag-behind-part",
    severity: "error",
    clause: "RFC 8216bis 4.4.4.9",
    text: "Discontinuity, key, map and date of a segment stand before its first part.",
    *check({ document }) {
      let parts = false;
      for (const { kind, tag, number } of document.lines) {
        if (kind === "uri") parts = false;
        else if (tag === "EXT-X-PART") parts = true;
        else if (parts && MUST_BE_BEFORE_PARTS.includes(tag)) {
          // Behind the last part of a segment that is not closed yet, it belongs to the one after.
          const rest = document.lines.slice(number);
          const closing = rest.findIndex((line) => line.kind === "uri" || line.tag === "EXT-X-PART");
          if (closing >= 0) yield { line: number, message: `${tag} behind a part of the same segment` };
        }
      }
    },
  },
  {
    id: "parts-listed-long",
    severity: "warning",
    clause: "RFC 8216bis 6.2.2",
    text: "Parts are listed for segments within three target durations of the end.",
    *check({ playlist }) {
      let behind = openDurationOf(playlist);
      const late: FoundMediaPlaylist["segments"][number][] = [];
      for (const segment of playlist.segments.toReversed()) {
        if (segment.parts.length > 0 && behind > PARTS_LISTED_TARGETS * playlist.targetDuration + EPSILON)
          late.push(segment);
        behind += segment.duration || 0;
      }
      const [last] = late;
      if (last && !playlist.ended) {
        yield {
          line: last.parts[0]?.line,
          message: `parts of segment ${last.msn}, and of ${late.length - 1} before it`,
        };
      }
    },
  },
  {
    id: "parts-announced-only",
    severity: "warning",
    clause: "players",
    text: "A playlist that announces parts lists parts; players wait for them in blocking reloads.",
    *check({ playlist }) {
      const { partTarget, ended, segments } = playlist;
      if (partTarget === undefined || ended || segments.length < 2) return;
      if ([...partsOf(playlist)].length === 0 && !playlist.segments.at(-1)?.gap) {
        yield { message: "EXT-X-PART-INF, and no EXT-X-PART" };
      }
    },
  },
  {
    id: "first-part-not-independent",
    severity: "warning",
    clause: "RFC 8216bis 4.4.4.9, 4.4.2.1",
    text: "Where segments are said to be independent, the first part of each is INDEPENDENT.",
    *check({ playlist: { segments, independentSegments } }) {
      if (!independentSegments) return;
      for (const { parts, msn } of segments) {
        const [first] = parts;
        if (first && !first.independent && !first.gap) {
          yield { line: first.line, message: `the first part of segment ${msn} is not INDEPENDENT` };
        }
      }
    },
  },
  {
    id: "segment-without-independent-part",
    severity: "info",
    clause: "RFC 8216bis B.1",
    text: "Each segment has an independent frame, which an encoder with a longer keyframe distance does not give.",
    *check({ playlist: { segments } }) {
      for (const { parts, line, msn, gap } of segments) {
        if (parts.length > 0 && !gap && parts.every(({ independent }) => !independent)) {
          yield { line, message: `no part of segment ${msn} is INDEPENDENT` };
        }
      }
    },
  },
  {
    id: "hint-missing",
    severity: "warning",
    clause: "RFC 8216bis B.1",
    text: "A live playlist with parts hints at the next one, except where it ends with EXT-X-DISCONTINUITY.",
    *check({ playlist }) {
      const { ended, hints, open } = playlist;
      if (ended || [...partsOf(playlist)].length === 0 || hints.some(({ type }) => type === "PART")) return;
      if (open?.discontinuity && open.parts.length === 0) return;
      yield { message: "there is no EXT-X-PRELOAD-HINT of TYPE=PART" };
    },
  },
  {
    id: "hint-repeated",
    severity: "warning",
    clause: "RFC 8216bis 6.2.6",
    text: "There is one hint of each type at the most.",
    *check({ playlist: { hints } }) {
      for (const [index, { type, line }] of hints.entries()) {
        if (hints.findIndex((hint) => hint.type === type) < index)
          yield { line, message: `another hint of TYPE=${type}` };
      }
    },
  },
  {
    id: "hint-after-end",
    severity: "error",
    clause: "RFC 8216bis 4.4.5.3",
    text: "A playlist with EXT-X-ENDLIST has no hints.",
    *check({ playlist: { ended, hints } }) {
      if (ended && hints[0]) yield { line: hints[0].line, message: "a hint beside EXT-X-ENDLIST" };
    },
  },
  {
    id: "hint-listed",
    severity: "warning",
    clause: "RFC 8216bis 4.4.5.3",
    text: "A hint is for what is not listed yet.",
    *check({ playlist }) {
      const hint = playlist.hints.find(({ type }) => type === "PART");
      if (!hint?.url || hint.start !== undefined) return;
      for (const { part, name } of partsOf(playlist)) {
        if (part.url === hint.url && !part.range)
          yield { line: hint.line, message: `the hint is part ${name}, which is listed` };
      }
    },
  },
  {
    id: "report-uri-absolute",
    severity: "error",
    clause: "RFC 8216bis 4.4.5.4",
    text: "The URI of a rendition report is relative.",
    *check({ playlist: { reports } }) {
      for (const { uri, line } of reports) {
        if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(uri)) yield { line, message: `${quote(uri)} is absolute` };
      }
    },
  },
  {
    id: "i-frames-with-parts",
    severity: "warning",
    clause: "RFC 8216bis 4.4.4.9",
    text: "Playlists of I-frames have no parts.",
    *check({ playlist }) {
      const [first] = [...partsOf(playlist)];
      if (playlist.iFramesOnly && first) yield { line: first.part.line, message: "there are parts" };
    },
  },
  {
    id: "hold-back-beyond-playlist",
    severity: "warning",
    clause: "players",
    text: "A live playlist is as long as its hold back, or players start before its beginning.",
    *check({ playlist }) {
      const { serverControl, ended, segments, skipped } = playlist;
      const holdBack = serverControl?.holdBack;
      if (ended || skipped > 0 || holdBack === undefined || segments.length < 6) return;
      const length = durationOf(playlist) + openDurationOf(playlist);
      if (length < holdBack) {
        yield {
          line: serverControl?.line,
          message: `HOLD-BACK is ${seconds(holdBack)}, the playlist ${seconds(length)}`,
        };
      }
    },
  },
];

type PlacedPart = { readonly part: ListedPart; readonly name: string; readonly next: ListedPart | undefined };

/** All parts; `next` in the same segment, undefined for the last one so far. */
function* partsOf(playlist: FoundMediaPlaylist): Generator<PlacedPart> {
  for (const { msn, parts } of playlist.segments) yield* placed(msn, parts);
  if (playlist.open) yield* placed(playlist.open.msn, playlist.open.parts);
}

function* placed(msn: number, parts: readonly ListedPart[]): Generator<PlacedPart> {
  for (const [index, part] of parts.entries()) yield { part, name: `${msn}.${index}`, next: parts[index + 1] };
}
