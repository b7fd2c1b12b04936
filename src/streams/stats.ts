import type { Packet } from "../media/event.ts";
import type { Millis, Ticks } from "../media/time.ts";
import type { Track, TrackId } from "../media/track.ts";

/** How long one measurement lasts. */
const WINDOW_MS = 2000;

export type TrackRate = { readonly id: TrackId; readonly bitrate: number; readonly packetRate: number };

export type StreamStats = {
  /** Of media, in bits per second over the last couple of seconds. */
  readonly bitrate: number;
  /** Since the publish began. */
  readonly bytes: number;
  readonly packets: number;
  /** Frames per second of the first video track's own time, over the last couple of seconds; 0 without video. */
  readonly frameRate: number;
  /** The same for each track by itself: bits per second, and packets per second of its own time. */
  readonly tracks: readonly TrackRate[];
  /** Seconds between the last two keyframes; 0 when there were not two. */
  readonly keyframeInterval: number;
  /** How far audio is ahead of video in order of arrival, in seconds, averaged; 0 unless there are both. */
  readonly drift: number;
  /** Wall clock that the media time gains on the server's clock since the publish began, in seconds. */
  readonly clockOffset: number;
};

type MeasuredTrack = {
  readonly timescale: number;
  readonly role: "video" | "audio" | "other";
  windowBytes: number;
  windowPackets: number;
  /** Decoding times of the first and the latest packet of the window. */
  windowFirst: Ticks;
  windowLast: Ticks;
  rate: TrackRate;
};

const EMPTY = { windowBytes: 0, windowPackets: 0, windowFirst: 0, windowLast: 0 };

/** By the media's time: an encoder that begins, or was held up, sends many at once. @param span milliseconds of the window */
function packetRate({ timescale, windowPackets, windowFirst, windowLast }: MeasuredTrack, span: Millis): number {
  const seconds = (windowLast - windowFirst) / timescale;
  return seconds > 0 ? (windowPackets - 1) / seconds : (windowPackets * 1000) / span;
}

/** Measures what passes through a stream. Costs a few additions per packet. */
export class StreamMeter {
  #bytes = 0;
  #packets = 0;
  #bitrate = 0;
  #keyframeInterval = 0;
  #drift = 0;
  #clockOffset = 0;
  #windowStart: Millis | undefined;
  #windowBytes = 0;
  #lastKey: number | undefined;
  #videoTime: number | undefined;
  #audioTime: number | undefined;
  #first: { readonly now: Millis; readonly time: number } | undefined;
  #tracks = new Map<TrackId, MeasuredTrack>();

  setTracks(tracks: readonly Track[]): void {
    const video = tracks.find((track) => track.kind === "video");
    const audio = tracks.find((track) => track.kind === "audio");
    const before = this.#tracks;
    this.#tracks = new Map();
    for (const track of tracks) {
      if (track.kind === "data") continue;
      const { id, timescale } = track;
      const role = track === video ? "video" : track === audio ? "audio" : "other";
      const rate = before.get(id)?.rate ?? { id, bitrate: 0, packetRate: 0 };
      this.#tracks.set(id, { timescale, role, ...EMPTY, rate });
    }
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
      this.#windowStart = now;
      this.#windowBytes = 0;
      for (const [id, measured] of this.#tracks) {
        const bitrate = Math.round((measured.windowBytes * 8000) / span);
        measured.rate = { id, bitrate, packetRate: packetRate(measured, span) };
        Object.assign(measured, EMPTY);
      }
    }
    this.#windowBytes += packet.data.length;

    const track = this.#tracks.get(packet.track);
    if (!track) return;
    track.windowBytes += packet.data.length;
    if (track.windowPackets++ === 0) track.windowFirst = packet.dts;
    track.windowLast = packet.dts;
    if (track.role === "other") return;
    const time = packet.dts / track.timescale;
    this.#first ??= { now, time };
    this.#clockOffset = time - this.#first.time - (now - this.#first.now) / 1000;
    if (track.role === "video") {
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
    const tracks = [...this.#tracks.values()];
    const silent = this.#windowStart === undefined || now - this.#windowStart > 2 * WINDOW_MS;
    return {
      bitrate: silent ? 0 : Math.round(this.#bitrate),
      bytes: this.#bytes,
      packets: this.#packets,
      frameRate: silent ? 0 : (tracks.find(({ role }) => role === "video")?.rate.packetRate ?? 0),
      tracks: tracks.map(({ rate }) => (silent ? { id: rate.id, bitrate: 0, packetRate: 0 } : rate)),
      keyframeInterval: this.#keyframeInterval,
      drift: this.#drift,
      clockOffset: this.#clockOffset,
    };
  }
}
