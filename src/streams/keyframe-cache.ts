import type { Packet } from "../media/event.ts";
import type { Track, VideoTrack } from "../media/track.ts";

/** More than a group of pictures at ordinary bitrates; beyond it only the keyframe itself is kept. */
const MAX_BYTES = 1024 ** 2;
/** What a packet takes besides its data. */
const PACKET_BYTES = 128;

/**
 * The packets since the last keyframe, so that a reader can start at once; and that keyframe, for a picture. Bounded: when
 * a group of pictures outgrows the bound, readers wait for the next keyframe instead.
 */
export class KeyframeCache {
  #video: VideoTrack | undefined;
  #keyframe: { track: VideoTrack; packet: Packet } | undefined;
  #packets: Packet[] = [];
  #bytes = 0;
  #overflown = false;

  /** @param maxBytes of the packets since the keyframe; one keyframe for the picture is kept besides */
  constructor(private readonly maxBytes: number = MAX_BYTES) {}

  /** The latest keyframe of the first video track. */
  get keyframe(): { readonly track: VideoTrack; readonly packet: Packet } | undefined {
    return this.#keyframe;
  }

  /** Everything since that keyframe, in order; empty when it outgrew the bound or there is no video. */
  get packets(): readonly Packet[] {
    return this.#packets;
  }

  setTracks(tracks: readonly Track[]): void {
    const video = tracks.find((track): track is VideoTrack => track.kind === "video");
    this.#video = video;
    this.clear();
  }

  add(packet: Packet): void {
    const isVideo = packet.track === this.#video?.id;
    if (isVideo && packet.key) {
      this.#keyframe = { track: this.#video as VideoTrack, packet };
      this.#packets = [];
      this.#bytes = 0;
      this.#overflown = false;
    } else if (this.#packets.length === 0) {
      return;
    }
    if (this.#overflown) return;
    this.#bytes += PACKET_BYTES + packet.data.length;
    if (this.#bytes > this.maxBytes) {
      this.#packets = [];
      this.#overflown = true;
      return;
    }
    this.#packets.push(packet);
  }

  /** Forgets the packets (their config or timeline is over), but not the picture. */
  clear(): void {
    this.#packets = [];
    this.#bytes = 0;
    this.#overflown = false;
  }
}
