import type { Packet } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Track, TrackId } from "../media/track.ts";

/** How long one measurement lasts. */
const WINDOW_MS = 2000;

export type StreamStats = {
  /** Of media, in bits per second over the last couple of seconds. */
  readonly bitrate: number;
  /** Since the publish began. */
  readonly bytes: number;
  readonly packets: number;
  /** Video frames per second over the last couple of seconds; 0 without video. */
  readonly frameRate: number;
  /** Seconds between the last two keyframes; 0 when there were not two. */
  readonly keyframeInterval: number;
  /** How far audio is ahead of video in order of arrival, in seconds, averaged; 0 unless there are both. */
  readonly drift: number;
  /** Wall clock that the media time gains on the server's clock since the publish began, in seconds. */
  readonly clockOffset: number;
};

/** Measures what passes through a stream. Costs a few additions per packet. */
export class StreamMeter {
  #bytes = 0;
  #packets = 0;
  #bitrate = 0;
  #frameRate = 0;
  #keyframeInterval = 0;
  #drift = 0;
  #clockOffset = 0;
  #windowStart: Millis | undefined;
  #windowBytes = 0;
  #windowFrames = 0;
  #lastKey: number | undefined;
  #videoTime: number | undefined;
  #audioTime: number | undefined;
  #first: { readonly now: Millis; readonly time: number } | undefined;
  #timescales = new Map<TrackId, { readonly timescale: number; readonly role: "video" | "audio" | "other" }>();

  setTracks(tracks: readonly Track[]): void {
    const video = tracks.find((track) => track.kind === "video");
    const audio = tracks.find((track) => track.kind === "audio");
    this.#timescales = new Map(
      tracks.map((track) => [
        track.id,
        { timescale: track.timescale, role: track === video ? "video" : track === audio ? "audio" : "other" },
      ]),
    );
    if (!video) this.#videoTime = undefined;
    if (!audio) this.#audioTime = undefined;
  }

  add(packet: Packet, now: Millis): void {
    this.#bytes += packet.data.length;
    this.#packets++;
    this.#windowStart ??= now;
    const span = now - this.#windowStart;
    if (span >= WINDOW_MS) {
      this.#bitrate = (this.#windowBytes * 8000) / span;
      this.#frameRate = (this.#windowFrames * 1000) / span;
      this.#windowStart = now;
      this.#windowBytes = 0;
      this.#windowFrames = 0;
    }
    this.#windowBytes += packet.data.length;

    const track = this.#timescales.get(packet.track);
    if (!track || track.role === "other") return;
    const time = packet.dts / track.timescale;
    this.#first ??= { now, time };
    this.#clockOffset = time - this.#first.time - (now - this.#first.now) / 1000;
    if (track.role === "video") {
      this.#windowFrames++;
      this.#videoTime = time;
      if (packet.key) {
        if (this.#lastKey !== undefined) this.#keyframeInterval = time - this.#lastKey;
        this.#lastKey = time;
      }
    } else {
      this.#audioTime = time;
    }
    if (this.#videoTime !== undefined && this.#audioTime !== undefined) {
      this.#drift += (this.#audioTime - this.#videoTime - this.#drift) / 64;
    }
  }

  /** @param now rates fall to zero when nothing has come for a while */
  read(now: Millis): StreamStats {
    const silent = this.#windowStart === undefined || now - this.#windowStart > 2 * WINDOW_MS;
    return {
      bitrate: silent ? 0 : Math.round(this.#bitrate),
      bytes: this.#bytes,
      packets: this.#packets,
      frameRate: silent ? 0 : this.#frameRate,
      keyframeInterval: this.#keyframeInterval,
      drift: this.#drift,
      clockOffset: this.#clockOffset,
    };
  }
}
