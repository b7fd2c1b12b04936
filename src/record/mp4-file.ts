import { decodeFragments } from "../formats/mp4/fragment-reader.ts";
import {
  encodeFragmentDuration,
  encodeRandomAccess,
  type RandomAccessPoint,
  withFragmentDuration,
} from "../formats/mp4/recording.ts";
import { CmafPackager } from "../hls/packager.ts";
import type { RenditionEvent } from "../hls/rendition.ts";
import { PlaylistTargets } from "../hls/targets.ts";
import type { Packet } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Track } from "../media/track.ts";
import type { FileWrite, RecordingFile } from "./recording-file.ts";

/** Length of a fragment: what a crash may cost. */
const FRAGMENT: Millis = 1000;
/** A run without keyframes still ends where the index can point. */
const LONGEST: Millis = 10_000;
/** Keyframes in the index; more than a day of one a second. */
const MAX_POINTS = 100_000;

/**
 * Fragmented MP4 (ISO/IEC 14496-12 8.8): a fragment a second, each complete in itself, so that a file that was broken off
 * plays up to its last one. At the end its length and an index of keyframes are added.
 */
export class Mp4File implements RecordingFile {
  readonly #write: (write: FileWrite) => void;
  readonly #packager: CmafPackager;
  readonly #timescales: ReadonlyMap<number, number>;
  readonly #tracks: readonly Track[];
  readonly #video: Track | undefined;
  readonly #points: RandomAccessPoint[] = [];
  #startSeconds: number | undefined;
  #durationAt = 0;
  #size = 0;
  #duration = 0;
  #compositionOffset = 0;

  constructor(tracks: readonly Track[], write: (write: FileWrite) => void) {
    this.#write = write;
    this.#tracks = tracks;
    this.#timescales = new Map(tracks.map(({ id, timescale }) => [id, timescale]));
    this.#video = tracks.find(({ kind }) => kind === "video");
    const targets = new PlaylistTargets({ partMs: FRAGMENT, segmentMs: FRAGMENT, maxSegmentMs: LONGEST });
    const options = { targets, lowLatency: true, firstMsn: 0, wallclockAt: (now: Millis) => now };
    this.#packager = new CmafPackager(options, this.#sink);
    this.#packager.write({ type: "tracks", tracks }, 0);
  }

  write(packet: Packet, now: Millis): void {
    const timescale = this.#timescales.get(packet.track);
    if (timescale === undefined) return;
    this.#startSeconds ??= packet.dts / timescale;
    const start = Math.round(this.#startSeconds * timescale);
    const dts = packet.dts - start;
    if (dts < 0) return;
    if (packet.key && packet.track === this.#video?.id) this.#compositionOffset = packet.pts - packet.dts;
    this.#packager.write({ ...packet, dts, pts: packet.pts - start }, now);
  }

  finish(): void {
    this.#packager.write({ type: "end" }, 0);
    if (this.#durationAt === 0) return;
    this.#write({ bytes: encodeFragmentDuration(this.#duration * 1000), at: this.#durationAt });
    // Video is the first track.
    if (this.#points.length > 0) this.#append(encodeRandomAccess(1, this.#points));
  }

  readonly #sink = (event: RenditionEvent): void => {
    // There is one: the tracks of a file do not change.
    if (event.type === "init") {
      const { bytes, durationAt } = withFragmentDuration(event.bytes);
      this.#durationAt = durationAt;
      this.#append(bytes);
    } else if (event.type === "part") {
      // Where media is missing, a fragment begins later than the one before it ended.
      const start = this.#startOf(event.bytes) ?? this.#duration;
      if (event.part === 0 && event.independent && this.#video && this.#points.length < MAX_POINTS) {
        const time = Math.round(start * this.#video.timescale) + this.#compositionOffset;
        this.#points.push({ time: Math.max(0, time), offset: this.#size });
      }
      this.#duration = start + event.duration;
      this.#append(event.bytes);
    }
  };

  /** In seconds, by its first track. */
  #startOf(fragment: Uint8Array): number | undefined {
    const [track] = decodeFragments(fragment).fragments[0]?.tracks ?? [];
    // Tracks are numbered from 1, in their order.
    const timescale = this.#tracks[(track?.header.trackId ?? 0) - 1]?.timescale;
    return track?.decodeTime === undefined || !timescale ? undefined : track.decodeTime / timescale;
  }

  #append(bytes: Uint8Array): void {
    this.#size += bytes.length;
    this.#write({ bytes });
  }
}
