import type { PlaylistDocument } from "../playlist/document.ts";
import {
  attributeOf,
  codecsOf,
  type FoundMultivariantPlaylist,
  type MultivariantEntry,
  numberOf,
} from "../playlist/read-multivariant-playlist.ts";
import { type CheckedRule, quote } from "./checked-rule.ts";

/** A multivariant playlist by itself. */
export type MultivariantSubject = {
  readonly document: PlaylistDocument;
  readonly playlist: FoundMultivariantPlaylist;
};

/** RFC 6381 names of video, with and without what follows. */
const VIDEO_CODEC = /^(?:avc[1-4]|hvc1|hev1|av01|vp0[89]|dv[ah][1ve]|mp4v|mjp2)\b/;
/** The sample entries whose strings are to say a profile. */
const CODEC_FORMS: readonly (readonly [RegExp, RegExp, string])[] = [
  [/^avc[13]/, /^avc[13]\.[0-9A-Fa-f]{6}$/, "avc1.PPCCLL"],
  [/^(?:hvc1|hev1)/, /^(?:hvc1|hev1)\.[A-C]?\d+\.[0-9A-Fa-f]+\.[LH]\d+/, "hvc1.P.CCCC.LNNN"],
  [/^av01/, /^av01\.\d\.\d\d[MH]\.\d\d/, "av01.P.LLT.DD"],
  [/^vp09/, /^vp09\.\d\d\.\d\d\.\d\d/, "vp09.PP.LL.DD"],
  [/^mp4a/, /^mp4a\.(?:40\.\d+|[0-9A-Fa-f]{2}(?:\.\d+)?)$/, "mp4a.40.N"],
];
/** Names of codecs that are no sample entries. */
const NO_SAMPLE_ENTRIES = ["h264", "h265", "hevc", "x264", "x265"];
const GROUP_TYPES = ["AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"] as const;
/** May differ between the members of two groups (4.4.6.1.1). */
const MAY_DIFFER = ["URI", "CHANNELS", "BIT-DEPTH", "STABLE-RENDITION-ID", "INSTREAM-ID", "SAMPLE-RATE", "GROUP-ID"];
/** Attributes of EXT-X-MEDIA that are for some types only (4.4.6.1). */
const ONLY_FOR: Readonly<Record<string, string>> = {
  FORCED: "SUBTITLES",
  "BIT-DEPTH": "AUDIO",
  "SAMPLE-RATE": "AUDIO",
  CHANNELS: "AUDIO",
};

