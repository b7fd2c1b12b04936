import { checkPlaylist } from "../check-playlist.ts";
import type { Directives, Exchange } from "../exchange.ts";
import { PlaylistHistory } from "../history/playlist-history.ts";
import { compareEdges, edgeOf, type FoundMediaPlaylist } from "../playlist/media-playlist.ts";
import { mergeDelta } from "../playlist/merge-delta.ts";
import { applyRules } from "../rules/checked-rule.ts";
import { DIRECTIVE_RULES, holds } from "../rules/delivery.ts";
import type { Session } from "./session.ts";

/** Which requests follow each other; see `Observation`. */
export type Channel = "plain" | "blocking" | "segments" | "delta" | "whole" | "again" | "probe";

export type PlaylistRequest = {
  readonly channel: Channel;
  readonly directives?: Directives;
  /** What the client holds: what a delta update is merged with. */
  readonly base?: FoundMediaPlaylist;
  readonly timeoutMs?: number;
};

/** An answer that was read. */
export type PlaylistAnswer = {
  readonly exchange: Exchange;
  /** As it came; undefined where it was no media playlist. */
  readonly playlist?: FoundMediaPlaylist;
  /** With what a delta update skips; undefined where that is not known. */
  readonly whole?: FoundMediaPlaylist;
};

/** An answer that took longer was held by the server, or came from far away. */
const HELD_MS = 60;
/** Versions of a playlist that come again are not checked again. */
const MAX_VERSIONS = 64;
const NO_DIRECTIVES: Directives = { skip: false };
/** Versions that are remembered with when they came. */
const MAX_SEEN = 16;

/** Loads one media playlist in all ways and puts each answer through the rules. */
export class PlaylistReader {
  readonly #session: Session;
  readonly #imports: ReadonlyMap<string, string> | undefined;
  readonly #checked = new Set<number | bigint>();
  readonly history: PlaylistHistory;
  /** The newest at each time. */
  readonly #seen: { readonly playlist: FoundMediaPlaylist; readonly at: number }[] = [];
  #latest: FoundMediaPlaylist | undefined;

  constructor(
    session: Session,
    readonly url: string,
    imports: ReadonlyMap<string, string> | undefined,
  ) {
    this.#session = session;
    this.#imports = imports;
    this.history = new PlaylistHistory(url, session.report);
  }

  /** The newest that was seen, whole. */
  get latest(): FoundMediaPlaylist | undefined {
    return this.#latest;
  }

  async load(request: PlaylistRequest): Promise<PlaylistAnswer> {
    const { directives = NO_DIRECTIVES, timeoutMs } = request;
    const url = withDirectives(this.url, directives);
    const bearing = { blocking: directives.msn !== undefined, playlist: this.#latest };
    const exchange = await this.#session.get("playlist", url, bearing, timeoutMs === undefined ? {} : { timeoutMs });
    return this.read(exchange, request);
  }

  /** Takes an answer that has come. */
  read(exchange: Exchange, { channel, directives = NO_DIRECTIVES, base }: PlaylistRequest): PlaylistAnswer {
    if (exchange.error === "aborted") return { exchange };
    const playlist = exchange.status === 200 && !exchange.error ? this.#parse(exchange) : undefined;
    const held = base ?? this.#latest;
    const tookMs = exchange.doneAt - exchange.sentAt;
    if (held && (playlist || exchange.status >= 400 || exchange.error === "timeout")) {
      const status = exchange.status === 0 ? undefined : exchange.status;
      const waitedInVainMs = this.#waitedInVain(directives, exchange);
      const subject = { asked: directives, held, status, tookMs, waitedInVainMs, playlist };
      applyRules(DIRECTIVE_RULES, subject, exchange.url, this.#session.report);
    }
    if (!playlist) return { exchange };
    const whole = playlist.skipped === 0 ? playlist : held && mergeDelta(held, playlist);
    if (!whole) return { exchange, playlist };
    this.history.observe({
      playlist: whole,
      channel,
      sentAt: exchange.sentAt,
      arrivedAt: exchange.doneAt,
      held: directives.msn !== undefined && exchange.headersAt - exchange.sentAt > HELD_MS,
      age: Number(exchange.headers.age ?? 0) * 1000 || 0,
    });
    if (isNewer(whole, this.#latest)) {
      this.#latest = whole;
      this.#seen.push({ playlist: whole, at: exchange.doneAt });
      if (this.#seen.length > MAX_SEEN) this.#seen.shift();
    }
    return { exchange, playlist, whole };
  }

  #waitedInVain({ msn, part }: Directives, { sentAt, headersAt }: Exchange): number {
    if (msn === undefined) return 0;
    const since = this.#seen.find(({ playlist }) => holds(playlist, msn, part))?.at;
    return since === undefined ? 0 : headersAt - Math.max(sentAt, since);
  }

  /** Rules about a text are applied once to each version of it. */
  #parse(exchange: Exchange): FoundMediaPlaylist | undefined {
    const hash = Bun.hash(exchange.body);
    const known = this.#checked.has(hash);
    if (!known) {
      if (this.#checked.size === MAX_VERSIONS) this.#checked.clear();
      this.#checked.add(hash);
    }
    const options = { url: exchange.finalUrl, ...(this.#imports && { imports: this.#imports }) };
    const checked = checkPlaylist(exchange.body, options, known ? ignore : this.#session.report);
    if (checked.kind === "media") return checked.playlist;
    if (checked.kind === "multivariant") this.#session.note("playlist-kind", this.url, "it is a multivariant playlist");
    return undefined;
  }
}

const ignore = () => {};

/** Query parameters in the order of their names, as clients write them (RFC 8216bis 6.2.5). */
export function withDirectives(url: string, { msn, part, skip }: Directives): string {
  if (msn === undefined && part === undefined && !skip) return url;
  const items = [
    ...(msn === undefined ? [] : [`_HLS_msn=${msn}`]),
    ...(part === undefined ? [] : [`_HLS_part=${part}`]),
    ...(skip ? ["_HLS_skip=YES"] : []),
  ];
  return `${url}${url.includes("?") ? "&" : "?"}${items.join("&")}`;
}

function isNewer(playlist: FoundMediaPlaylist, latest: FoundMediaPlaylist | undefined): boolean {
  if (!latest) return true;
  const [now, before] = [edgeOf(playlist), edgeOf(latest)];
  if (!now || !before) return now !== undefined;
  return compareEdges(now, before) > 0 || (compareEdges(now, before) === 0 && playlist.ended && !latest.ended);
}
