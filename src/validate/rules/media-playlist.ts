import type { PlaylistDocument } from "../playlist/document.ts";
import { durationOf, type FoundMediaPlaylist } from "../playlist/media-playlist.ts";
import { toDate } from "../playlist/read-media-playlist.ts";
import { type CheckedRule, quote, seconds } from "./checked-rule.ts";

/** A media playlist by itself. */
export type MediaPlaylistSubject = { readonly document: PlaylistDocument; readonly playlist: FoundMediaPlaylist };

/** Dates are written in milliseconds, durations in a few decimals; encoders' clocks are corrected in small steps. */
const DATE_TOLERANCE_S = 0.2;
/** Larger than any part of a second is no "small (sub-second) overlap" (6.2.1). */
const DATE_OVERLAP_S = 1;
const WORST_START_TARGETS = 3;

/** Segments and the tags about the whole playlist. */
export const MEDIA_PLAYLIST_RULES: readonly CheckedRule<MediaPlaylistSubject>[] = [
  {
    id: "target-duration-missing",
    severity: "error",
    clause: "RFC 8216bis 4.4.3.1",
    text: "There is an EXT-X-TARGETDURATION of at least 1.",
    *check({ playlist: { targetDuration } }) {
      if (Number.isNaN(targetDuration)) yield { message: "there is no EXT-X-TARGETDURATION that is a number" };
      else if (targetDuration < 1) yield { message: `EXT-X-TARGETDURATION is ${targetDuration}` };
    },
  },
  {
    id: "extinf-exceeds-target",
    severity: "error",
    clause: "RFC 8216bis 4.4.3.1",
    text: "The duration of a segment, rounded to whole seconds, is not above the target duration.",
    *check({ playlist: { segments, targetDuration } }) {
      for (const { line, duration, msn } of segments) {
        if (Math.round(duration) > targetDuration) {
          yield {
            line,
            message: `segment ${msn} lasts ${seconds(duration)}, the target duration is ${targetDuration} s`,
          };
        }
      }
    },
  },
  {
    id: "extinf-missing",
    severity: "error",
    clause: "RFC 8216bis 4.4.4.1",
    text: "Each segment has an EXTINF.",
    *check({ document, playlist: { segments } }) {
      let given = false;
      const uris = new Set(segments.map(({ line }) => line));
      for (const { tag, number } of document.lines) {
        if (tag === "EXTINF") given = true;
        if (!uris.has(number)) continue;
        if (!given) yield { line: number, message: "no EXTINF stands before this URI" };
        given = false;
      }
    },
  },
  {
    id: "segment-without-uri",
    severity: "error",
    clause: "RFC 8216bis 4.4.4",
    text: "Each EXTINF is followed by a URI.",
    *check({ document }) {
      let open: number | undefined;
      for (const { kind, tag, number } of document.lines) {
        if (kind === "uri") open = undefined;
        if (tag !== "EXTINF") continue;
        if (open !== undefined) yield { line: open, message: "no URI stands behind this EXTINF" };
        open = number;
      }
      if (open !== undefined) yield { line: open, message: "no URI stands behind this EXTINF" };
    },
  },
  {
    id: "segment-without-duration",
    severity: "warning",
    clause: "players",
    text: "Segments have a duration; players divide by it.",
    *check({ playlist: { segments } }) {
      for (const { line, duration, msn } of segments) {
        if (duration === 0) yield { line, message: `segment ${msn} lasts 0 s` };
      }
    },
  },
  {
    id: "sequence-tag-late",
    severity: "error",
    clause: "RFC 8216bis 4.4.3.2, 4.4.3.3",
    text: "EXT-X-MEDIA-SEQUENCE and EXT-X-DISCONTINUITY-SEQUENCE stand before the first segment and the first EXT-X-DISCONTINUITY.",
    *check({ document, playlist }) {
      const first = document.lines.find(({ kind, tag }) => kind === "uri" || tag === "EXTINF" || tag === "EXT-X-PART");
      const cut = document.lines.find(({ tag }) => tag === "EXT-X-DISCONTINUITY");
      const { mediaSequenceLine: media = 0, discontinuitySequenceLine: discontinuity = 0 } = playlist;
      if (first && media > first.number)
        yield { line: media, message: "EXT-X-MEDIA-SEQUENCE behind the first segment" };
      const limit = Math.min(first?.number ?? Number.POSITIVE_INFINITY, cut?.number ?? Number.POSITIVE_INFINITY);
      if (discontinuity > limit) {
        yield { line: discontinuity, message: "EXT-X-DISCONTINUITY-SEQUENCE behind a segment or a discontinuity" };
      }
    },
  },
  {
    id: "discontinuity-sequence-missing",
    severity: "warning",
    clause: "RFC 8216bis 6.2.2; players",
    text: "A live playlist with EXT-X-DISCONTINUITY has an EXT-X-DISCONTINUITY-SEQUENCE, since it is going to remove the tag.",
    *check({ document, playlist }) {
      if (playlist.ended || playlist.type !== undefined || playlist.discontinuitySequenceLine !== undefined) return;
      const cut = document.lines.find(({ tag }) => tag === "EXT-X-DISCONTINUITY");
      if (cut) yield { line: cut.number, message: "there is no EXT-X-DISCONTINUITY-SEQUENCE" };
    },
  },
  {
    id: "byte-range-without-offset",
    severity: "error",
    clause: "RFC 8216bis 4.4.4.2",
    text: "A byte range without an offset follows a range of the same resource.",
    *check({ document }) {
      let before: string | undefined;
      let range: { line: number; offset: boolean } | undefined;
      for (const { kind, tag, value = "", text, number } of document.lines) {
        if (tag === "EXT-X-BYTERANGE") range = { line: number, offset: value.includes("@") };
        if (kind !== "uri") continue;
        const uri = text.trim();
        if (range && !range.offset && before !== uri) {
          yield { line: range.line, message: "no range of the same resource stands before it" };
        }
        before = range ? uri : undefined;
        range = undefined;
      }
    },
  },
  {
    id: "segment-listed-twice",
    severity: "warning",
    clause: "players",
    text: "No resource is listed as two segments.",
    *check({ playlist: { segments } }) {
      const seen = new Map<string, number>();
      for (const { url, range, line, msn, gap } of segments) {
        if (url === undefined || gap) continue;
        const key = range ? `${url} ${range.offset}+${range.length}` : url;
        const first = seen.get(key);
        if (first !== undefined) yield { line, message: `segments ${first} and ${msn} are the same resource` };
        else seen.set(key, msn);
      }
    },
  },
  {
    id: "key-form",
    severity: "error",
    clause: "RFC 8216bis 4.4.4.4",
    text: "EXT-X-KEY has a URI unless METHOD is NONE, which stands alone; IV is 128 bits and not used with SAMPLE-AES-CTR and AES-256-GCM.",
    *check({ document }) {
      for (const { tag, number, value = "" } of document.lines) {
        if (tag !== "EXT-X-KEY") continue;
        const method = /METHOD=([A-Z0-9-]+)/.exec(value)?.[1];
        const iv = /[,:]?IV=0[xX]([0-9A-Fa-f]+)/.exec(value)?.[1];
        if (method === "NONE" && value.includes(","))
          yield { line: number, message: "METHOD=NONE with other attributes" };
        if (method !== undefined && method !== "NONE" && !/URI="/.test(value))
          yield { line: number, message: "no URI" };
        if (iv !== undefined && iv.length > 32) yield { line: number, message: `IV has ${iv.length * 4} bits` };
        if (iv !== undefined && (method === "SAMPLE-AES-CTR" || method === "AES-256-GCM")) {
          yield { line: number, message: `IV with METHOD=${method}` };
        }
      }
    },
  },
  {
    id: "map-encrypted-without-iv",
    severity: "error",
    clause: "RFC 8216bis 4.4.4.5",
    text: "The EXT-X-KEY of an EXT-X-MAP that is encrypted with AES-128 has an IV.",
    *check({ playlist: { segments } }) {
      for (const map of new Set(segments.map((segment) => segment.map))) {
        const key = map?.keys.find(({ method, format }) => method === "AES-128" && format === "identity");
        if (map && key && key.iv === undefined)
          yield { line: map.line, message: `the key of line ${key.line} has no IV` };
      }
    },
  },
  {
    id: "date-time-form",
    severity: "warning",
    clause: "RFC 8216bis 4.4.4.6",
    text: "EXT-X-PROGRAM-DATE-TIME gives milliseconds and a time zone.",
    *check({ document }) {
      for (const { tag, value = "", number } of document.lines) {
        if (tag !== "EXT-X-PROGRAM-DATE-TIME") continue;
        if (toDate(value) === undefined) yield { line: number, message: `${quote(value)} is no date and time` };
        else if (!/[.,]\d{3}/.test(value)) yield { line: number, message: `${quote(value)} has no milliseconds` };
        else if (!/(?:Z|[+-]\d\d(?::?\d\d)?)$/i.test(value))
          yield { line: number, message: `${quote(value)} has no time zone` };
      }
    },
  },
  {
    id: "date-time-missing",
    severity: "warning",
    clause: "RFC 8216bis B.1; Apple HLS authoring, live; players",
    text: "A live playlist has EXT-X-PROGRAM-DATE-TIME: low latency requires it, and Safari finds the live edge by it.",
    *check({ playlist }) {
      if (playlist.ended || playlist.type === "VOD" || playlist.segments.length === 0) return;
      if (playlist.segments.every(({ dateTime }) => dateTime === undefined) && playlist.skipped === 0) {
        yield { message: "there is none" };
      }
    },
  },
  {
    id: "date-time-after-discontinuity",
    severity: "warning",
    clause: "RFC 8216bis 6.2.1",
    text: "Where there are dates, each segment behind a discontinuity has one.",
    *check({ playlist: { segments } }) {
      if (segments.every(({ dateTime }) => dateTime === undefined)) return;
      for (const { discontinuity, dateTime, line, msn } of segments) {
        if (discontinuity && dateTime === undefined) yield { line, message: `segment ${msn} has none` };
      }
    },
  },
  {
    id: "date-time-ambiguous",
    severity: "error",
    clause: "RFC 8216bis 6.2.1",
    text: "Dates rise; a segment may begin a part of a second before the end of the one before, not more.",
    *check({ playlist: { segments } }) {
      for (const [index, segment] of segments.entries()) {
        const before = segments[index - 1];
        if (before?.date === undefined || segment.dateTime === undefined || Number.isNaN(before.duration)) continue;
        const overlap = before.duration - (segment.dateTime - before.date) / 1000;
        if (overlap >= Math.min(DATE_OVERLAP_S, before.duration) && overlap > DATE_TOLERANCE_S) {
          const message = `segment ${segment.msn} begins ${seconds(overlap)} before the end of segment ${before.msn}`;
          yield { line: segment.line, message };
        }
      }
    },
  },
  {
    id: "date-time-disagrees",
    severity: "warning",
    clause: "RFC 8216bis 4.4.4.6, 6.2.1",
    text: `Without a discontinuity, dates go on as durations do, within ${DATE_TOLERANCE_S} s.`,
    *check({ playlist: { segments } }) {
      for (const [index, segment] of segments.entries()) {
        const before = segments[index - 1];
        if (before?.date === undefined || segment.dateTime === undefined || segment.discontinuity) continue;
        const off = (segment.dateTime - before.date) / 1000 - before.duration;
        if (Math.abs(off) > DATE_TOLERANCE_S) {
          const message = `segment ${segment.msn} is dated ${seconds(Math.abs(off))} ${off > 0 ? "after" : "before"} the end of the one before`;
          yield { line: segment.line, message };
        }
      }
    },
  },
  {
    id: "start-outside",
    severity: "warning",
    clause: "RFC 8216bis 4.4.2.2",
    text: "The TIME-OFFSET of EXT-X-START is inside the playlist, and of a live one not within three target durations of its end.",
    *check({ playlist }) {
      const { start, ended, targetDuration, skipped } = playlist;
      if (!start || Number.isNaN(start.timeOffset) || skipped > 0) return;
      const length = durationOf(playlist);
      const { timeOffset, line } = start;
      if (Math.abs(timeOffset) > length) {
        yield { line, message: `${timeOffset} is more than the playlist's ${seconds(length)}` };
      } else if (
        !ended &&
        (timeOffset < 0 ? -timeOffset : length - timeOffset) < WORST_START_TARGETS * targetDuration
      ) {
        yield { line, message: `${timeOffset} is within three target durations of the end` };
      }
    },
  },
];
