import type { MediaEvent } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Track } from "../media/track.ts";
import type { AnswerCallback, Cancel, OriginAnswer } from "./answer.ts";
import { badRequest, mediaAnswer, notFound, playlistAnswer, unavailable } from "./answer.ts";
import type { HlsConfig } from "./config.ts";
import { isPlayable, type PlaylistProfile } from "./media-playlists.ts";
import {
  CMAF_NAMES,
  discontinuityFor,
  MEDIA_PLAYLIST,
  MULTIVARIANT,
  type NamedMedia,
  parseMediaName,
  TS_NAMES,
} from "./names.ts";
import { decideReload, isSatisfied, parseDirectives, type ReloadDirectives } from "./reload.ts";
import type { RenditionSink } from "./rendition.ts";
import { Rendition } from "./rendition-pipeline.ts";
import { Waiters } from "./waiters.ts";

export type HlsOutputOptions = {
  /** Canonical path of the stream, e.g. `live/test`. */
  readonly path: string;
  readonly config: HlsConfig;
  /** Media sequence number of the first segment: above all that this path ever had; see `firstMsnAt`. */
  readonly firstMsn: number;
  /** The wall clock at a monotonic time. */
  readonly wallclockAt: (now: Millis) => Millis;
  /** A track that viewers will not get, and why. */
  readonly onTrackLeftOut?: (track: Track, reason: string) => void;
  /** Gets every rendition event after the window has: a disk writer, another thread. Must not throw. */
  readonly onRendition?: RenditionSink;
  /** An answer callback has thrown. */
  readonly onFault?: (error: unknown) => void;
  /** Requests that may wait for media at the same time. */
  readonly maxWaiters?: number;
};

/** `starting`: nothing to play yet; `waiting`: the publisher has left and may come back; `ended`: the playlist is closed. */
export type HlsOutputState = "starting" | "live" | "waiting" | "ended";

const MAX_WAITERS = 20_000;
/** How long the first request of a starting stream is held: below the 8 s after which players give up on a playlist. */
const START_PATIENCE: Millis = 7_500;
/** A blocked request is answered by then, in target durations (RFC 8216bis 6.2.5.2). */
const RELOAD_TARGETS = 3;
/** Blocking answers may be cached for so many target durations, plain ones for half of one (B.1). */
const BLOCKING_CACHE_TARGETS = 6;
/** A closed playlist stays to be read for at least this long. */
const ENDED_LINGER: Millis = 60_000;

/**
 * HLS of one stream: media events in, answers to viewers out. Outlives publishers: one that comes back within the grace
 * continues the playlist behind a discontinuity; one that comes later begins a playlist with higher numbers.
 */
export class HlsOutput {
  readonly path: string;
  readonly #options: HlsOutputOptions;
  readonly #profile: PlaylistProfile;
  readonly #waiters: Waiters;
  #rendition: Rendition;
  #settledVersion = -1;
  #lostAt: Millis | undefined;
  #endedAt: Millis | undefined;
  /** The stream itself is over, not only its publisher gone. */
  #over = false;

