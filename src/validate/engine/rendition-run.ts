import type { Directives, Exchange } from "../exchange.ts";
import type { RemovedResource } from "../history/playlist-history.ts";
import type { FoundMediaPlaylist } from "../playlist/media-playlist.ts";
import { applyRules } from "../rules/checked-rule.ts";
import { DELTA_RULES } from "../rules/delivery.ts";
import { Availability } from "./availability.ts";
import { HintRequests } from "./hint-requests.ts";
import { MediaReader, type RenditionAbout } from "./media-reader.ts";
import { Outage } from "./outage.ts";
import { type Channel, type PlaylistAnswer, PlaylistReader } from "./playlist-reader.ts";
import { probeCondition, probeDirectives, sameVersion } from "./probes.ts";
import type { Session } from "./session.ts";

export type RenditionOptions = {
  readonly url: string;
  readonly about: RenditionAbout;
  readonly independentSegments: boolean;
  readonly imports?: ReadonlyMap<string, string> | undefined;
  /** The playlist has changed. */
  readonly onUpdate: (answer: PlaylistAnswer) => void;
};

/** Between plain requests, in target durations, and in milliseconds. */
const PLAIN_TARGETS = 0.5;
const PLAIN_LEAST_MS = 500;
const PLAIN_MOST_MS = 3000;
/** After an answer that was none. */
const RETRY_MS = 500;
/** Blocking requests are waited for so much longer than they may block. */
const BLOCK_TARGETS = 3;
const BLOCK_SLACK_MS = 8000;

/** Follows one media playlist, in as many ways at a time as it offers, and reads its media. */
export class RenditionRun {
  readonly #session: Session;
  readonly #options: RenditionOptions;
  readonly #outage: Outage;
  readonly #availability: Availability;
  readonly #hints: HintRequests;
  readonly reader: PlaylistReader;
  readonly media: MediaReader;
  #over = false;

