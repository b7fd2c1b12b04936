import type { MediaEvent, Packet } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Track } from "../media/track.ts";
import { KeyframeCache } from "./keyframe-cache.ts";
import { StreamMeter } from "./stats.ts";

/** What is kept of a source that waits: a group of pictures of 2 s at 32 Mbit/s. Beyond it, its next keyframe must be waited for. */
const MAX_BYTES = 8 * 1024 ** 2;

/**
 * What a source that waits has sent since its last keyframe, with its own times, so that it can go on air at once with a
 * whole group of pictures.
 */
export class Standby {
  /** Measures it while it waits. */
  readonly meter = new StreamMeter();
  readonly #cache = new KeyframeCache(MAX_BYTES);
  #arrivals: Millis[] = [];
  #hasVideo = false;

  /** In order. Empty while there is no keyframe, without video, or when a group of pictures outgrew the bound. */
  get packets(): readonly Packet[] {
    return this.#cache.packets;
  }

  /** When each of the packets came. */
  get arrivals(): readonly Millis[] {
    return this.#arrivals;
  }

  /** Whether going on air now would begin with a picture; without video that is always so. */
  get isReady(): boolean {
    return !this.#hasVideo || this.#cache.packets.length > 0;
  }

  setTracks(tracks: readonly Track[]): void {
    this.#hasVideo = tracks.some((track) => track.kind === "video");
    this.#cache.setTracks(tracks);
    this.#arrivals = [];
    this.meter.setTracks(tracks);
  }

  add(packet: Packet, now: Millis): void {
    this.meter.add(packet, now);
    this.#cache.add(packet);
    const kept = this.#cache.packets.length;
    this.#arrivals.push(now);
    // A new group of pictures, or none.
    if (kept < this.#arrivals.length) this.#arrivals = kept === 0 ? [] : this.#arrivals.slice(-kept);
  }

  clear(): void {
    this.#arrivals = [];
    this.#cache.clear();
  }
}

/** Whether an event of a source begins a group of pictures; without video any packet does. */
export function beginsGroup(event: MediaEvent, tracks: readonly Track[]): boolean {
  if (event.type !== "packet") return false;
  const video = tracks.find((track) => track.kind === "video");
  return video === undefined || (event.track === video.id && event.key);
}
