import type { ListedDateRange } from "../playlist/media-playlist.ts";
import { toDate } from "../playlist/read-media-playlist.ts";
import { type CheckedRule, quote } from "./checked-rule.ts";
import type { MediaPlaylistSubject } from "./media-playlist.ts";

/** DURATION is written in decimals. */
const TOLERANCE_MS = 2;

/** EXT-X-DATERANGE (RFC 8216bis 4.4.5.1). */
export const DATE_RANGE_RULES: readonly CheckedRule<MediaPlaylistSubject>[] = [
  {
    id: "date-range-without-date-time",
    severity: "error",
    clause: "RFC 8216bis 4.4.5.1",
    text: "A playlist with date ranges has an EXT-X-PROGRAM-DATE-TIME.",
    *check({ playlist: { dateRanges, segments, open, skipped } }) {
      const [first] = dateRanges;
      const dated = open?.dateTime !== undefined || segments.some(({ dateTime }) => dateTime !== undefined);
      if (first && !dated && skipped === 0) yield { line: first.line, message: "there is none" };
    },
  },
  {
    id: "date-range-start-missing",
    severity: "error",
    clause: "RFC 8216bis 4.4.5.1",
    text: "The first EXT-X-DATERANGE of an ID has a START-DATE.",
    *check({ playlist: { dateRanges, skipped } }) {
      for (const [id, [first]] of grouped(dateRanges)) {
        if (first && skipped === 0 && !first.attributes.has("START-DATE")) {
          yield { line: first.line, message: `${quote(id)} has none` };
        }
      }
    },
  },
  {
    id: "date-range-conflict",
    severity: "error",
    clause: "RFC 8216bis 4.4.5.1",
    text: "Tags with the same ID agree in the attributes that they share.",
    *check({ playlist: { dateRanges } }) {
      for (const [id, tags] of grouped(dateRanges)) {
        const seen = new Map<string, string>();
        for (const { attributes, line } of tags) {
          for (const { name, value } of attributes.values()) {
            if ((seen.get(name) ?? value) !== value) yield { line, message: `${quote(id)} has another ${name}` };
            seen.set(name, value);
          }
        }
      }
    },
  },
  {
    id: "date-range-end",
    severity: "error",
    clause: "RFC 8216bis 4.4.5.1",
    text: "END-DATE is not before START-DATE, and is START-DATE plus DURATION where both are given.",
    *check({ playlist: { dateRanges } }) {
      for (const [id, tags] of grouped(dateRanges)) {
        const value = (name: string) => tags.map(({ attributes }) => attributes.get(name)?.value).find(Boolean);
        const start = toDate(value("START-DATE"));
        const end = toDate(value("END-DATE"));
        const line = tags.at(-1)?.line;
        if (start === undefined || end === undefined) continue;
        if (end < start) yield { line, message: `${quote(id)} ends before it begins` };
        const duration = Number(value("DURATION") ?? Number.NaN);
        if (Math.abs(start + duration * 1000 - end) > TOLERANCE_MS) {
          yield { line, message: `END-DATE of ${quote(id)} is not START-DATE plus DURATION` };
        }
      }
    },
  },
  {
    id: "date-range-end-on-next",
    severity: "error",
    clause: "RFC 8216bis 4.4.5.1",
    text: "A range with END-ON-NEXT has a CLASS and neither DURATION nor END-DATE.",
    *check({ playlist: { dateRanges } }) {
      for (const [id, tags] of grouped(dateRanges)) {
        const has = (name: string) => tags.some(({ attributes }) => attributes.has(name));
        if (!has("END-ON-NEXT")) continue;
        if (!has("CLASS")) yield { line: tags[0]?.line, message: `${quote(id)} has no CLASS` };
        if (has("DURATION") || has("END-DATE"))
          yield { line: tags[0]?.line, message: `${quote(id)} says when it ends` };
      }
    },
  },
  {
    id: "date-range-cue",
    severity: "error",
    clause: "RFC 8216bis 4.4.5.1",
    text: "CUE is not both PRE and POST.",
    *check({ playlist: { dateRanges } }) {
      for (const { id, line, attributes } of dateRanges) {
        const cues = attributes.get("CUE")?.value.split(",") ?? [];
        if (cues.includes("PRE") && cues.includes("POST")) yield { line, message: `${quote(id)} is both` };
      }
    },
  },
  {
    id: "date-range-asset",
    severity: "error",
    clause: "RFC 8216bis D.2",
    text: "An interstitial has either X-ASSET-URI or X-ASSET-LIST.",
    *check({ playlist: { dateRanges, skipped } }) {
      for (const [id, tags] of grouped(dateRanges)) {
        const has = (name: string) => tags.some(({ attributes }) => attributes.has(name));
        const interstitial = tags.some(
          ({ attributes }) => attributes.get("CLASS")?.value === "com.apple.hls.interstitial",
        );
        if (!interstitial || skipped > 0 || has("X-ASSET-URI") !== has("X-ASSET-LIST")) continue;
        yield { line: tags[0]?.line, message: `${quote(id)} has ${has("X-ASSET-URI") ? "both" : "neither"}` };
      }
    },
  },
];

function grouped(dateRanges: readonly ListedDateRange[]): Map<string, ListedDateRange[]> {
  return Map.groupBy(dateRanges, ({ id }) => id);
}
