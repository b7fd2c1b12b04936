import type { Directives } from "../exchange.ts";
import type { FoundMediaPlaylist, ListedPart, ListedSegment } from "../playlist/media-playlist.ts";
import { mergeDelta } from "../playlist/merge-delta.ts";
import { type CheckedRule, seconds } from "./checked-rule.ts";

/** A playlist request with delivery directives, and what became of it. */
export type DirectiveSubject = {
  readonly asked: Directives;
  /** What the client held when it asked. */
  readonly held: FoundMediaPlaylist;
  /** Undefined where nothing came in time. */
  readonly status: number | undefined;
  readonly tookMs: number;
  /** For how long it waited while another answer had shown already that it is there. */
  readonly waitedInVainMs?: number;
  /** The answer as it came, with its skipped segments missing. */
  readonly playlist?: FoundMediaPlaylist;
};

/** A whole playlist and a delta update of the same version. */
export type DeltaSubject = { readonly full: FoundMediaPlaylist; readonly delta: FoundMediaPlaylist };

/** A request that is to be refused, or to be answered as if it were another. */
export type ProbeSubject = {
  readonly probe: "part-alone" | "far-msn" | "after-end" | "skip-after-end";
  /** As it was asked, for a message. */
  readonly query: string;
  /** Undefined where nothing came in time. */
  readonly status: number | undefined;
  readonly tookMs: number;
  readonly playlist?: FoundMediaPlaylist;
};

const BLOCK_TARGETS = 3;
/** For the way of the answer, beyond what it may block. */
const ANSWER_SLACK_MS = 3000;
const LATE_MS = 1000;
/** Durations are rounded. */
const EPSILON_S = 0.01;

export const DIRECTIVE_RULES: readonly CheckedRule<DirectiveSubject>[] = [
  {
    id: "blocking-early",
    severity: "error",
    clause: "RFC 8216bis 6.2.5.2",
    text: "A request with _HLS_msn, and _HLS_part, is answered when the playlist holds that segment or part, not before.",
    *check({ asked, playlist }) {
      if (asked.msn === undefined || !playlist || playlist.ended || holds(playlist, asked.msn, asked.part)) return;
      yield { message: `${askedText(asked)} was answered with a playlist that does not hold it` };
    },
  },
  {
    id: "blocking-refused",
    severity: "error",
    clause: "RFC 8216bis 6.2.5.2",
    text: "Requests for the next segment or part, or for the part behind the last of a segment, are not refused.",
    *check({ asked, status, held }) {
      if (asked.msn === undefined || held.ended || status === undefined) return;
      if (status >= 400 && status < 500 && status !== 404 && status !== 410 && status !== 429) {
        yield { message: `${askedText(asked)} was answered with ${status}` };
      }
    },
  },
  {
    id: "blocking-unanswered",
    severity: "warning",
    clause: "RFC 8216bis 6.2.5.2",
    text: "A request that cannot be answered within three target durations gets 503; hls.js waits for 10 s only.",
    *check({ asked, held, status, tookMs }) {
      const limit = BLOCK_TARGETS * held.targetDuration * 1000 + ANSWER_SLACK_MS;
      if (asked.msn !== undefined && (status === undefined || tookMs > limit)) {
        yield { message: `${askedText(asked)}: ${status ?? "nothing"} after ${(tookMs / 1000).toFixed(1)} s` };
      }
    },
  },
  {
    id: "blocking-late",
    severity: "warning",
    clause: "RFC 8216bis 6.2.5.2",
    text: "A request that waits is answered as soon as the playlist holds what it waits for; reported from a second on.",
    *check({ asked, status, waitedInVainMs = 0 }) {
      if (status !== 200 || waitedInVainMs < LATE_MS) return;
      const shown = (waitedInVainMs / 1000).toFixed(1);
      yield { message: `${askedText(asked)} waited for ${shown} s after another request had shown it` };
    },
  },
  {
    id: "skip-unasked",
    severity: "error",
    clause: "RFC 8216bis 6.2.5.1",
    text: "EXT-X-SKIP is only in answers to requests with _HLS_skip.",
    *check({ asked, playlist }) {
      if (playlist && playlist.skipped > 0 && !asked.skip) yield { message: "a delta update was not asked for" };
    },
  },
  {
    id: "skip-too-much",
    severity: "error",
    clause: "RFC 8216bis 6.2.5.1, 4.4.3.8",
    text: "A delta update does not skip segments within the skip boundary.",
    *check(subject) {
      const boundary = skipBoundary(subject);
      if (boundary && boundary.skipped > boundary.most) {
        yield {
          message: `${boundary.skipped} segments are skipped, ${boundary.most} are beyond ${boundary.seconds} s`,
        };
      }
    },
  },
  {
    id: "skip-too-little",
    severity: "warning",
    clause: "RFC 8216bis 6.2.5.1",
    text: "A delta update skips all segments beyond the skip boundary.",
    *check(subject) {
      const boundary = skipBoundary(subject);
      if (boundary && boundary.skipped < boundary.least) {
        yield {
          message: `${boundary.skipped} segments are skipped, ${boundary.least} are beyond ${boundary.seconds} s`,
        };
      }
    },
  },
];

export const DELTA_RULES: readonly CheckedRule<DeltaSubject>[] = [
  {
    id: "delta-differs",
    severity: "error",
    clause: "RFC 8216bis 6.2.5.1",
    text: "A delta update, with what it skips put back, is the playlist.",
    *check({ full, delta }) {
      const merged = mergeDelta(full, delta);
      if (!merged) {
        yield { message: `${delta.skipped} segments from ${delta.mediaSequence} on are not in the playlist` };
        return;
      }
      for (const difference of differences(full, merged)) yield { message: difference };
    },
  },
];

