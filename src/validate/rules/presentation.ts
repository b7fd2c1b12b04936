import type { FoundMediaPlaylist, ListedSegment } from "../playlist/media-playlist.ts";
import type { FoundMultivariantPlaylist } from "../playlist/read-multivariant-playlist.ts";
import { type CheckedRule, quote } from "./checked-rule.ts";

/** All media playlists of a multivariant playlist, loaded at about the same time. */
export type PresentationSubject = {
  readonly multivariant: FoundMultivariantPlaylist;
  readonly playlists: readonly (FoundMediaPlaylist & {
    /** TYPE of EXT-X-MEDIA, or `VARIANT`. */
    readonly role: string;
  })[];
};

export const PRESENTATION_RULES: readonly CheckedRule<PresentationSubject>[] = [
  {
    id: "target-durations-differ",
    severity: "error",
    clause: "RFC 8216bis 6.2.4",
    text: "All media playlists have the same target duration, but for subtitles and I-frames of type VOD.",
    *check({ playlists }) {
      const counted = playlists.filter(
        ({ role, iFramesOnly, type }) => !((role === "SUBTITLES" || iFramesOnly) && type === "VOD"),
      );
      const [first] = counted;
      for (const { targetDuration, url } of counted) {
        if (first && targetDuration !== first.targetDuration) {
          yield { where: url, message: `${targetDuration} s, and ${first.targetDuration} s in ${first.url}` };
        }
      }
    },
  },
  {
    id: "server-controls-differ",
    severity: "error",
    clause: "RFC 8216bis 6.2.4",
    text: "If one media playlist has EXT-X-SERVER-CONTROL, all have, with the same attributes and values.",
    *check({ playlists }) {
      const [first] = playlists;
      for (const { serverControl, url } of playlists) {
        if (first && serverControl?.text !== first.serverControl?.text) {
          const mine = serverControl?.text ?? "none";
          yield {
            where: url,
            line: serverControl?.line,
            message: `${mine}; in ${first.url} ${first.serverControl?.text ?? "none"}`,
          };
        }
      }
    },
  },
  {
    id: "playlist-types-differ",
    severity: "error",
    clause: "RFC 8216bis 6.2.4",
    text: "If one media playlist has an EXT-X-PLAYLIST-TYPE, all have the same.",
    *check({ playlists }) {
      const [first] = playlists;
      for (const { type, url } of playlists) {
        if (first && type !== first.type)
          yield { where: url, message: `${type ?? "none"}; ${first.type ?? "none"} in ${first.url}` };
      }
    },
  },
  {
    id: "date-time-in-some",
    severity: "error",
    clause: "RFC 8216bis 6.2.4",
    text: "If one media playlist has EXT-X-PROGRAM-DATE-TIME, all have.",
    *check({ playlists }) {
      const dated = ({ segments }: FoundMediaPlaylist) => segments.some(({ dateTime }) => dateTime !== undefined);
      if (!playlists.some(dated)) return;
      for (const playlist of playlists) {
        if (!dated(playlist) && playlist.segments.length > 0) yield { where: playlist.url, message: "there is none" };
      }
    },
  },
  {
    id: "rendition-report-missing",
    severity: "error",
    clause: "RFC 8216bis B.1",
    text: "A live playlist with parts has a rendition report for each other media playlist, but for those of I-frames.",
    *check({ playlists }) {
      for (const playlist of playlists) {
        if (playlist.partTarget === undefined || playlist.ended || playlist.iFramesOnly) continue;
        const reported = new Set(playlist.reports.map(({ url }) => withoutDirectives(url)));
        for (const other of playlists) {
          if (other === playlist || other.iFramesOnly || other.url === playlist.url) continue;
          if (!reported.has(withoutDirectives(other.url)))
            yield { where: playlist.url, message: `there is none for ${other.url}` };
        }
      }
    },
  },
  {
    id: "rendition-report-unknown",
    severity: "warning",
    clause: "RFC 8216bis 4.4.5.4",
    text: "Rendition reports are about other media playlists of the multivariant playlist.",
    *check({ playlists }) {
      const known = new Set(playlists.map(({ url }) => withoutDirectives(url)));
      for (const { url: where, reports } of playlists) {
        for (const { url, uri, line } of reports) {
          const target = withoutDirectives(url);
          if (target === withoutDirectives(where)) yield { where, line, message: "a report about the playlist itself" };
          else if (!known.has(target))
            yield { where, line, message: `${quote(uri)} is not in the multivariant playlist` };
        }
      }
    },
  },
  {
    id: "variants-numbered-apart",
    severity: "info",
    clause: "RFC 8216bis 6.3.3",
    text: "A segment has the same date, length and parts in all variants that have one of its number; players that switch need not search.",
    *check({ playlists }) {
      const [first, ...others] = playlists.filter(({ role, iFramesOnly }) => role === "VARIANT" && !iFramesOnly);
      if (!first) return;
      const known = new Map(first.segments.map((segment) => [segment.msn, segment]));
      for (const { url: where, segments } of others) {
        for (const segment of segments) {
          const other = known.get(segment.msn);
          const what = other && difference(segment, other);
          if (what === undefined) continue;
          yield { where, line: segment.line, message: `${what} in ${first.url}` };
          break;
        }
      }
    },
  },
  {
    id: "i-frame-playlist-untagged",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.3",
    text: "The playlist of an EXT-X-I-FRAME-STREAM-INF has EXT-X-I-FRAMES-ONLY.",
    *check({ playlists }) {
      for (const { role, iFramesOnly, url } of playlists) {
        if (role === "I-FRAMES" && !iFramesOnly) yield { where: url, message: "it has not" };
      }
    },
  },
  {
    id: "independent-segments-twice",
    severity: "info",
    clause: "RFC 8216bis 4.4.2.1",
    text: "EXT-X-INDEPENDENT-SEGMENTS of a multivariant playlist is not repeated in its media playlists.",
    *check({ multivariant, playlists }) {
      if (!multivariant.independentSegments) return;
      for (const { independentSegments, url } of playlists) {
        if (independentSegments) yield { where: url, message: "the tag is in both" };
      }
    },
  },
];

/** Dates and lengths are written in milliseconds or finer; seconds. */
const SAME = 0.0015;

/** How one segment differs from another of its number; undefined when it does not. */
function difference(segment: ListedSegment, other: ListedSegment): string | undefined {
  const { msn, duration, date, parts } = segment;
  if (date !== undefined && other.date !== undefined && Math.abs(date - other.date) > SAME * 1000) {
    return `segment ${msn} begins ${Math.abs(date - other.date)} ms off that`;
  }
  if (Math.abs(duration - other.duration) > SAME) return `segment ${msn} lasts ${duration} s, but ${other.duration} s`;
  if (parts.length === 0 || other.parts.length === 0) return undefined;
  const isSame = parts.every((part, index) => Math.abs(part.duration - (other.parts[index]?.duration ?? 0)) <= SAME);
  return isSame && parts.length === other.parts.length ? undefined : `segment ${msn} has other parts than`;
}

/** A playlist's URL without `_HLS_` parameters: what tells one rendition from another. */
export function withoutDirectives(url: string | undefined): string {
  if (!url?.includes("_HLS_")) return url ?? "";
  const parsed = new URL(url);
  for (const name of [...parsed.searchParams.keys()]) if (name.startsWith("_HLS_")) parsed.searchParams.delete(name);
  return parsed.href;
}