  constructor(session: Session, options: RenditionOptions) {
    this.#session = session;
    this.#options = options;
    this.reader = new PlaylistReader(session, options.url, options.imports);
    this.#outage = new Outage(session, options.url);
    this.#availability = new Availability(session);
    this.#hints = new HintRequests(session);
    this.media = new MediaReader({
      session,
      rendition: options.url,
      about: options.about,
      independentSegments: options.independentSegments,
      reload: async () => (await this.#load("again")).whole,
      onPart: (part, bytes) => this.#hints.arrived(part, bytes),
    });
  }

  /** Loads the playlist for the first time. @returns false where there is none */
  async begin(): Promise<boolean> {
    const answer = await this.#load("plain");
    return answer.whole !== undefined;
  }

  /** Until the playlist has ended and everything is read, or time is up. */
  async run(): Promise<void> {
    const { latest } = this.reader;
    if (!latest) return;
    const control = latest.serverControl;
    const followers = [this.#followPlain()];
    if (!latest.ended && control?.canBlockReload) {
      followers.push(this.#followBlocking(latest, latest.partTarget !== undefined));
      if (latest.partTarget !== undefined) followers.push(this.#followSegments(latest));
    }
    if (!latest.ended && control?.canSkipUntil !== undefined) followers.push(this.#followDelta());
    const reading = this.media.run();
    await probeDirectives(this.#session, this.reader);
    await Promise.all(followers);
    this.media.finish();
    await reading;
    this.#outage.finish();
  }

  get #done(): boolean {
    return this.#over || this.#session.over;
  }

  /** As a player without low latency, but twice as often. It also finds out what has become of the server. */
  async #followPlain(): Promise<void> {
    let newest: Exchange | undefined;
    while (!this.#done) {
      const latest = this.reader.latest as FoundMediaPlaylist;
      if (latest.ended) {
        this.#over = true;
        await probeDirectives(this.#session, this.reader);
        return;
      }
      await this.#session.sleep(
        Math.min(PLAIN_MOST_MS, Math.max(PLAIN_LEAST_MS, PLAIN_TARGETS * latest.targetDuration * 1000)),
      );
      if (this.#done) return;
      const { exchange, whole } = await this.#load("plain");
      this.#noteHealth(exchange);
      if (whole && newest && newest.headers.etag !== exchange.headers.etag) {
        await probeCondition(this.#session, newest, exchange);
      }
      if (whole) newest = exchange;
      await this.#availability.check(performance.now());
    }
  }

  #noteHealth(exchange: Exchange): void {
    const health = this.#outage.observe(exchange);
    if (health === "back" || health === "down") {
      this.reader.history.interrupted();
      this.#availability.clear();
      this.media.clear();
    }
    if (health === "gone") this.#over = true;
  }

  /** As a low-latency player: each request asks for what comes next, every other one for a delta update. */
  async #followBlocking(begin: FoundMediaPlaylist, parts: boolean): Promise<void> {
    let base = begin;
    for (let turn = 0; !this.#done && !base.ended; turn++) {
      const skip = base.serverControl?.canSkipUntil !== undefined && turn % 2 === 0;
      const asked = { ...(parts ? nextPart(base, turn) : { msn: nextMsn(base) }), skip };
      base = await this.#ask("blocking", asked, base);
    }
  }

  /** As a player that waits for whole segments where there are parts. */
  async #followSegments(begin: FoundMediaPlaylist): Promise<void> {
    let base = begin;
    while (!this.#done && !base.ended) base = await this.#ask("segments", { msn: nextMsn(base), skip: false }, base);
  }

  /** @returns what the client holds afterwards */
  async #ask(
    channel: "blocking" | "segments",
    directives: Directives,
    base: FoundMediaPlaylist,
  ): Promise<FoundMediaPlaylist> {
    const timeoutMs = BLOCK_TARGETS * base.targetDuration * 1000 + BLOCK_SLACK_MS;
    const answer = await this.#load(channel, { directives, base, timeoutMs });
    const { exchange, whole } = answer;
    if (!whole) {
      const after = Number(exchange.headers["retry-after"] ?? Number.NaN);
      await this.#session.sleep(after > 0 && after < 30 ? after * 1000 : RETRY_MS);
      // What was held may be too old to be asked from.
      return this.reader.latest ?? base;
    }
    // Answered with what was held already: not at once again.
    if (sameVersion(whole, base)) await this.#session.sleep(RETRY_MS);
    return whole;
  }

  /** Compares delta updates with whole playlists of the same version. */
  async #followDelta(): Promise<void> {
    while (!this.#done) {
      const latest = this.reader.latest as FoundMediaPlaylist;
      if (latest.ended) return;
      const [full, delta] = [await this.#load("whole"), await this.#load("delta", { directives: { skip: true } })];
      if (full.playlist?.skipped === 0 && delta.playlist && sameVersion(full.playlist, delta.playlist)) {
        applyRules(
          DELTA_RULES,
          { full: full.playlist, delta: delta.playlist },
          delta.exchange.url,
          this.#session.report,
        );
      }
      await this.#session.sleep(latest.targetDuration * 1000);
    }
  }

  async #load(
    channel: Channel,
    request: { directives?: Directives; base?: FoundMediaPlaylist; timeoutMs?: number } = {},
  ): Promise<PlaylistAnswer> {
    const answer = await this.reader.load({ channel, ...request });
    if (answer.whole) this.#update(answer);
    return answer;
  }

  #update(answer: PlaylistAnswer): void {
    const { latest, history } = this.reader;
    if (latest) {
      this.media.update(latest);
      this.#hints.update(latest);
    }
    const removed: RemovedResource[] = history.takeRemoved();
    if (removed.length > 0) this.#availability.add(removed);
    this.#options.onUpdate(answer);
  }
}

function nextMsn({ segments, mediaSequence }: FoundMediaPlaylist): number {
  return (segments.at(-1)?.msn ?? mediaSequence - 1) + 1;
}

/** The part behind the last one; behind a whole segment in turn as its next part and as the first of the next segment. */
function nextPart(playlist: FoundMediaPlaylist, turn: number): { msn: number; part: number } {
  const { open, segments } = playlist;
  if (open && open.parts.length > 0) return { msn: open.msn, part: open.parts.length };
  const last = segments.at(-1);
  if (last && last.parts.length > 0 && turn % 2 === 0) return { msn: last.msn, part: last.parts.length };
  return { msn: nextMsn(playlist), part: 0 };
}
