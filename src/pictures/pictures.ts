import type { Millis } from "../media/time.ts";
import type { PicturesConfig } from "./config.ts";
import { PictureQueue, type PictureQueueOptions } from "./picture-queue.ts";
import type { PictureCallback, PictureHandler, PictureRequest } from "./request.ts";
import { type BoardWindow, Storyboard } from "./storyboard.ts";
import { type LatestKeyframe, Thumbnails } from "./thumbnails.ts";

export type PicturesOptions = {
  readonly config: PicturesConfig;
  /** What there is not, so that there can be no pictures. */
  readonly missing: string | undefined;
  /** The latest keyframe of a stream that exists. */
  readonly keyframe: (path: string) => LatestKeyframe | undefined;
  /** The window of a stream that has one. */
  readonly window: (path: string) => BoardWindow | undefined;
  /** Monotonic. */
  readonly now: () => Millis;
} & Pick<PictureQueueOptions, "start" | "onTrouble">;

/** Nobody has asked for so long: forgotten. */
const FORGET: Millis = 60_000;

/** Pictures of live streams, made while somebody asks. */
export class Pictures implements PictureHandler {
  readonly #options: PicturesOptions;
  readonly #queue: PictureQueue;
  readonly #thumbnails: Thumbnails;
  readonly #storyboards = new Map<string, Storyboard>();
  #config: PicturesConfig;

  constructor(options: PicturesOptions) {
    const { config, keyframe, now } = options;
    this.#options = options;
    this.#config = config;
    this.#queue = new PictureQueue({ ...options, cpu: config.cpu });
    const interval = () => this.#config.interval;
    this.#thumbnails = new Thumbnails({ queue: this.#queue, keyframe, interval, now });
  }

  get isAvailable(): boolean {
    return this.#config.enabled && this.#options.missing === undefined;
  }

  /** CPU time that pictures have taken so far, in ms. */
  get cpu(): Millis {
    return this.#queue.cpu;
  }

  request(path: string, asked: PictureRequest, answer: PictureCallback): (() => void) | undefined {
    if (!this.isAvailable) {
      const reason = this.#config.enabled ? this.#options.missing : "pictures are switched off (pictures.enabled)";
      answer({ status: 404, reason: reason ?? "there are no pictures" });
      return undefined;
    }
    if (asked.what === "storyboard") return this.#storyboard(path).request(asked.format, answer);
    return this.#thumbnails.request(path, asked.format, asked.width ?? this.#config.width, answer);
  }

  /** To be called a few times a second. */
  tick(): void {
    this.#queue.tick();
    this.#thumbnails.tick();
    const now = this.#options.now();
    for (const [path, storyboard] of this.#storyboards) {
      storyboard.tick();
      if (now - storyboard.askedAt > FORGET) this.#storyboards.delete(path);
    }
  }

  reload(config: PicturesConfig): void {
    if (config.cpu !== this.#config.cpu) this.#queue.setShare(config.cpu);
    this.#config = config;
  }

  /** Ends the process that makes them. */
  close(): void {
    this.#queue.close();
  }

  #storyboard(path: string): Storyboard {
    let storyboard = this.#storyboards.get(path);
    if (!storyboard) {
      const { window, now } = this.#options;
      const settings = () => this.#config;
      storyboard = new Storyboard({ path, queue: this.#queue, window: () => window(path), settings, now });
      // Whoever asks for a stream that is not there leaves nothing behind.
      if (window(path)) this.#storyboards.set(path, storyboard);
    }
    return storyboard;
  }
}
