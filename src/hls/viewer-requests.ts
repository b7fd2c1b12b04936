import type { Millis } from "../media/time.ts";
import type { AnswerCallback, Cancel, OriginAnswer, Playlist } from "./answer.ts";
import { badRequest, growingAnswer, mediaAnswer, notFound, playlistAnswer, unavailable } from "./answer.ts";
import { type DeltaUpdate, isPlayable, isReady, type PlaylistProfile } from "./media-playlists.ts";
import type { NamedMedia } from "./names.ts";
import { decideReload, isSatisfied, parseDirectives, type ReloadDirectives } from "./reload.ts";
import type { RenditionPlaylists } from "./rendition-playlists.ts";
import type { Waiter, Waiters } from "./waiters.ts";
import type { RenditionWindow } from "./window.ts";

/**
 * How long a request of a stream that is starting is held: below the 10 s after which hls.js gives up, and above the 8.3 s
 * between keyframes that encoders make when they are not told.
 */
export const START_PATIENCE: Millis = 9_000;
/** A blocked request is answered by then, in target durations (RFC 8216bis 6.2.5.2). */
const RELOAD_TARGETS = 3;
/** And by then: below the 10 s after which hls.js gives up, and gives up for good when that repeats. */
const RELOAD_PATIENCE: Millis = 9_000;
/** Blocking answers may be cached for so many target durations, plain ones for half of one (B.1). */
const BLOCKING_CACHE_TARGETS = 6;

export type ViewerRequestsOptions = {
  /** Of segments and parts. */
  readonly mediaType: string;
  /** How long who asks waits for all that any player could want, rather than for something to play. */
  readonly patience: Millis;
  /** Over a restart of the server players are there already, and what they have in store is short: nobody waits for more. */
  readonly isKnown: boolean;
};

/** Answers what viewers ask of one rendition, at once or when it has come. */
export class ViewerRequests {
  readonly #rendition: { readonly window: RenditionWindow; readonly playlists: RenditionPlaylists };
  readonly #profile: PlaylistProfile;
  readonly #waiters: Waiters;
  readonly #options: ViewerRequestsOptions;
  #wasReady: boolean;

  constructor(
    rendition: { readonly window: RenditionWindow; readonly playlists: RenditionPlaylists },
    profile: PlaylistProfile,
    waiters: Waiters,
    options: ViewerRequestsOptions,
  ) {
    this.#rendition = rendition;
    this.#profile = profile;
    this.#waiters = waiters;
    this.#options = options;
    this.#wasReady = options.isKnown;
  }

  /** Whether there is something to play. */
  get isPlayable(): boolean {
    return isPlayable(this.#rendition.window, this.#profile.lowLatency);
  }

  /** The multivariant playlist, once every player can start. */
  multivariant(now: Millis, answer: AnswerCallback, render: () => Playlist): Cancel | undefined {
    return this.#whenReady(now, answer, () => playlistAnswer(render(), this.#targetDuration));
  }

  get #targetDuration(): number {
    const { window } = this.#rendition;
    return window.targets.estimate(window.longest);
  }

