import type { Report } from "../finding.ts";
import { COMPLETE, compareEdges, type Edge, edgeOf, type FoundMediaPlaylist } from "../playlist/media-playlist.ts";
import { withoutDirectives } from "../rules/presentation.ts";

/** A playlist that was held until something was new, so that it was made when it came. */
export type HeldPlaylist = {
  readonly playlist: FoundMediaPlaylist;
  /** Monotonic milliseconds. */
  readonly sentAt: number;
  readonly arrivedAt: number;
};

type Seen = { readonly edge: Edge; readonly arrivedAt: number };

/** For the ways of two answers. */
const SLACK_MS = 250;
const MAX_SEEN = 64;

/** Compares rendition reports with the playlists that they are about (RFC 8216bis 4.4.5.4). */
export class ReportHistory {
  readonly #report: Report;
  readonly #seen = new Map<string, Seen[]>();
  readonly #claims = new Map<string, { edge: Edge; at: number; by: string }>();

  constructor(report: Report) {
    this.#report = report;
  }

  observe({ playlist, sentAt, arrivedAt }: HeldPlaylist): void {
    const url = withoutDirectives(playlist.url);
    const edge = edgeOf(playlist);
    if (!edge || playlist.ended) return;
    const claim = this.#claims.get(url);
    if (claim && sentAt > claim.at) {
      if (compareEdges(edge, claim.edge) < 0) this.#breach(claim.by, url, claim.edge, edge, "ahead of");
      this.#claims.delete(url);
    }
    const seen = this.#seen.get(url) ?? [];
    seen.push({ edge, arrivedAt });
    if (seen.length > MAX_SEEN) seen.shift();
    this.#seen.set(url, seen);
    const known = arrivedAt - (playlist.partTarget ?? playlist.targetDuration) * 1000 - SLACK_MS;
    for (const report of playlist.reports) {
      const target = withoutDirectives(report.url);
      const told = reportedEdge(report.lastMsn ?? edge.msn, report.lastPart, playlist, edge);
      const actual = this.#seen.get(target)?.findLast((one) => one.arrivedAt < known)?.edge;
      if (actual && isBehind(told, actual)) this.#breach(url, target, told, actual, "behind");
      this.#claims.set(target, { edge: told, at: arrivedAt, by: url });
    }
  }

  #breach(by: string, about: string, told: Edge, actual: Edge, how: string): void {
    const text = ({ msn, part }: Edge) => (part === COMPLETE ? `${msn}` : `${msn}.${part}`);
    this.#report({
      rule: "rendition-report-wrong",
      where: by,
      message: `the report about ${about} says ${text(told)}, ${how} its ${text(actual)}`,
    });
  }
}

/** The last part of a segment is as much as the whole segment, and is what LAST-PART says of it. */
function isBehind(told: Edge, actual: Edge): boolean {
  const isWhole = told.msn === actual.msn && actual.lastPart !== undefined && told.part >= actual.lastPart;
  return !isWhole && compareEdges(told, actual) < 0;
}

/** Without LAST-PART the whole segment, or the same part as in the playlist that the report stands in. */
function reportedEdge(msn: number, part: number | undefined, playlist: FoundMediaPlaylist, own: Edge): Edge {
  if (part !== undefined) return { msn, part };
  return playlist.partTarget !== undefined && own.part !== COMPLETE ? { msn, part: own.part } : { msn, part: COMPLETE };
}