export const MULTIVARIANT_RULES: readonly CheckedRule<MultivariantSubject>[] = [
  {
    id: "variants-missing",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.2",
    text: "A multivariant playlist has a variant to play.",
    *check({ playlist: { variants } }) {
      if (variants.length === 0) yield { message: "there is no EXT-X-STREAM-INF" };
    },
  },
  {
    id: "variant-without-uri",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.2",
    text: "A URI follows each EXT-X-STREAM-INF, and nothing else has one.",
    *check({ playlist: { variants, strayUris } }) {
      for (const { uri, line } of variants) if (uri === undefined) yield { line, message: "no URI follows" };
      for (const line of strayUris) yield { line, message: "a URI without EXT-X-STREAM-INF before it" };
    },
  },
  {
    id: "codecs-missing",
    severity: "warning",
    clause: "RFC 8216bis 4.4.6.2; Apple HLS authoring",
    text: "Each variant has CODECS.",
    *check({ playlist: { variants, iFrameVariants } }) {
      for (const entry of [...variants, ...iFrameVariants]) {
        if (codecsOf(entry) === undefined) yield { line: entry.line, message: "there is none" };
      }
    },
  },
  {
    id: "codecs-form",
    severity: "warning",
    clause: "RFC 6381; RFC 8216bis 4.4.6.2",
    text: "CODECS says profile and level; players refuse, or try in vain, what they do not understand.",
    *check({ playlist: { variants, iFrameVariants } }) {
      for (const entry of [...variants, ...iFrameVariants]) {
        for (const codec of codecsOf(entry) ?? []) {
          const form = CODEC_FORMS.find(([family]) => family.test(codec));
          if (
            form ? !form[1].test(codec) : !/^[A-Za-z0-9-]{4}(?:\.|$)/.test(codec) || NO_SAMPLE_ENTRIES.includes(codec)
          ) {
            yield {
              line: entry.line,
              message: `${quote(codec)}${form ? ` is not of the form ${form[2]}` : " is unknown"}`,
            };
          }
        }
      }
    },
  },
  {
    id: "resolution-missing",
    severity: "warning",
    clause: "RFC 8216bis 4.4.6.2; Apple HLS authoring",
    text: "Each variant with video has RESOLUTION.",
    *check({ playlist: { variants, iFrameVariants } }) {
      for (const entry of [...variants, ...iFrameVariants]) {
        if (hasVideo(entry) && !entry.attributes.has("RESOLUTION"))
          yield { line: entry.line, message: "there is none" };
      }
    },
  },
  {
    id: "frame-rate-missing",
    severity: "warning",
    clause: "RFC 8216bis 4.4.6.2; Apple HLS authoring",
    text: "Each variant with video has FRAME-RATE.",
    *check({ playlist: { variants } }) {
      for (const entry of variants) {
        if (hasVideo(entry) && !entry.attributes.has("FRAME-RATE"))
          yield { line: entry.line, message: "there is none" };
      }
    },
  },
  {
    id: "average-bandwidth-missing",
    severity: "info",
    clause: "Apple HLS authoring",
    text: "Each variant has AVERAGE-BANDWIDTH.",
    *check({ playlist: { variants } }) {
      for (const entry of variants) {
        if (!entry.attributes.has("AVERAGE-BANDWIDTH")) yield { line: entry.line, message: "there is none" };
      }
    },
  },
  {
    id: "average-bandwidth-above-peak",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.2",
    text: "AVERAGE-BANDWIDTH is not above BANDWIDTH.",
    *check({ playlist: { variants, iFrameVariants } }) {
      for (const entry of [...variants, ...iFrameVariants]) {
        const [peak, average] = [numberOf(entry, "BANDWIDTH"), numberOf(entry, "AVERAGE-BANDWIDTH")];
        if (peak !== undefined && average !== undefined && average > peak) {
          yield { line: entry.line, message: `${average} is above ${peak}` };
        }
      }
    },
  },
  {
    id: "score-partial",
    severity: "warning",
    clause: "RFC 8216bis 4.4.6.2",
    text: "If one variant has a SCORE, all have.",
    *check({ playlist: { variants } }) {
      if (!variants.some((entry) => entry.attributes.has("SCORE"))) return;
      for (const entry of variants)
        if (!entry.attributes.has("SCORE")) yield { line: entry.line, message: "there is none" };
    },
  },
  {
    id: "video-range-partial",
    severity: "info",
    clause: "Apple HLS authoring",
    text: "If one variant has a VIDEO-RANGE that is not SDR, all with video say theirs.",
    *check({ playlist: { variants } }) {
      const ranges = variants.map((entry) => attributeOf(entry, "VIDEO-RANGE"));
      if (!ranges.some((range) => range === "PQ" || range === "HLG")) return;
      for (const [index, entry] of variants.entries()) {
        if (ranges[index] === undefined && hasVideo(entry)) yield { line: entry.line, message: "there is none" };
      }
    },
  },
  {
    id: "group-undefined",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.2",
    text: "The groups that a variant names are defined by EXT-X-MEDIA of their type.",
    *check({ playlist: { variants, iFrameVariants, media } }) {
      for (const entry of [...variants, ...iFrameVariants]) {
        for (const type of GROUP_TYPES) {
          const group = entry.attributes.get(type);
          if (!group || (type === "CLOSED-CAPTIONS" && !group.quoted)) continue;
          if (
            !media.some((item) => attributeOf(item, "TYPE") === type && attributeOf(item, "GROUP-ID") === group.value)
          ) {
            yield { line: entry.line, message: `there is no group ${quote(group.value)} of TYPE=${type}` };
          }
        }
      }
    },
  },
  {
    id: "group-unused",
    severity: "info",
    clause: "RFC 8216bis 4.4.6.1",
    text: "Groups are used by a variant.",
    *check({ playlist: { variants, iFrameVariants, media } }) {
      for (const [name, members] of groupsOf(media)) {
        const [first] = members;
        const [type = "", id = ""] = name;
        const used = [...variants, ...iFrameVariants].some((entry) => attributeOf(entry, type) === id);
        if (!used) yield { line: first?.line, message: `no variant uses ${type} ${quote(id)}` };
      }
    },
  },
  {
    id: "name-repeated",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.1.1",
    text: "NAMEs in a group differ.",
    *check({ playlist: { media } }) {
      for (const [, members] of groupsOf(media)) {
        for (const [index, entry] of members.entries()) {
          const name = attributeOf(entry, "NAME");
          const first = members.findIndex((member) => attributeOf(member, "NAME") === name);
          if (name !== undefined && first < index) yield { line: entry.line, message: `${quote(name)} again` };
        }
      }
    },
  },
  {
    id: "default-repeated",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.1.1",
    text: "A group has one DEFAULT=YES at the most.",
    *check({ playlist: { media } }) {
      for (const [, members] of groupsOf(media)) {
        for (const entry of members.filter((member) => attributeOf(member, "DEFAULT") === "YES").slice(1)) {
          yield { line: entry.line, message: "another DEFAULT=YES in the group" };
        }
      }
    },
  },
  {
    id: "default-not-autoselect",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.1",
    text: "With DEFAULT=YES, AUTOSELECT is YES where it is given.",
    *check({ playlist: { media } }) {
      for (const entry of media) {
        if (attributeOf(entry, "DEFAULT") === "YES" && attributeOf(entry, "AUTOSELECT") === "NO") {
          yield { line: entry.line, message: "DEFAULT=YES with AUTOSELECT=NO" };
        }
      }
    },
  },
  {
    id: "autoselect-alike",
    severity: "warning",
    clause: "RFC 8216bis 4.4.6.1.1",
    text: "Members with AUTOSELECT=YES differ in LANGUAGE, ASSOC-LANGUAGE, FORCED or CHARACTERISTICS.",
    *check({ playlist: { media } }) {
      const key = (entry: MultivariantEntry) =>
        ["LANGUAGE", "ASSOC-LANGUAGE", "FORCED", "CHARACTERISTICS"].map((name) => attributeOf(entry, name)).join("\n");
      for (const [, members] of groupsOf(media)) {
        const chosen = members.filter((member) => attributeOf(member, "AUTOSELECT") === "YES");
        for (const [index, entry] of chosen.entries()) {
          if (chosen.findIndex((other) => key(other) === key(entry)) < index) {
            yield { line: entry.line, message: "another member of the group is the same in all of them" };
          }
        }
      }
    },
  },
  {
    id: "groups-unlike",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.1.1",
    text: "Groups of one type have the same members, with the same attributes but for those of the encoding.",
    *check({ playlist: { media } }) {
      const members = (entries: readonly MultivariantEntry[]) =>
        entries
          .map(({ attributes }) =>
            [...attributes.values()]
              .filter(({ name }) => !MAY_DIFFER.includes(name))
              .map(({ name, value }) => `${name}=${value}`)
              .sort()
              .join(),
          )
          .sort()
          .join("\n");
      const first = new Map<string, { id: string; members: string }>();
      for (const [[type = "", id = ""], entries] of groupsOf(media)) {
        const mine = { id, members: members(entries) };
        const other = first.get(type);
        if (!other) first.set(type, mine);
        else if (other.members !== mine.members) {
          yield { line: entries[0]?.line, message: `${type} ${quote(id)} is not like ${quote(other.id)}` };
        }
      }
    },
  },
  {
    id: "media-uri",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.2.1",
    text: "EXT-X-MEDIA has a URI for SUBTITLES, and none for CLOSED-CAPTIONS.",
    *check({ playlist: { media } }) {
      for (const entry of media) {
        const type = attributeOf(entry, "TYPE");
        if (type === "SUBTITLES" && entry.uri === undefined)
          yield { line: entry.line, message: "SUBTITLES without URI" };
        if (type === "CLOSED-CAPTIONS" && entry.uri !== undefined)
          yield { line: entry.line, message: "CLOSED-CAPTIONS with URI" };
      }
    },
  },
  {
    id: "instream-id",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.1",
    text: "CLOSED-CAPTIONS have an INSTREAM-ID of CC1 to CC4 or SERVICE1 to SERVICE63.",
    *check({ playlist: { media } }) {
      for (const entry of media) {
        if (attributeOf(entry, "TYPE") !== "CLOSED-CAPTIONS") continue;
        const id = attributeOf(entry, "INSTREAM-ID");
        if (!/^(?:CC[1-4]|SERVICE(?:[1-9]|[1-5]\d|6[0-3]))$/.test(id ?? "")) {
          yield { line: entry.line, message: id === undefined ? "there is none" : quote(id) };
        }
      }
    },
  },
  {
    id: "attribute-of-other-type",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.1",
    text: "FORCED is for SUBTITLES; BIT-DEPTH, SAMPLE-RATE and CHANNELS are for AUDIO.",
    *check({ playlist: { media } }) {
      for (const entry of media) {
        const type = attributeOf(entry, "TYPE");
        for (const [name, only] of Object.entries(ONLY_FOR)) {
          if (entry.attributes.has(name) && type !== only)
            yield { line: entry.line, message: `${name} with TYPE=${type}` };
        }
      }
    },
  },
  {
    id: "channels-missing",
    severity: "warning",
    clause: "RFC 8216bis 4.4.6.1",
    text: "Each EXT-X-MEDIA of audio has CHANNELS.",
    *check({ playlist: { media } }) {
      for (const entry of media) {
        if (attributeOf(entry, "TYPE") === "AUDIO" && !entry.attributes.has("CHANNELS")) {
          yield { line: entry.line, message: "there is none" };
        }
      }
    },
  },
  {
    id: "closed-captions-partial",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.2",
    text: "If one variant has CLOSED-CAPTIONS=NONE, all have.",
    *check({ playlist: { variants } }) {
      const none = (entry: MultivariantEntry) => attributeOf(entry, "CLOSED-CAPTIONS") === "NONE";
      if (!variants.some(none)) return;
      for (const entry of variants) if (!none(entry)) yield { line: entry.line, message: "this one has not" };
    },
  },
  {
    id: "session-data-form",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.4",
    text: "EXT-X-SESSION-DATA has either VALUE or URI, and each DATA-ID and LANGUAGE comes once.",
    *check({ playlist: { sessionData } }) {
      const seen = new Set<string>();
      for (const entry of sessionData) {
        const has = (name: string) => entry.attributes.has(name);
        if (has("VALUE") === has("URI")) yield { line: entry.line, message: has("URI") ? "both" : "neither" };
        const key = `${attributeOf(entry, "DATA-ID")}\n${attributeOf(entry, "LANGUAGE")}`;
        if (seen.has(key)) yield { line: entry.line, message: "the same DATA-ID and LANGUAGE again" };
        seen.add(key);
      }
    },
  },
  {
    id: "session-key-form",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.5",
    text: "METHOD of EXT-X-SESSION-KEY is not NONE, and no key comes twice.",
    *check({ playlist: { sessionKeys } }) {
      const seen = new Set<string>();
      for (const entry of sessionKeys) {
        if (attributeOf(entry, "METHOD") === "NONE") yield { line: entry.line, message: "METHOD=NONE" };
        const names = ["METHOD", "URI", "IV", "KEYFORMAT", "KEYFORMATVERSIONS"];
        const key = names.map((name) => attributeOf(entry, name)).join("\n");
        if (seen.has(key)) yield { line: entry.line, message: "the same key again" };
        seen.add(key);
      }
    },
  },
  {
    id: "pathway-undefined",
    severity: "error",
    clause: "RFC 8216bis 4.4.6.6",
    text: "The PATHWAY-ID of EXT-X-CONTENT-STEERING is that of a variant.",
    *check({ playlist: { steering, variants } }) {
      const pathway = steering && attributeOf(steering, "PATHWAY-ID");
      if (pathway === undefined || variants.some((entry) => (attributeOf(entry, "PATHWAY-ID") ?? ".") === pathway))
        return;
      yield { line: steering?.line, message: `no variant is on ${quote(pathway)}` };
    },
  },
  {
    id: "layout-needless",
    severity: "warning",
    clause: "RFC 8216bis 4.4.6.2",
    text: "REQ-VIDEO-LAYOUT is not given for what every player shows, CH-MONO and PROJ-RECT.",
    *check({ playlist: { variants } }) {
      for (const entry of variants) {
        const layout = attributeOf(entry, "REQ-VIDEO-LAYOUT");
        if (layout?.split(/[,/]/).every((item) => item === "CH-MONO" || item === "PROJ-RECT")) {
          yield { line: entry.line, message: quote(layout) };
        }
      }
    },
  },
];

/** As far as CODECS and RESOLUTION tell. */
function hasVideo(entry: MultivariantEntry): boolean {
  return entry.attributes.has("RESOLUTION") || (codecsOf(entry)?.some((codec) => VIDEO_CODEC.test(codec)) ?? false);
}

function groupsOf(media: readonly MultivariantEntry[]): [[string, string], MultivariantEntry[]][] {
  const groups = new Map<string, [[string, string], MultivariantEntry[]]>();
  for (const entry of media) {
    const name: [string, string] = [attributeOf(entry, "TYPE") ?? "", attributeOf(entry, "GROUP-ID") ?? ""];
    const group = groups.get(name.join("\n"));
    if (group) group[1].push(entry);
    else groups.set(name.join("\n"), [name, [entry]]);
  }
  return [...groups.values()];
}
