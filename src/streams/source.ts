import type { MediaEvent } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Track } from "../media/track.ts";
import type { Publisher, PublishRequest } from "./publish.ts";
import { Standby } from "./standby.ts";

/** Which of a stream's two encoders. */
export type SourceRole = "primary" | "backup";

/** Least that `after` can be: below it there is no need to ask. */
const LEAST_PAUSE: Millis = 200;

export type SourceListener = {
  readonly onEvent: (source: Source, event: MediaEvent, now: Millis) => void;
  readonly onClosed: (source: Source, now: Millis) => void;
};

/** One encoder's publish into a stream, on air or waiting. */
export class Source implements Publisher {
  readonly standby = new Standby();
  metadata: Readonly<Record<string, unknown>> = {};
  receivedBytes = 0;
  #tracks: readonly Track[] = [];
  #lastMedia: Millis | undefined;
  /** Since when media has come without a pause. */
  #steadySince: Millis | undefined;
  #open = true;

  constructor(
    readonly role: SourceRole,
    readonly request: PublishRequest,
    readonly since: Millis,
    private readonly pauseMs: () => Millis,
    private readonly listener: SourceListener,
  ) {}

  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  /** When it last sent a packet; undefined when it never has. */
  get lastMedia(): Millis | undefined {
    return this.#lastMedia;
  }

  /** Whether it has sent nothing for `ms`, counted from the connecting at the earliest. */
  isSilent(ms: Millis, now: Millis): boolean {
    return now - (this.#lastMedia ?? this.since) >= ms;
  }

  /** Whether it sends no media now, by the configuration's measure. */
  isPaused(now: Millis): boolean {
    return this.isSilent(this.pauseMs(), now);
  }

  /** How long media has come without a pause. */
  steadyFor(now: Millis): Millis {
    return this.#steadySince === undefined ? 0 : now - this.#steadySince;
  }

  write(event: MediaEvent, now: Millis): void {
    if (!this.#open) return;
    if (event.type === "packet") {
      const pause = this.#lastMedia === undefined ? Number.POSITIVE_INFINITY : now - this.#lastMedia;
      if (pause >= LEAST_PAUSE && pause >= this.pauseMs()) this.#steadySince = now;
      this.#lastMedia = now;
    } else if (event.type === "tracks") {
      this.#tracks = event.tracks;
      this.standby.setTracks(event.tracks);
    }
    this.listener.onEvent(this, event, now);
  }

  describe(metadata: Readonly<Record<string, unknown>>): void {
    this.metadata = metadata;
  }

  received(bytes: number): void {
    this.receivedBytes += bytes;
  }

  close(_reason: string, now: Millis): void {
    if (!this.#open) return;
    this.#open = false;
    this.standby.clear();
    this.listener.onClosed(this, now);
  }

  /** Tells the encoder something. */
  notify(code: string, description: string): void {
    if (this.#open) this.request.onNotice?.(code, description);
  }

  /** The server's side of `close`: the gateway is told. */
  end(reason: string, now: Millis): void {
    if (!this.#open) return;
    this.close(reason, now);
    this.request.onClosed(reason);
  }
}
