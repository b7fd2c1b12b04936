import type { Millis } from "../../media/time.ts";
import type { TranscoderStatus } from "../messages.ts";

type Progress = Pick<TranscoderStatus, "fed" | "done" | "frames" | "decodeErrors">;

/** Makes rates of what has been counted since the last time. */
export class StatusMeter {
  #at: Millis;
  #fed: number | undefined;
  #frames: ReadonlyMap<string, number> = new Map();
  #workMs = 0;

  constructor(now: Millis) {
    this.#at = now;
  }

  /** So long it did what the feed asked for. */
  worked(ms: Millis): void {
    this.#workMs += ms;
  }

  /** @param rungFrames encoded so far, of each rung */
  measure(
    progress: Progress,
    rungFrames: ReadonlyMap<string, number>,
    rssBytes: number,
    now: Millis,
  ): TranscoderStatus {
    const seconds = Math.max(1e-3, (now - this.#at) / 1000);
    const media = Math.max(0, progress.fed - (this.#fed ?? progress.fed));
    const speed = this.#workMs > 0 ? (media * 1000) / this.#workMs : 0;
    const rungs = [...rungFrames].map(([name, frames]) => {
      const fps = Math.max(0, frames - (this.#frames.get(name) ?? 0)) / seconds;
      return { name, fps };
    });
    this.#at = now;
    this.#fed = progress.fed;
    this.#frames = rungFrames;
    this.#workMs = 0;
    return { ...progress, speed, rssBytes, rungs };
  }
}
