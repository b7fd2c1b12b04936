import type { Millis } from "../media/time.ts";
import type { AnswerCallback, Cancel, OriginAnswer } from "./answer.ts";
import { badRequest, mediaAnswer, notFound, playlistAnswer, unavailable } from "./answer.ts";
import { isPlayable, type PlaylistProfile } from "./media-playlists.ts";
import { MEDIA_PLAYLIST, MULTIVARIANT, type NamedMedia, parseMediaName } from "./names.ts";
import { decideReload, isSatisfied, parseDirectives, type ReloadDirectives } from "./reload.ts";
import type { Rendition } from "./rendition-pipeline.ts";
import type { Waiters } from "./waiters.ts";

/**
 * How long a request of a stream that is starting is held: below the 10 s after which hls.js gives up, and above the 8.3 s
 * between keyframes that encoders make when they are not told.
 */
export const START_PATIENCE: Millis = 9_000;
/** A blocked request is answered by then, in target durations (RFC 8216bis 6.2.5.2). */
const RELOAD_TARGETS = 3;
/** One that asks for a part, too: below the 10 s after which hls.js gives up, and gives up for good when that repeats. */
const PART_PATIENCE: Millis = 9_000;
/** Blocking answers may be cached for so many target durations, plain ones for half of one (B.1). */
const BLOCKING_CACHE_TARGETS = 6;

/** Answers what viewers ask of one rendition, at once or when it has come. */
export class ViewerRequests {
  readonly #rendition: Rendition;
  readonly #profile: PlaylistProfile;
  readonly #waiters: Waiters;
  readonly #mediaType: string;

  constructor(rendition: Rendition, profile: PlaylistProfile, waiters: Waiters, mediaType: string) {
    this.#rendition = rendition;
    this.#profile = profile;
    this.#waiters = waiters;
    this.#mediaType = mediaType;
  }

  /** Whether there is enough for a player to start with. */
  get isPlayable(): boolean {
    return isPlayable(this.#rendition.window, this.#profile.lowLatency);
  }

  /** Answers at once, or later when what is asked for is about to come. */
  request(resource: string, query: string, now: Millis, answer: AnswerCallback): Cancel | undefined {
    if (resource === MULTIVARIANT) {
      return this.#whenPlayable(now, answer, () => this.#multivariantAnswer());
    }
    if (resource === MEDIA_PLAYLIST) return this.#requestPlaylist(query, now, answer);
    const media = parseMediaName(resource);
    if (media) return this.#requestMedia(media, now, answer);
    this.#waiters.call(answer, notFound("no such resource"));
    return undefined;
  }

  get #targetDuration(): number {
    const { window } = this.#rendition;
    return window.targets.estimate(window.longest);
  }

  #whenPlayable(now: Millis, answer: AnswerCallback, make: () => OriginAnswer): Cancel | undefined {
    if (this.isPlayable) {
      this.#waiters.call(answer, make());
      return undefined;
    }
    return this.#wait(now + START_PATIENCE, answer, "the stream is starting", () => {
      if (this.isPlayable) return make();
      return this.#rendition.window.ended ? notFound("the stream has ended") : undefined;
    });
  }

  #requestPlaylist(query: string, now: Millis, answer: AnswerCallback): Cancel | undefined {
    const directives = this.#profile.lowLatency
      ? parseDirectives(query)
      : { msn: undefined, part: undefined, skip: false };
    if (typeof directives === "string" && !this.#rendition.window.ended) {
      this.#waiters.call(answer, badRequest(directives));
      return undefined;
    }
    if (typeof directives === "string")
      return this.#whenPlayable(now, answer, () => this.#playlistAnswer(false, false));
    if (this.isPlayable) return this.#reload(directives, now, answer);
    return this.#whenPlayable(now, answer, () => this.#playlistAnswer(directives.skip, false));
  }

  #reload(directives: ReloadDirectives, now: Millis, answer: AnswerCallback): Cancel | undefined {
    const { msn, part, skip } = directives;
    const decision = decideReload(this.#rendition.window, directives);
    if (decision.type === "wait" && msn !== undefined) {
      const patience = RELOAD_TARGETS * this.#targetDuration * 1000;
      const deadline = now + (part === undefined ? patience : Math.min(patience, PART_PATIENCE));
      return this.#wait(deadline, answer, "no media came in time", () => {
        const { window } = this.#rendition;
        return window.ended || isSatisfied(window, msn, part) ? this.#playlistAnswer(skip, true) : undefined;
      });
    }
    const at = decision.type === "bad" ? badRequest(decision.reason) : this.#playlistAnswer(skip, msn !== undefined);
    this.#waiters.call(answer, at);
    return undefined;
  }

  #requestMedia(media: NamedMedia, now: Millis, answer: AnswerCallback): Cancel | undefined {
    const found = this.#media(media);
    if (found) {
      this.#waiters.call(answer, found);
      return undefined;
    }
    if (media.type === "part" && this.#isHinted(media.msn, media.part)) {
      const deadline = now + RELOAD_TARGETS * this.#targetDuration * 1000;
      return this.#wait(deadline, answer, "no media came in time", () => {
        return (
          this.#media(media) ?? (this.#isHinted(media.msn, media.part) ? undefined : notFound("the part was not made"))
        );
      });
    }
    this.#waiters.call(answer, notFound("no such media, or no longer"));
    return undefined;
  }

  /** Hinted now, or hinted before an expectation failed and still to come. */
  #isHinted(msn: number, part: number): boolean {
    const { window } = this.#rendition;
    const next = this.#profile.lowLatency ? window.nextPart : undefined;
    if (!next) return false;
    if (msn === next.msn && part === next.part) return true;
    return part === 0 && msn === (window.open?.msn ?? Number.NaN) + 1;
  }

  #media(media: NamedMedia): OriginAnswer | undefined {
    const { window } = this.#rendition;
    const bytes =
      media.type === "init"
        ? window.init(media.number)
        : media.type === "segment"
          ? window.segment(media.msn)
          : window.part(media.msn, media.part);
    return bytes && mediaAnswer(this.#mediaType, bytes);
  }

  #playlistAnswer(delta: boolean, blocking: boolean): OriginAnswer {
    const playlist = this.#rendition.playlists.media(delta);
    // A closed playlist may be followed by another, which answers the same questions otherwise.
    const targets = blocking && !this.#rendition.window.ended ? BLOCKING_CACHE_TARGETS : 1 / 2;
    return playlistAnswer(playlist, Math.floor(targets * this.#targetDuration));
  }

  #multivariantAnswer(): OriginAnswer {
    return playlistAnswer(this.#rendition.playlists.multivariant(), this.#targetDuration);
  }

  #wait(
    deadline: Millis,
    answer: AnswerCallback,
    what: string,
    poll: () => OriginAnswer | undefined,
  ): Cancel | undefined {
    if (this.#waiters.isFull) {
      this.#waiters.call(answer, unavailable("too many viewers are waiting", 1));
      return undefined;
    }
    return this.#waiters.add({ deadline, poll, late: () => unavailable(what, 1), answer });
  }
}
