import type { FeedEvent } from "../hls/rung-feed.ts";
import type { TrackId } from "../media/track.ts";

/** Which media time a feed has reached: of its first video, or of its first audio where it has none. Seconds. */
export class FeedClock {
  #track: TrackId | undefined;
  #timescale = 1;
  #first: number | undefined;
  #latest: number | undefined;

  /** Of what was fed since the start. */
  get first(): number | undefined {
    return this.#first;
  }

  get latest(): number | undefined {
    return this.#latest;
  }

  /** How much was fed. */
  get span(): number {
    return this.#first === undefined || this.#latest === undefined ? 0 : this.#latest - this.#first;
  }

  /** The feed begins anew. */
  restart(): void {
    this.#first = this.#latest = undefined;
  }

  note(event: FeedEvent): void {
    if (event.type === "tracks") {
      const lead =
        event.tracks.find(({ kind }) => kind === "video") ?? event.tracks.find(({ kind }) => kind === "audio");
      this.#track = lead?.id;
      this.#timescale = lead?.timescale ?? 1;
    } else if (event.type === "packet" && event.track === this.#track) {
      this.#latest = event.dts / this.#timescale;
      this.#first ??= this.#latest;
    } else if (event.type === "begin") this.restart();
  }
}