  /** Once it was so, or somebody has been answered with less, nobody waits for it. */
  get #isReady(): boolean {
    this.#wasReady ||= isReady(this.#rendition.window);
    return this.#wasReady;
  }

  /** Waits until every player can start; answers with less when that takes too long. */
  #whenReady(now: Millis, answer: AnswerCallback, make: () => OriginAnswer): Cancel | undefined {
    const { window } = this.#rendition;
    const poll = (at: Millis) => {
      if (this.isPlayable && (this.#isReady || at >= now + this.#options.patience)) {
        this.#wasReady = true;
        return make();
      }
      return window.ended ? notFound("the stream has ended") : undefined;
    };
    const late = () => {
      if (!this.isPlayable) return unavailable("the stream is starting", 1);
      this.#wasReady = true;
      return make();
    };
    return this.#wait({ deadline: now + START_PATIENCE, poll, late, answer }, now);
  }

  /** The media playlist, with the delivery directives of a query. */
  playlist(query: string, now: Millis, answer: AnswerCallback): Cancel | undefined {
    const directives = parseDirectives(query);
    if (typeof directives === "string") {
      if (!this.#rendition.window.ended) return this.#answer(answer, badRequest(directives));
      return this.#whenReady(now, answer, () => this.#playlistAnswer(undefined, false));
    }
    if (!this.isPlayable || !this.#isReady) {
      return this.#whenReady(now, answer, () => this.#playlistAnswer(directives.skip, false));
    }
    return this.#reload(directives, now, answer);
  }

  #reload(directives: ReloadDirectives, now: Millis, answer: AnswerCallback): Cancel | undefined {
    const { msn, skip } = directives;
    const part = this.#profile.lowLatency ? directives.part : undefined;
    const decision = decideReload(this.#rendition.window, { msn, part, skip });
    if (decision.type === "bad") return this.#answer(answer, badRequest(decision.reason));
    if (decision.type === "now" || msn === undefined) {
      return this.#answer(answer, this.#playlistAnswer(skip, msn !== undefined));
    }
    const patience = Math.min(RELOAD_TARGETS * this.#targetDuration * 1000, RELOAD_PATIENCE);
    const poll = () => {
      const { window } = this.#rendition;
      return window.ended || isSatisfied(window, msn, part) ? this.#playlistAnswer(skip, true) : undefined;
    };
    return this.#wait({ deadline: now + patience, poll, late: noMedia, answer }, now);
  }

  media(media: NamedMedia, now: Millis, answer: AnswerCallback): Cancel | undefined {
    const found = this.#find(media);
    if (found) return this.#answer(answer, found);
    if (media.type === "part" && this.#isHinted(media.msn, media.part)) {
      const deadline = now + RELOAD_TARGETS * this.#targetDuration * 1000;
      const poll = () =>
        this.#find(media) ?? (this.#isHinted(media.msn, media.part) ? undefined : notFound("the part was not made"));
      return this.#wait({ deadline, poll, late: noMedia, answer }, now);
    }
    if (this.#isComing(media)) {
      const deadline = now + RELOAD_TARGETS * this.#targetDuration * 1000;
      const poll = () =>
        this.#find(media) ?? (this.#isComing(media) ? undefined : notFound("the segment was not made"));
      return this.#wait({ deadline, poll, late: noMedia, answer }, now);
    }
    return this.#answer(answer, notFound("no such media, or no longer"));
  }

  /** A piece of the open segment, or the segment behind the latest. */
  #isComing(media: NamedMedia): boolean {
    const { window } = this.#rendition;
    const { open, lastMsn = Number.NaN, ended } = window;
    if (!this.#profile.lowLatency) return false;
    // Behind the end, Shaka Player of DASH asks again and again: let it do so seldom.
    if (ended) return media.type === "segment" && media.msn === lastMsn + 1;
    if (!window.nextPart) return false;
    if (media.type === "piece") return media.msn === open?.msn;
    if (media.type !== "segment") return false;
    if (media.msn === open?.msn) return open.parts.length === 0 && !open.discontinuity;
    return media.msn === (open?.msn ?? lastMsn) + 1;
  }

  /** What comes behind a discontinuity may need another initialization section than its reader has. */
  #isGrowing(msn: number): boolean {
    const { open } = this.#rendition.window;
    return this.#profile.lowLatency && open?.msn === msn && !open.discontinuity && open.parts.length > 0;
  }

  /** Hinted now, or hinted before an expectation failed and still to come. */
  #isHinted(msn: number, part: number): boolean {
    const { window } = this.#rendition;
    const next = this.#profile.lowLatency ? window.nextPart : undefined;
    if (!next) return false;
    if (msn === next.msn && part === next.part) return true;
    return part === 0 && msn === (window.open?.msn ?? Number.NaN) + 1;
  }

  #find(media: NamedMedia): OriginAnswer | undefined {
    const { mediaType } = this.#options;
    if (media.type === "segment" && this.#isGrowing(media.msn)) return growingAnswer(mediaType);
    const bytes = this.#bytesOf(media);
    return bytes && mediaAnswer(mediaType, bytes);
  }

  #bytesOf(media: NamedMedia): Uint8Array | undefined {
    const { window } = this.#rendition;
    switch (media.type) {
      case "init":
        return window.init(media.number);
      case "segment":
        return window.segment(media.msn);
      case "part":
        return window.part(media.msn, media.part);
      case "piece":
        return window.piece(media.msn, media.index);
    }
  }

  #playlistAnswer(delta: DeltaUpdate | undefined, blocking: boolean): OriginAnswer {
    const playlist = this.#rendition.playlists.media(delta);
    // A closed playlist may be followed by another, which answers the same questions otherwise.
    const targets = blocking && !this.#rendition.window.ended ? BLOCKING_CACHE_TARGETS : 1 / 2;
    return playlistAnswer(playlist, Math.floor(targets * this.#targetDuration));
  }

  #answer(callback: AnswerCallback, answer: OriginAnswer): undefined {
    this.#waiters.call(callback, answer);
    return undefined;
  }

  #wait(waiter: Waiter, now: Millis): Cancel | undefined {
    const answer = waiter.poll(now);
    if (answer) return this.#answer(waiter.answer, answer);
    if (this.#waiters.isFull) return this.#answer(waiter.answer, unavailable("too many viewers are waiting", 1));
    return this.#waiters.add(waiter);
  }
}

function noMedia(): OriginAnswer {
  return unavailable("no media came in time", 1);
}
