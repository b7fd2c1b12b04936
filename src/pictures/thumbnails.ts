import type { Packet } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { VideoTrack } from "../media/track.ts";
import type { Picture, PictureFormat } from "./picture.ts";
import type { PictureQueue } from "./picture-queue.ts";
import { PICTURE_TYPES, type PictureAnswer, type PictureCallback } from "./request.ts";

export type LatestKeyframe = { readonly track: VideoTrack; readonly packet: Packet };

export type ThumbnailsOptions = {
  readonly queue: PictureQueue;
  /** Of a stream; undefined when it is not there, or has no picture. */
  readonly keyframe: (path: string) => LatestKeyframe | undefined;
  readonly interval: () => Millis;
  readonly now: () => Millis;
};

/** Who asks waits so long for a new picture; then the one before has to do. */
const PATIENCE: Millis = 3_000;
/** And so long when there is none. */
const GIVE_UP: Millis = 8_000;
/** Nobody has asked for so long: forgotten. */
const FORGET: Millis = 60_000;

/** A thumbnail of one stream, in one format and width. */
type Thumbnail = {
  picture: Picture | undefined;
  /** What it shows. */
  of: Packet | undefined;
  /** What could not be made a picture of. */
  failed: Packet | undefined;
  madeAt: Millis;
  askedAt: Millis;
  isBeingMade: boolean;
  readonly waiting: Map<PictureCallback, Millis>;
};

/** The latest keyframe of streams as pictures, made when somebody asks and not more often than the interval says. */
export class Thumbnails {
  readonly #thumbnails = new Map<string, Thumbnail>();

  constructor(private readonly options: ThumbnailsOptions) {}

  request(path: string, format: PictureFormat, width: number, answer: PictureCallback): (() => void) | undefined {
    const { keyframe, now } = this.options;
    const latest = keyframe(path);
    if (!latest) {
      answer({ status: 404, reason: `there is no picture of "${path}"` });
      return undefined;
    }
    const thumbnail = this.#get(`${path} ${format} ${width}`);
    thumbnail.askedAt = now();
    if (thumbnail.picture && (thumbnail.of === latest.packet || this.#age(thumbnail) < this.options.interval())) {
      answer(this.#answerWith(thumbnail.picture, thumbnail));
      return undefined;
    }
    thumbnail.waiting.set(answer, now());
    if (thumbnail.failed === latest.packet) {
      this.#settle(thumbnail, answer);
      return undefined;
    }
    if (!thumbnail.isBeingMade) this.#make(path, format, width, thumbnail);
    return () => thumbnail.waiting.delete(answer);
  }

  /** To be called a few times a second. */
  tick(): void {
    const now = this.options.now();
    for (const [key, thumbnail] of this.#thumbnails) {
      const patience = thumbnail.picture ? PATIENCE : GIVE_UP;
      for (const [answer, since] of thumbnail.waiting) {
        if (now - since < patience) break;
        this.#settle(thumbnail, answer);
      }
      if (now - thumbnail.askedAt > FORGET && !thumbnail.isBeingMade) this.#thumbnails.delete(key);
    }
  }

  #get(key: string): Thumbnail {
    let thumbnail = this.#thumbnails.get(key);
    if (!thumbnail) {
      thumbnail = {
        picture: undefined,
        of: undefined,
        failed: undefined,
        madeAt: Number.NEGATIVE_INFINITY,
        askedAt: 0,
        isBeingMade: false,
        waiting: new Map(),
      };
      this.#thumbnails.set(key, thumbnail);
    }
    return thumbnail;
  }

  #make(path: string, format: PictureFormat, width: number, thumbnail: Thumbnail): void {
    let shown: Packet | undefined;
    const make = () => {
      const latest = thumbnail.waiting.size > 0 ? this.options.keyframe(path) : undefined;
      if (!latest) return undefined;
      shown = latest.packet;
      const { codec, record } = latest.track.config;
      return { type: "thumbnail", keyframe: { codec, record, data: latest.packet.data }, width, format } as const;
    };
    thumbnail.isBeingMade = true;
    this.options.queue.add(path, make, (result) => {
      thumbnail.isBeingMade = false;
      if (result?.type === "picture") {
        thumbnail.picture = result.picture;
        thumbnail.of = shown;
        thumbnail.madeAt = this.options.now();
      } else thumbnail.failed = shown;
      for (const answer of [...thumbnail.waiting.keys()]) this.#settle(thumbnail, answer);
    });
  }

  /** With the new picture, or for want of it the one before. */
  #settle(thumbnail: Thumbnail, answer: PictureCallback): void {
    thumbnail.waiting.delete(answer);
    const { picture } = thumbnail;
    answer(picture ? this.#answerWith(picture, thumbnail) : NOT_YET);
  }

  #answerWith({ format, bytes }: Picture, thumbnail: Thumbnail): PictureAnswer {
    const left = Math.ceil((this.options.interval() - this.#age(thumbnail)) / 1000);
    return { status: 200, contentType: PICTURE_TYPES[format], body: bytes, maxAgeSeconds: Math.max(1, left) };
  }

  #age(thumbnail: Thumbnail): Millis {
    return this.options.now() - thumbnail.madeAt;
  }
}

/** Too much to do, or a picture that cannot be decoded. */
export const NOT_YET: PictureAnswer = {
  status: 503,
  reason: "no picture could be made; the next may be better",
  retryAfterSeconds: 5,
};
