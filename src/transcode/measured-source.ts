import type { MediaEvent } from "../media/event.ts";
import type { Ticks } from "../media/time.ts";
import type { AudioTrack, VideoTrack } from "../media/track.ts";
import type { LadderSource } from "./ladder-source.ts";

/** Frames that a rate is measured over: less than a stream takes until its first playlist. */
const FRAMES = 12;
/** A rate that the stream states is believed when it is so near to what is measured. */
const NEAR = 0.1;

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
      if (!this.#video && event.tracks.length > 0) this.#found(0);
    } else if (event.type === "gap") this.#restart();
    else if (event.type === "packet" && !this.#isKnown && event.track === this.#video?.id) this.#measure(event.dts);
  }

  #restart(): void {
    this.#frames = 0;
  }

  #measure(dts: Ticks): void {
    if (this.#frames === 0) this.#first = dts;
    if (++this.#frames <= FRAMES || !this.#video || dts <= this.#first) return;
    const measured = ((this.#frames - 1) * this.#video.timescale) / (dts - this.#first);
    const stated = this.#video.config.frameRate ?? 0;
    // To half a frame: stamps in milliseconds do not tell more.
    this.#found(Math.abs(stated - measured) < measured * NEAR ? stated : Math.round(measured * 2) / 2);
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
