import type { Packet } from "../media/event.ts";
import type { Track, TrackId, VideoTrack } from "../media/track.ts";

/** More than a group of pictures at ordinary bitrates; beyond it only the keyframe itself is kept. */
const MAX_BYTES = 2 * 1024 ** 2;
/** The further qualities of an encoder that sends several take together about as much as the first. */
const SEVERAL_VIDEOS = 2;
/** What a packet takes besides its data. */
const PACKET_BYTES = 128;

/**
 * The packets since the last keyframe of the first video track, so that a reader can start at once; and that keyframe, for a
 * picture. Bounded: when a group of pictures outgrows the bound, readers wait for the next keyframe instead.
 */
export class KeyframeCache {
  #video: VideoTrack | undefined;
  #keyframe: { track: VideoTrack; packet: Packet } | undefined;
  /** Those with a video track beside it. */
  #others: ReadonlySet<TrackId> = new Set();
  #packets: Packet[] = [];
  #bytes = 0;
  #overflown = false;

  /** @param maxBytes of the packets since the keyframe, twice that of several video tracks; one keyframe is kept besides */
  constructor(private readonly maxBytes: number = MAX_BYTES) {}

  /** The latest keyframe of the first video track. */
  get keyframe(): { readonly track: VideoTrack; readonly packet: Packet } | undefined {
    return this.#keyframe;
  }

  /**
   * Everything since that keyframe, in order; empty when it outgrew the bound or there is no video. Pictures of other video tracks
   * for the same moment may stand before it.
   */
  get packets(): readonly Packet[] {
    return this.#packets;
  }

  setTracks(tracks: readonly Track[]): void {
    const [video, ...others] = tracks.filter((track): track is VideoTrack => track.kind === "video");
    this.#video = video;
    this.#others = new Set(others.map(({ id }) => id));
    this.clear();
  }

  add(packet: Packet): void {
    const isVideo = packet.track === this.#video?.id;
    if (isVideo && packet.key) {
      this.#keyframe = { track: this.#video as VideoTrack, packet };
      this.#packets = this.#earlyFor(packet);
      this.#bytes = this.#packets.reduce((sum, { data }) => sum + PACKET_BYTES + data.length, 0);
      this.#overflown = false;
    } else if (this.#packets.length === 0) {
      return;
    }
    if (this.#overflown) return;
    this.#bytes += PACKET_BYTES + packet.data.length;
    if (this.#bytes > this.maxBytes * (this.#others.size > 0 ? SEVERAL_VIDEOS : 1)) {
      this.#packets = [];
      this.#overflown = true;
      return;
    }
    this.#packets.push(packet);
  }

  /** Encoders may send another track's picture of the same moment first, and its keyframe would be missed. */
  #earlyFor(keyframe: Packet): Packet[] {
    if (this.#others.size === 0) return [];
    let first = this.#packets.length;
    for (let i = first - 1; i >= 0; i--) {
      const { track, dts } = this.#packets[i] as Packet;
      if (this.#others.has(track)) {
        if (dts < keyframe.dts) break;
        first = i;
      } else if (track === keyframe.track) break;
    }
    return this.#packets.slice(first);
  }

  /** Forgets the packets (their config or timeline is over), but not the picture. */
  clear(): void {
    this.#packets = [];
    this.#bytes = 0;
    this.#overflown = false;
  }
}
