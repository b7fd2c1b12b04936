import { COMPLETE, compareEdges, type Edge, edgeOf, type FoundMediaPlaylist } from "../playlist/media-playlist.ts";
import { type KnownSegment, sameResource } from "./known-segment.ts";
import type { HistoryRuleId } from "./rules.ts";

type PendingHint = {
  readonly url: string;
  /** Where the playlist ended when it hinted. */
  readonly edge: Edge;
  /** A discontinuity was announced behind that end. */
  readonly announced: boolean;
};

/** Hints at parts, and what came of them. */
export class HintHistory {
  readonly #breach: (rule: HistoryRuleId, message: string, line?: number) => void;
  #pending: PendingHint | undefined;

  constructor(breach: (rule: HistoryRuleId, message: string, line?: number) => void) {
    this.#breach = breach;
  }

  observe(playlist: FoundMediaPlaylist, known: ReadonlyMap<number, KnownSegment>): void {
    const edge = edgeOf(playlist);
    if (!edge) return;
    const pending = this.#pending;
    if (pending && compareEdges(edge, pending.edge) > 0) {
      this.#settle(pending, playlist, known);
      this.#pending = undefined;
    }
    const hint = playlist.hints.find(({ type, start }) => type === "PART" && start === undefined);
    if (!hint?.url || (this.#pending && compareEdges(edge, this.#pending.edge) < 0)) return;
    this.#pending = { url: hint.url, edge, announced: playlist.open?.discontinuity ?? false };
  }

  #settle(
    { url, edge, announced }: PendingHint,
    playlist: FoundMediaPlaylist,
    known: ReadonlyMap<number, KnownSegment>,
  ) {
    if (playlist.ended) return;
    for (const segment of [...playlist.segments, ...(playlist.open ? [playlist.open] : [])]) {
      if (segment.msn < edge.msn) continue;
      const parts = segment.parts.length > 0 ? segment.parts : (known.get(segment.msn)?.parts ?? []);
      const index = parts.findIndex((part) => sameResource(part.url, url));
      if (index < 0) continue;
      if (index === 0 && segment.discontinuity && !announced && edge.part === COMPLETE) {
        this.#breach("discontinuity-before-hinted", `before part ${segment.msn}.0`, parts[0]?.line);
      }
      return;
    }
    // What came, came behind a cut: a plan that changed (6.2.6).
    const replanned = playlist.segments.some(({ msn, discontinuity }) => msn > edge.msn && discontinuity);
    if (replanned || playlist.open?.discontinuity || !partsAfter(playlist, edge)) return;
    this.#breach("hint-unfulfilled", `${url} was hinted at, and others came`);
  }
}

/** Whether parts behind that end are listed: with none, nothing says what the hinted one became. */
function partsAfter(playlist: FoundMediaPlaylist, edge: Edge): boolean {
  const { segments, open } = playlist;
  const next = edge.part === COMPLETE ? { msn: edge.msn + 1, part: 0 } : { msn: edge.msn, part: edge.part + 1 };
  const segment = [...segments, ...(open ? [open] : [])].find(({ msn }) => msn === next.msn);
  return (segment?.parts.length ?? 0) > next.part;
}