  constructor(options: HlsOutputOptions) {
    const { config } = options;
    this.path = options.path;
    this.#options = options;
    const isTs = config.format === "mpegts";
    this.#profile = {
      names: isTs ? TS_NAMES : CMAF_NAMES,
      lowLatency: config.lowLatency && !isTs,
      version: isTs ? 3 : 6,
    };
    this.#waiters = new Waiters(options.maxWaiters ?? MAX_WAITERS, (error) => options.onFault?.(error));
    this.#rendition = this.#begin(options.firstMsn, discontinuityFor(options.firstMsn));
  }

  get state(): HlsOutputState {
    if (this.#endedAt !== undefined) return "ended";
    if (this.#lostAt !== undefined) return "waiting";
    return this.#isPlayable ? "live" : "starting";
  }

  /** Media bytes in memory. */
  get bytesHeld(): number {
    return this.#rendition.window.bytesHeld;
  }

  /** Requests that wait for media. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** When `tick` has something to do; may be early. */
  get deadline(): Millis | undefined {
    const vacancy =
      this.#endedAt !== undefined
        ? this.#endedAt + this.#linger
        : this.#lostAt !== undefined
          ? this.#lostAt + this.#options.config.grace
          : undefined;
    const waiter = this.#waiters.deadline;
    return vacancy === undefined ? waiter : Math.min(vacancy, waiter ?? vacancy);
  }

  /** Whether the closed playlist was kept long enough, and the output may be removed. */
  isRemovable(now: Millis): boolean {
    return this.#endedAt !== undefined && now >= this.#endedAt + this.#linger;
  }

  /** A `MediaSink`. */
  readonly write = (event: MediaEvent, now: Millis): void => {
    if (this.#over) return;
    if (event.type === "gap" && event.reason === "publisher-lost") {
      this.#lostAt ??= now;
    } else if (event.type === "tracks" || event.type === "packet") {
      this.#lostAt = undefined;
      if (this.#endedAt !== undefined) this.#revive();
    }
    if (event.type === "end") this.#over = true;
    this.#rendition.write(event, now);
    if (event.type === "end") this.#endedAt ??= now;
    this.#settleChanges(now);
  };

  tick(now: Millis): void {
    const { grace } = this.#options.config;
    if (this.#lostAt !== undefined && this.#endedAt === undefined && now >= this.#lostAt + grace) {
      this.#rendition.write({ type: "end" }, now);
      this.#endedAt = now;
    }
    this.#waiters.settle(now);
    this.#settledVersion = this.#rendition.window.version;
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

  /** Whoever still waits gets a 404: the output is being removed. */
  close(): void {
    this.#waiters.dismiss(notFound("the stream has ended"));
  }

  get #isPlayable(): boolean {
    return isPlayable(this.#rendition.window, this.#profile.lowLatency);
  }

  get #targetDuration(): number {
    const { window } = this.#rendition;
    return window.targets.estimate(window.longest);
  }

  get #linger(): Millis {
    if (!this.#isPlayable) return 0;
    return Math.max(ENDED_LINGER, this.#options.config.window);
  }

  #begin(firstMsn: number, discontinuitySequence: number): Rendition {
    const { config, wallclockAt, onTrackLeftOut, onRendition } = this.#options;
    return new Rendition({
      config,
      profile: this.#profile,
      playlistName: MEDIA_PLAYLIST,
      firstMsn,
      discontinuitySequence,
      wallclockAt,
      onTrackLeftOut,
      onRendition,
    });
  }

  /** A publisher after the playlist was closed: a new playlist, with numbers above those of the old one. */
  #revive(): void {
    this.#endedAt = undefined;
    this.#waiters.dismiss(notFound("the playlist has ended"));
    const { nextMsn, nextDiscontinuity } = this.#rendition;
    this.#rendition = this.#begin(nextMsn, nextDiscontinuity);
  }

  #settleChanges(now: Millis): void {
    const { version } = this.#rendition.window;
    if (version === this.#settledVersion) return;
    this.#settledVersion = version;
    if (this.#waiters.size > 0) this.#waiters.settle(now);
  }

  #whenPlayable(now: Millis, answer: AnswerCallback, make: () => OriginAnswer): Cancel | undefined {
    if (this.#isPlayable) {
      this.#waiters.call(answer, make());
      return undefined;
    }
    return this.#wait(now + START_PATIENCE, answer, "the stream is starting", () => {
      if (this.#isPlayable) return make();
      return this.#endedAt === undefined ? undefined : notFound("the stream has ended");
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
    if (this.#isPlayable) return this.#reload(directives, now, answer);
    return this.#whenPlayable(now, answer, () => this.#playlistAnswer(directives.skip, false));
  }

  #reload(directives: ReloadDirectives, now: Millis, answer: AnswerCallback): Cancel | undefined {
    const { msn, part, skip } = directives;
    const decision = decideReload(this.#rendition.window, directives);
    if (decision.type === "wait" && msn !== undefined) {
      const deadline = now + RELOAD_TARGETS * this.#targetDuration * 1000;
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
    return bytes && mediaAnswer(this.#options.config.format === "mpegts" ? "video/mp2t" : "video/mp4", bytes);
  }

  #playlistAnswer(delta: boolean, blocking: boolean): OriginAnswer {
    const playlist = this.#rendition.playlists.media(delta);
    const targets = blocking ? BLOCKING_CACHE_TARGETS : 1 / 2;
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
