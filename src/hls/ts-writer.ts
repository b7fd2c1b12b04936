import { TsMuxer } from "../formats/mpegts/muxer.ts";
import type { Packet } from "../media/event.ts";
import { type Millis, rescale } from "../media/time.ts";
import { VIDEO_TIMESCALE } from "../media/track.ts";
import { type MuxedTracks, trackList } from "./muxed-tracks.ts";

/** Writes whole MPEG-TS segments. */
export class TsWriter {
  readonly #muxer: TsMuxer;
  #tracks: MuxedTracks = {};

  /** @param timeOffset whole seconds added to all times */
  constructor(timeOffset: number, maxAudioDelay: Millis) {
    this.#muxer = new TsMuxer({ maxAudioDelay });
    this.#muxer.shift(timeOffset * VIDEO_TIMESCALE);
  }

  /** Of the segments to come. */
  setTracks(tracks: MuxedTracks): void {
    this.#tracks = tracks;
    this.#muxer.setTracks(trackList(tracks));
  }

  /** The segment with these packets, each list in the order of its times. */
  segment(video: readonly Packet[], audio: readonly Packet[]): Uint8Array[] {
    this.#muxer.startSegment();
    const timescale = this.#tracks.audio?.timescale ?? VIDEO_TIMESCALE;
    let heard = 0;
    for (const frame of video) {
      for (let next = audio[heard]; next; next = audio[++heard]) {
        if (rescale(next.dts, timescale, VIDEO_TIMESCALE) > frame.dts) break;
        this.#muxer.write(next);
      }
      this.#muxer.write(frame);
    }
    for (; heard < audio.length; heard++) this.#muxer.write(audio[heard] as Packet);
    return this.#muxer.takeSegment();
  }
}
