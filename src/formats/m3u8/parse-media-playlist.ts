import { MalformedError } from "../../bytes/errors.ts";
import type { Millis } from "../../media/time.ts";
import {
  type Attributes,
  optionalDecimal,
  parseAttributes,
  parseDecimal,
  parseInteger,
  required,
} from "./attributes.ts";
import { linesOf, splitTag } from "./lines.ts";
import type { MediaPlaylist, PlaylistPart, PlaylistSegment, RenditionReport, ServerControl } from "./media-playlist.ts";

/** More segments and parts than a live playlist holds. */
const MAX_ENTRIES = 100_000;

type Draft = { -readonly [K in keyof MediaPlaylist]: MediaPlaylist[K] };
type Pending = {
  duration: number | undefined;
  discontinuity: boolean;
  wallclock: Millis | undefined;
  gap: boolean;
  parts: PlaylistPart[];
};

/**
 * Reads a media playlist; tags it does not know are skipped, as clients must (RFC 8216bis 4.1).
 * @throws MalformedError
 */
export function parseMediaPlaylist(text: string): MediaPlaylist {
  const segments: PlaylistSegment[] = [];
  const draft: Draft = {
    version: 1,
    targetDuration: 0,
    independentSegments: false,
    mediaSequence: 0,
    discontinuitySequence: 0,
    skipped: 0,
    segments,
    ended: false,
  };
  const seen = new Set<string>();
  let map: string | undefined;
  let pending = emptyPending();
  let entries = 0;
  for (const line of linesOf(text)) {
    if (++entries > MAX_ENTRIES) throw new MalformedError("playlist: too many lines");
    if (!line.startsWith("#")) {
      if (pending.duration === undefined) throw new MalformedError(`playlist: ${line.slice(0, 40)} without EXTINF`);
      segments.push({ ...pending, uri: line, duration: pending.duration, map });
      pending = emptyPending();
      continue;
    }
    const [tag, value] = splitTag(line);
    if (HEADER_TAGS.has(tag)) {
      if (seen.has(tag)) throw new MalformedError(`playlist: ${tag} twice`);
      seen.add(tag);
    }
    if (tag === "#EXT-X-MAP") map = required(parseAttributes(value), "URI");
    else if (!readHeader(tag, value, draft)) readSegmentTag(tag, value, pending);
  }
  if (!seen.has("#EXT-X-TARGETDURATION")) throw new MalformedError("playlist: EXT-X-TARGETDURATION is missing");
  if (pending.parts.length > 0) segments.push({ ...pending, uri: undefined, duration: 0, map });
  else if (pending.discontinuity) draft.discontinuityNext = true;
  return draft;
}

const HEADER_TAGS: ReadonlySet<string> = new Set([
  "#EXT-X-VERSION",
  "#EXT-X-TARGETDURATION",
  "#EXT-X-MEDIA-SEQUENCE",
  "#EXT-X-DISCONTINUITY-SEQUENCE",
  "#EXT-X-SERVER-CONTROL",
  "#EXT-X-PART-INF",
  "#EXT-X-SKIP",
]);

function readHeader(tag: string, value: string, draft: Draft): boolean {
  switch (tag) {
    case "#EXT-X-VERSION":
      draft.version = parseInteger(value, tag);
      return true;
    case "#EXT-X-TARGETDURATION":
      draft.targetDuration = parseInteger(value, tag);
      return true;
    case "#EXT-X-INDEPENDENT-SEGMENTS":
      draft.independentSegments = true;
      return true;
    case "#EXT-X-SERVER-CONTROL":
      draft.serverControl = toServerControl(parseAttributes(value));
      return true;
    case "#EXT-X-PART-INF":
      draft.partTarget = parseDecimal(required(parseAttributes(value), "PART-TARGET"), tag);
      return true;
    case "#EXT-X-MEDIA-SEQUENCE":
      draft.mediaSequence = parseInteger(value, tag);
      return true;
    case "#EXT-X-DISCONTINUITY-SEQUENCE":
      draft.discontinuitySequence = parseInteger(value, tag);
      return true;
    case "#EXT-X-SKIP":
      draft.skipped = parseInteger(required(parseAttributes(value), "SKIPPED-SEGMENTS"), tag);
      return true;
    case "#EXT-X-PRELOAD-HINT": {
      const attributes = parseAttributes(value);
      if (required(attributes, "TYPE") === "PART") draft.preloadHint = required(attributes, "URI");
      return true;
    }
    case "#EXT-X-RENDITION-REPORT":
      draft.renditionReports = [...(draft.renditionReports ?? []), toRenditionReport(parseAttributes(value))];
      return true;
    case "#EXT-X-ENDLIST":
      draft.ended = true;
      return true;
    default:
      return false;
  }
}

function readSegmentTag(tag: string, value: string, pending: Pending): void {
  switch (tag) {
    case "#EXTINF":
      pending.duration = parseDecimal(value.split(",", 1)[0] ?? "", tag);
      return;
    case "#EXT-X-DISCONTINUITY":
      pending.discontinuity = true;
      return;
    case "#EXT-X-GAP":
      pending.gap = true;
      return;
    case "#EXT-X-PROGRAM-DATE-TIME": {
      const wallclock = Date.parse(value);
      if (Number.isNaN(wallclock)) throw new MalformedError(`${tag}: "${value.slice(0, 40)}"`);
      pending.wallclock = wallclock;
      return;
    }
    case "#EXT-X-PART": {
      const attributes = parseAttributes(value);
      pending.parts.push({
        uri: required(attributes, "URI"),
        duration: parseDecimal(required(attributes, "DURATION"), tag),
        independent: attributes.get("INDEPENDENT") === "YES",
      });
      return;
    }
  }
}

function toServerControl(attributes: Attributes): ServerControl {
  return {
    canBlockReload: attributes.get("CAN-BLOCK-RELOAD") === "YES",
    canSkipUntil: optionalDecimal(attributes, "CAN-SKIP-UNTIL"),
    canSkipDateRanges: attributes.get("CAN-SKIP-DATERANGES") === "YES" || undefined,
    holdBack: optionalDecimal(attributes, "HOLD-BACK"),
    partHoldBack: optionalDecimal(attributes, "PART-HOLD-BACK"),
  };
}

function toRenditionReport(attributes: Attributes): RenditionReport {
  const lastPart = attributes.get("LAST-PART");
  return {
    uri: required(attributes, "URI"),
    lastMsn: parseInteger(required(attributes, "LAST-MSN"), "LAST-MSN"),
    lastPart: lastPart === undefined ? undefined : parseInteger(lastPart, "LAST-PART"),
  };
}

function emptyPending(): Pending {
  return { duration: undefined, discontinuity: false, wallclock: undefined, gap: false, parts: [] };
}
