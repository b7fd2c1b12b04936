import type { Cancel, OriginAnswer, OriginRequest, Playlist } from "../../hls/answer.ts";
import type { Millis } from "../../media/time.ts";
import {
  type PictureAnswer,
  type PictureHandler,
  type PictureRequest,
  parsePictureResource,
} from "../../pictures/request.ts";
import { GrowingSegments } from "./growing-segments.ts";
import { MULTITRACK, type MultitrackAnswer, type MultitrackQuestion } from "./multitrack.ts";
import { OPERATOR, type Operator, type OperatorQuestion } from "./operator.ts";
import type { OriginHandler } from "./origin-handler.ts";
import {
  type AnswerSource,
  HEALTH,
  POSTER,
  type SharedAnswer,
  type SharedText,
  STATE,
  STREAMS,
} from "./shared-answer.ts";
import { SharedBodies } from "./shared-bodies.ts";
import { type FoundStream, listStream, type StreamList, type StreamSummary } from "./stream-list.ts";

/** A playlist is looked at again after this; a blocking request has its answer the moment it is there. */
const KEEP_PLAYLIST: Millis = 20;
/** Viewers of a live stream ask for the same part within a moment of each other. */
const KEEP_MEDIA: Millis = 5_000;
/** A picture is a moment of the stream. */
const KEEP_POSTER: Millis = 500;
const KEEP_LIST: Millis = 20;

export type LocalSourceOptions = {
  readonly origin: OriginHandler;
  readonly streams: {
    /** Streams that exist now. */
    list(): readonly StreamSummary[];
    get(path: string): StreamSummary | undefined;
    /** An MP4 file of one frame: the latest keyframe of a live stream. */
    poster(path: string): Uint8Array | undefined;
  };
  /** Thumbnails and storyboards; without, there are none. */
  readonly pictures?: PictureHandler;
  /** Viewers of a stream in the last few seconds. */
  readonly viewers: (path: string) => number;
  /** Where encoders publish, for the start page's instructions. */
  readonly rtmpPort?: number;
  /** What an encoder shall send to an application; nobody is told when left out. */
  readonly multitrack?: (question: MultitrackQuestion) => MultitrackAnswer;
  /** Answers those who run the server; nobody does when left out. */
  readonly operator?: Operator;
  readonly version: string;
  /** Monotonic. */
  readonly now: () => Millis;
  /** A mistake of our own; the request gets status 500. */
  readonly failed: (error: unknown) => void;
};

/** Answers from what this thread has: the origin and the streams. */
export class LocalSource implements AnswerSource {
  /** Media in demand, made once for all who send it. */
  readonly bodies = new SharedBodies();
  readonly #playlists = new WeakMap<Playlist, SharedText>();
  readonly #growing = new GrowingSegments(this);

  constructor(private readonly options: LocalSourceOptions) {}

  request(asked: OriginRequest, answer: (answer: SharedAnswer) => void): Cancel | undefined {
    const { origin, now, failed } = this.options;
    try {
      const picture = parsePictureResource(asked.resource);
      if (picture) return this.#picture(asked.stream, picture, answer);
      if (asked.resource === OPERATOR) return this.#operate(JSON.parse(asked.query), answer);
      const own = this.#own(asked);
      if (!own) return origin.request(asked, now(), (given) => answer(this.#share(asked, given)));
      answer(own);
    } catch (error) {
      failed(error);
      answer(MISTAKE);
    }
    return undefined;
  }

  /** Forgets bodies that nobody has asked for lately; to be called now and then. */
  sweep(now: Millis): void {
    this.bodies.sweep(now);
  }

  #own({ stream, resource, query }: OriginRequest): SharedAnswer | undefined {
    switch (resource) {
      case POSTER:
        return this.#poster(stream);
      case STATE:
        return this.#state(stream);
      case STREAMS:
        return json(200, this.#list(), KEEP_LIST);
      case MULTITRACK:
        return this.#multitrack(JSON.parse(query));
      case HEALTH:
        return json(200, { status: "ok", version: this.options.version }, KEEP_LIST);
      default:
        return undefined;
    }
  }

  #multitrack(question: MultitrackQuestion): SharedAnswer {
    const { status, value } = this.options.multitrack?.(question) ?? { status: 404, value: { error: "not-offered" } };
    return json(status, value, 0);
  }

  #operate(question: OperatorQuestion, answer: (answer: SharedAnswer) => void): undefined {
    const answered = async () => this.options.operator?.(question) ?? { status: 404, body: "", contentType: "" };
    answered().then(
      ({ status, body, contentType }) =>
        answer({
          kind: "text",
          status,
          text: toText(encoder.encode(body)),
          contentType,
          cacheControl: "no-store",
          keepMs: 0,
        }),
      (error) => {
        this.options.failed(error);
        answer(MISTAKE);
      },
    );
  }

