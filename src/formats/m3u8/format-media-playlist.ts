import { formatSeconds } from "./attributes.ts";
import { formatDateRange } from "./date-range.ts";
import type { MediaPlaylist, PlacedDateRange, PlaylistSegment, ServerControl } from "./media-playlist.ts";

/** The text of a media playlist (RFC 8216bis 4). EXT-X-DISCONTINUITY-SEQUENCE is always written: players expect it. */
export function formatMediaPlaylist(playlist: MediaPlaylist): string {
  const { serverControl, partTarget } = playlist;
  let out = `#EXTM3U\n#EXT-X-VERSION:${playlist.version}\n#EXT-X-TARGETDURATION:${playlist.targetDuration}\n`;
  if (playlist.independentSegments) out += "#EXT-X-INDEPENDENT-SEGMENTS\n";
  if (serverControl) out += formatServerControl(serverControl);
  if (partTarget !== undefined) out += `#EXT-X-PART-INF:PART-TARGET=${formatSeconds(partTarget)}\n`;
  out += `#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}\n`;
  out += `#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}\n`;
  if (playlist.skipped > 0) out += formatSkip(playlist.skipped, playlist.removedDateRanges ?? []);
  let map = playlist.skipped > 0 ? playlist.mapBefore : undefined;
  const ranges = new RangeLines(playlist.dateRanges ?? []);
  for (const [index, segment] of playlist.segments.entries()) {
    out += formatSegment(segment, map, index, ranges);
    map = segment.map;
  }
  out += ranges.before(Number.POSITIVE_INFINITY, 0);
  if (playlist.discontinuityNext) out += "#EXT-X-DISCONTINUITY\n";
  if (playlist.preloadHint !== undefined) out += `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${playlist.preloadHint}"\n`;
  for (const { uri, lastMsn, lastPart } of playlist.renditionReports ?? []) {
    out += `#EXT-X-RENDITION-REPORT:URI="${uri}",LAST-MSN=${lastMsn}${lastPart === undefined ? "" : `,LAST-PART=${lastPart}`}\n`;
  }
  if (playlist.ended) out += "#EXT-X-ENDLIST\n";
  return out;
}

/** What applies to the whole segment stands before its first part (4.4.4). */
function formatSegment(
  segment: PlaylistSegment,
  mapBefore: string | undefined,
  index: number,
  ranges: RangeLines,
): string {
  let out = ranges.before(index, 0);
  if (segment.discontinuity) out += "#EXT-X-DISCONTINUITY\n";
  // Also where it is the same as before: VLC forgets it at a discontinuity.
  if (segment.map !== undefined && (segment.discontinuity || segment.map !== mapBefore))
    out += `#EXT-X-MAP:URI="${segment.map}"\n`;
  if (segment.wallclock !== undefined) out += `#EXT-X-PROGRAM-DATE-TIME:${formatDateTime(segment.wallclock)}\n`;
  if (segment.gap) out += "#EXT-X-GAP\n";
  for (const [number, part] of segment.parts.entries()) {
    out += ranges.before(index, number);
    out += `#EXT-X-PART:DURATION=${formatSeconds(part.duration)},URI="${part.uri}"${part.independent ? ",INDEPENDENT=YES" : ""}\n`;
  }
  out += ranges.before(index, Number.POSITIVE_INFINITY);
  if (segment.uri !== undefined) out += `#EXTINF:${formatSeconds(segment.duration)},\n${segment.uri}\n`;
  return out;
}

/** The lines of date ranges, handed out as their places are reached. */
class RangeLines {
  #next = 0;

  constructor(private readonly ranges: readonly PlacedDateRange[]) {}

  /** Of all that are not behind this part of this segment. */
  before(segment: number, part: number): string {
    if (this.#next === this.ranges.length) return "";
    let out = "";
    for (let at = this.ranges[this.#next]; at; at = this.ranges[++this.#next]) {
      if (at.segment > segment || (at.segment === segment && at.part > part)) break;
      out += formatDateRange(at.range);
    }
    return out;
  }
}

function formatSkip(skipped: number, removed: readonly string[]): string {
  const ids = removed.length > 0 ? `,RECENTLY-REMOVED-DATERANGES="${removed.join("\t")}"` : "";
  return `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}${ids}\n`;
}

function formatServerControl(control: ServerControl): string {
  const attributes: string[] = [];
  if (control.canBlockReload) attributes.push("CAN-BLOCK-RELOAD=YES");
  if (control.canSkipUntil !== undefined) attributes.push(`CAN-SKIP-UNTIL=${formatSeconds(control.canSkipUntil)}`);
  if (control.canSkipDateRanges) attributes.push("CAN-SKIP-DATERANGES=YES");
  if (control.holdBack !== undefined) attributes.push(`HOLD-BACK=${formatSeconds(control.holdBack)}`);
  if (control.partHoldBack !== undefined) attributes.push(`PART-HOLD-BACK=${formatSeconds(control.partHoldBack)}`);
  return attributes.length > 0 ? `#EXT-X-SERVER-CONTROL:${attributes.join(",")}\n` : "";
}

/** ISO 8601 in UTC with milliseconds. */
function formatDateTime(wallclock: number): string {
  return new Date(wallclock).toISOString();
}
