import type { Exchange } from "../exchange.ts";
import type { FoundMediaPlaylist } from "../playlist/media-playlist.ts";
import { applyRules } from "../rules/checked-rule.ts";
import { PROBE_RULES, type ProbeSubject } from "../rules/delivery.ts";
import { CONDITIONAL_RULES } from "../rules/http.ts";
import type { PlaylistReader } from "./playlist-reader.ts";
import type { Session } from "./session.ts";

/** What is to be answered at once is waited for so long. */
const AT_ONCE_MS = 2000;
/** Far ahead of any live edge. */
const FAR = 1000;

/** Requests that are to be refused (RFC 8216bis 6.2.5.2), made once. */
export async function probeDirectives(session: Session, reader: PlaylistReader): Promise<void> {
  const { latest } = reader;
  if (!latest || session.over) return;
  const last = latest.segments.at(-1)?.msn ?? latest.mediaSequence;
  // A server that never heard of directives takes them for any query.
  if (latest.serverControl === undefined) return;
  if (latest.ended) {
    await probe(session, reader, "after-end", `_HLS_msn=${last + FAR}`);
    if (latest.serverControl?.canSkipUntil !== undefined)
      await probe(session, reader, "skip-after-end", "_HLS_skip=YES");
  } else if (latest.serverControl.canBlockReload) {
    await probe(session, reader, "part-alone", "_HLS_part=0");
    await probe(session, reader, "far-msn", `_HLS_msn=${last + FAR}`);
  }
}

async function probe(
  session: Session,
  reader: PlaylistReader,
  kind: ProbeSubject["probe"],
  query: string,
): Promise<void> {
  const url = `${reader.url}${reader.url.includes("?") ? "&" : "?"}${query}`;
  const exchange = await session.fetcher.get("playlist", url, { signal: session.signal, timeoutMs: AT_ONCE_MS });
  if (exchange.error === "aborted" || exchange.error === "refused" || exchange.status >= 500) return;
  const { status, sentAt, doneAt } = exchange;
  // Those after the end have a playlist; it is read as an answer to a plain request.
  const playlist =
    status === 200 && kind.endsWith("after-end") ? reader.read(exchange, { channel: "probe" }).playlist : undefined;
  const subject = { probe: kind, query, status: status === 0 ? undefined : status, tookMs: doneAt - sentAt, playlist };
  applyRules(PROBE_RULES, subject, reader.url, session.report);
  session.judge(exchange, { playlist: reader.latest, blocking: query.startsWith("_HLS_msn") });
}

/** Asks for a playlist under the condition that it is not what it was before. @param older an answer before `newest` */
export async function probeCondition(session: Session, older: Exchange, newest: Exchange): Promise<void> {
  const tag = older.headers.etag;
  if (tag === undefined || tag === newest.headers.etag) return;
  const headers = { "if-none-match": tag };
  const exchange = await session.fetcher.get("playlist", newest.url, { signal: session.signal, headers });
  if (exchange.error) return;
  applyRules(CONDITIONAL_RULES, { exchange, whole: newest.body, outdated: true }, newest.url, session.report);
}

/** Whether two playlists end at the same place, so that they can be compared. */
export function sameVersion(a: FoundMediaPlaylist, b: FoundMediaPlaylist): boolean {
  const text = ({ mediaSequence, skipped, segments, open, ended }: FoundMediaPlaylist) =>
    [mediaSequence, skipped + segments.length, open?.msn, open?.parts.length, open?.discontinuity, ended].join();
  return text(a) === text(b);
}