  #poster(path: string): SharedAnswer {
    const file = this.options.streams.poster(path);
    if (!file) {
      return { kind: "error", status: 404, reason: `there is no picture of "${path}"`, cacheControl: "no-store" };
    }
    return this.#media(file, "video/mp4", "max-age=2", KEEP_POSTER);
  }

  #picture(path: string, asked: PictureRequest, answer: (answer: SharedAnswer) => void): Cancel | undefined {
    const { pictures } = this.options;
    if (pictures) return pictures.request(path, asked, (given) => answer(this.#sharePicture(given)));
    answer({ kind: "error", status: 404, reason: "there are no pictures here", cacheControl: "no-store" });
    return undefined;
  }

  #sharePicture(given: PictureAnswer): SharedAnswer {
    if (given.status !== 200) {
      const { status, reason, retryAfterSeconds } = given;
      return { kind: "error", status, reason, cacheControl: "no-store", retryAfter: retryAfterSeconds };
    }
    const { body, contentType } = given;
    const cacheControl = `max-age=${given.maxAgeSeconds}`;
    if (!contentType.startsWith("text/")) {
      return { ...this.#media(body, contentType, cacheControl, KEEP_POSTER), vary: "Accept" };
    }
    return { kind: "text", status: 200, text: toText(body), contentType, cacheControl, keepMs: KEEP_POSTER };
  }

  get #hasPictures(): boolean {
    return this.options.pictures?.isAvailable ?? false;
  }

  #list(): StreamList {
    const { streams, viewers, version, rtmpPort } = this.options;
    return {
      version,
      rtmpPort,
      streams: streams.list().map((stream) => listStream(stream, viewers(stream.path), this.#hasPictures)),
    };
  }

  #state(path: string): SharedAnswer {
    const { streams, viewers } = this.options;
    const stream = streams.get(path);
    if (!stream) return json(404, { error: "not-live", message: `"${path}" is not live` }, 0);
    const found: FoundStream = { ...listStream(stream, viewers(path), this.#hasPictures), serverTime: Date.now() };
    return json(200, found, 0);
  }

  #share(asked: OriginRequest, answer: OriginAnswer): SharedAnswer {
    const { status, body, contentType, cacheControl, reason, retryAfter } = answer;
    if (body === undefined) {
      return { kind: "error", status, reason: reason ?? "there is no such thing here", cacheControl, retryAfter };
    }
    if (!("kind" in body)) return this.#media(body, contentType, cacheControl, KEEP_MEDIA);
    if (body.kind === "growing") {
      return { kind: "growing", stream: () => this.#growing.stream(asked), contentType, cacheControl, keepMs: 0 };
    }
    return { kind: "text", status, text: this.#playlist(body), contentType, cacheControl, keepMs: KEEP_PLAYLIST };
  }

  #media(body: Uint8Array, contentType: string, cacheControl: string, keepMs: Millis) {
    return {
      kind: "media",
      body: this.bodies.get(body, this.options.now()),
      contentType,
      cacheControl,
      keepMs,
    } as const;
  }

  #playlist(playlist: Playlist): SharedText {
    let shared = this.#playlists.get(playlist);
    if (!shared) {
      shared = toText(playlist.bytes);
      this.#playlists.set(playlist, shared);
    }
    return shared;
  }
}

const MISTAKE: SharedAnswer = {
  kind: "error",
  status: 500,
  reason: "the server made a mistake; its log says which",
  cacheControl: "no-store",
};

const encoder = new TextEncoder();

function json(status: number, value: unknown, keepMs: Millis): SharedAnswer {
  const text = toText(encoder.encode(JSON.stringify(value)));
  return { kind: "text", status, text, contentType: "application/json", cacheControl: "no-cache", keepMs };
}

function toText(bytes: Uint8Array): SharedText {
  return { bytes: bytes as Uint8Array<ArrayBuffer>, etag: `W/"${Bun.hash.xxHash3(bytes).toString(16)}"` };
}
