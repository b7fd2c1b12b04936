import type { MediaEvent } from "../media/event.ts";
import type { Ticks } from "../media/time.ts";
import type { AudioTrack, VideoTrack } from "../media/track.ts";
import type { LadderSource } from "./ladder-source.ts";

/** What a rate is measured over, in seconds: less than a stream takes until its first playlist. */
const SPAN = 1;
/** The first stamps of a stream are uneven, where its encoder reorders frames. */
const SKIPPED = 5;
/** Rates that a stream may state of itself; else it is the clock of its stamps, not of its frames. */
const STATED = { least: 5, most: 130 };

/** Finds out what a ladder is derived from, again at each change of the tracks. */
export class MeasuredSource {
  #video: VideoTrack | undefined;
  #audio: AudioTrack | undefined;
  #isKnown = false;
  #first: Ticks = 0;
  #frames = 0;
  #source: LadderSource | undefined;

  constructor(private readonly path: string) {}

  /** Undefined until enough was seen of the tracks that there are now. */
  get source(): LadderSource | undefined {
    return this.#source;
  }

  /** The sound that `source` speaks of. */
  get audio(): AudioTrack | undefined {
    return this.#audio;
  }

  write(event: MediaEvent): void {
    if (event.type === "tracks") {
      this.#video = event.tracks.find((track): track is VideoTrack => track.kind === "video");
      this.#audio = event.tracks.find((track): track is AudioTrack => track.kind === "audio");
      this.#isKnown = false;
      this.#restart();
      const stated = this.#video?.config.frameRate ?? 0;
      if (!this.#video && event.tracks.length > 0) this.#found(0);
      else if (stated >= STATED.least && stated <= STATED.most) this.#found(stated);
    } else if (event.type === "gap") this.#restart();
    else if (event.type === "packet" && !this.#isKnown && event.track === this.#video?.id) this.#measure(event.dts);
  }

  #restart(): void {
    this.#frames = 0;
  }

  #measure(dts: Ticks): void {
    const frames = this.#frames++ - SKIPPED;
    if (frames === 0) this.#first = dts;
    const span = (dts - this.#first) / (this.#video?.timescale ?? 1);
    // Whole frames, so that it is the same when the encoder comes back.
    if (frames > 0 && span >= SPAN) this.#found(Math.max(1, Math.round(frames / span)));
  }

  #found(frameRate: number): void {
    this.#isKnown = true;
    const { width = 0, height = 0, codec = "h264" } = this.#video?.config ?? {};
    const audio = this.#audio?.config;
    this.#source = {
      path: this.path,
      ...(this.#video && { video: { codec, width, height, frameRate } }),
      ...(audio && { audio: { codec: audio.codec, codecString: audio.codecString, channels: audio.channels } }),
    };
  }
}
