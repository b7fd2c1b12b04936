import type { SegmentInfo } from "../finding.ts";
import { durationOf } from "./playlist-checks.ts";
import { type Container, frameRate, leadingTrack, type MediaSummary, type TrackSummary } from "./summary.ts";

/** What the media of a rendition is like, as seen so far. */
export type MediaDescription = {
  readonly rendition: string;
  readonly container: Container;
  readonly segments: number;
  /** Of the latest segment. */
  readonly tracks: readonly TrackDescription[];
  /** Seconds from keyframe to keyframe; undefined before the second. */
  readonly keyframes?: { readonly shortest: number; readonly longest: number };
  /** Bits per second, of whole segments with their containers. */
  readonly bitrate: { readonly average: number; readonly highest: number };
};

export type TrackDescription = {
  readonly kind: TrackSummary["kind"];
  readonly codec: string;
  readonly size?: { readonly width: number; readonly height: number };
  readonly frameRate?: number;
};

/** Gathers the description of one rendition. */
export class RenditionStatistics {
  #container: Container | undefined;
  #tracks: readonly TrackDescription[] = [];
  #segments = 0;
  #bytes = 0;
  #duration = 0;
  #highest = 0;
  #shortest = Number.POSITIVE_INFINITY;
  #longest = 0;

  add(info: SegmentInfo, summary: MediaSummary, size: number): void {
    this.#container = summary.container;
    this.#tracks = summary.tracks.map((track) => {
      return { kind: track.kind, codec: track.codec, size: track.size, frameRate: frameRate(track) };
    });
    this.#segments++;
    const lead = leadingTrack(summary);
    const duration = (lead && durationOf(lead)) || info.duration;
    if (duration > 0) {
      this.#bytes += size;
      this.#duration += duration;
      this.#highest = Math.max(this.#highest, (size * 8) / duration);
    }
  }

  /** Seconds from a keyframe to the next. */
  addKeyframe(distance: number): void {
    this.#shortest = Math.min(this.#shortest, distance);
    this.#longest = Math.max(this.#longest, distance);
  }

  /** Undefined before the first segment. */
  describe(rendition: string): MediaDescription | undefined {
    if (!this.#container) return undefined;
    return {
      rendition,
      container: this.#container,
      segments: this.#segments,
      tracks: this.#tracks,
      keyframes: this.#longest > 0 ? { shortest: this.#shortest, longest: this.#longest } : undefined,
      bitrate: {
        average: this.#duration > 0 ? (this.#bytes * 8) / this.#duration : 0,
        highest: this.#highest,
      },
    };
  }
}

/** One line: `fmp4, avc1.64001F 1280x720 30.00 fps, mp4a.40.2; keyframes every 2.00 s; 1.23 Mbit/s, at most 1.50`. */
export function describeMedia(description: MediaDescription): string {
  const { container, tracks, keyframes, bitrate } = description;
  const parts = [container, ...tracks.map(describeTrack)];
  const rates = `${megabits(bitrate.average)} Mbit/s, at most ${megabits(bitrate.highest)}`;
  return [parts.join(", "), ...(keyframes ? [describeKeyframes(keyframes)] : []), rates].join("; ");
}

function describeTrack({ codec, size, frameRate: rate, kind }: TrackDescription): string {
  const words = [codec || kind];
  if (size) words.push(`${size.width}x${size.height}`);
  if (rate !== undefined) words.push(`${rate.toFixed(2)} fps`);
  return words.join(" ");
}

function describeKeyframes({ shortest, longest }: { shortest: number; longest: number }): string {
  const even = longest - shortest < 0.05;
  return `keyframes every ${even ? longest.toFixed(2) : `${shortest.toFixed(2)} to ${longest.toFixed(2)}`} s`;
}

function megabits(bitsPerSecond: number): string {
  return (bitsPerSecond / 1_000_000).toFixed(2);
}