export const PROBE_RULES: readonly CheckedRule<ProbeSubject>[] = [
  {
    id: "part-without-msn-accepted",
    severity: "error",
    clause: "RFC 8216bis 6.2.5.2",
    text: "_HLS_part without _HLS_msn is answered with 400.",
    *check({ probe, status, query }) {
      if (probe === "part-alone" && (status === undefined || status < 400)) {
        yield { message: `${query}: ${status ?? "no answer"}` };
      }
    },
  },
  {
    id: "far-msn-accepted",
    severity: "warning",
    clause: "RFC 8216bis 6.2.5.2",
    text: "An _HLS_msn of more than two beyond the last segment is answered with 400 at once.",
    *check({ probe, status, query }) {
      if (probe === "far-msn" && (status === undefined || status < 400)) {
        yield { message: `${query}: ${status ?? "no answer within a second"}` };
      }
    },
  },
  {
    id: "directives-after-end",
    severity: "error",
    clause: "RFC 8216bis 6.2.5.1, 6.2.5.2",
    text: "Directives are ignored when the playlist has ended.",
    *check({ probe, status, query, playlist }) {
      if (probe !== "after-end" && probe !== "skip-after-end") return;
      if (status !== 200) yield { message: `${query}: ${status ?? "no answer within a second"}` };
      else if (playlist && playlist.skipped > 0)
        yield { message: `${query}: a delta update of a playlist that has ended` };
    },
  },
];

/** Whether a blocking request is satisfied: a part beyond the last of a segment is the first of the next one. */
export function holds(playlist: FoundMediaPlaylist, msn: number, part: number | undefined): boolean {
  const { segments, open } = playlist;
  const last = segments.at(-1)?.msn ?? playlist.mediaSequence + playlist.skipped - 1;
  const openParts = open?.parts.length ?? 0;
  if (part === undefined) return last >= msn;
  if (last > msn) return true;
  if (last === msn) {
    const parts = segments.at(-1)?.parts.length ?? 0;
    return parts === 0 || part < parts || openParts > 0;
  }
  return open !== undefined && (open.msn > msn ? openParts > 0 : open.msn === msn && openParts > part);
}

function askedText({ msn, part }: Directives): string {
  return part === undefined ? `_HLS_msn=${msn}` : `_HLS_msn=${msn}&_HLS_part=${part}`;
}

type Boundary = { readonly skipped: number; readonly most: number; readonly least: number; readonly seconds: number };

/**
 * How many segments a delta update may skip: those that begin beyond the boundary at the most, those that end there at the
 * least. Undefined where the client does not know the durations of all.
 */
function skipBoundary({ asked, held, playlist }: DirectiveSubject): Boundary | undefined {
  const boundary = playlist?.serverControl?.canSkipUntil;
  if (!asked.skip || !playlist || playlist.ended || boundary === undefined) return undefined;
  const first = playlist.mediaSequence;
  const skippedOnes = held.segments.filter(({ msn }) => msn >= first && msn < first + playlist.skipped);
  if (skippedOnes.length !== playlist.skipped) return undefined;
  let behind = 0;
  let most = 0;
  let least = 0;
  for (const { duration } of [...skippedOnes, ...playlist.segments].toReversed()) {
    if (behind >= boundary + EPSILON_S) least++;
    behind += duration || 0;
    if (behind > boundary - EPSILON_S) most++;
  }
  return { skipped: playlist.skipped, most, least, seconds: boundary };
}

function* differences(full: FoundMediaPlaylist, merged: FoundMediaPlaylist): Generator<string> {
  const compare = <T>(what: string, a: T, b: T) => (a === b ? [] : [`${what} is ${a}, in the delta update ${b}`]);
  yield* compare("EXT-X-TARGETDURATION", full.targetDuration, merged.targetDuration);
  yield* compare("PART-TARGET", full.partTarget, merged.partTarget);
  yield* compare("EXT-X-SERVER-CONTROL", full.serverControl?.text, merged.serverControl?.text);
  yield* compare("EXT-X-MEDIA-SEQUENCE", full.mediaSequence, merged.mediaSequence);
  yield* compare("EXT-X-DISCONTINUITY-SEQUENCE", full.discontinuitySequence, merged.discontinuitySequence);
  yield* compare("the number of segments", full.segments.length, merged.segments.length);
  yield* compare("EXT-X-INDEPENDENT-SEGMENTS", full.independentSegments, merged.independentSegments);
  for (const [index, segment] of full.segments.entries()) {
    const other = merged.segments[index];
    if (other) yield* compare(`segment ${segment.msn}`, segmentText(segment), segmentText(other));
  }
  const openText = ({ open }: FoundMediaPlaylist) =>
    open && `${open.discontinuity} ${open.parts.map(partText).join(" ")}`;
  yield* compare("what stands behind the last segment", openText(full), openText(merged));
}

function segmentText(segment: ListedSegment): string {
  const { uri, duration, discontinuity, discontinuitySequence, date, gap, map, keys, parts, range } = segment;
  return [
    uri,
    seconds(duration),
    `discontinuity ${discontinuity} ${discontinuitySequence}`,
    // Carried on from rounded durations.
    date === undefined ? "no date" : Math.round(date / 10),
    gap && "gap",
    range && `${range.offset}+${range.length}`,
    map?.uri ?? "no map",
    ...keys.map(({ method, url }) => `${method} ${url}`),
    ...parts.map(partText),
  ].join(" ");
}

function partText({ uri, duration, independent, gap }: ListedPart): string {
  return `${uri} ${duration}${independent ? " independent" : ""}${gap ? " gap" : ""}`;
}
