import { FollowingPackager } from "../../src/hls/following-packager.ts";
import { chooseTracks } from "../../src/hls/muxed-tracks.ts";
import type { RenditionSink } from "../../src/hls/rendition.ts";
import type { FeedEvent, FeedSink, RungPosition } from "../../src/hls/rung-feed.ts";
import type { Packet } from "../../src/media/event.ts";

/**
 * Makes a rung as a transcoder does, of the lead's own packets: each picture comes out of its "encoder" when `delay` more have
 * gone in, and all of them at a break.
 */
export class MadeRung {
  readonly #packager: FollowingPackager;
  readonly #delay: number;
  readonly #change: (packet: Packet) => Packet;
  #video: number | undefined;
  #encoding: Packet[] = [];

  constructor(
    sink: RenditionSink,
    options: {
      readonly delay?: number;
      readonly from?: RungPosition;
      readonly change?: (packet: Packet) => Packet;
    } = {},
  ) {
    this.#packager = new FollowingPackager({ from: options.from }, sink);
    this.#delay = options.delay ?? 0;
    this.#change = options.change ?? ((packet) => packet);
  }

  readonly follow: FeedSink = (event: FeedEvent) => {
    if (event.type === "packet") this.#packet(event);
    else if (event.type === "tracks") {
      this.#flush();
      const { tracks } = chooseTracks(event.tracks, () => true);
      this.#video = tracks.video?.id;
      this.#packager.setTracks(event.separateAudio ? { video: tracks.video } : tracks);
    } else {
      if (event.type === "break" || event.type === "end") this.#flush();
      this.#packager.follow(event);
      if (event.type === "end") this.#packager.complete(Number.POSITIVE_INFINITY);
    }
  };

  #packet(packet: Packet): void {
    if (packet.track !== this.#video) {
      this.#packager.write(packet);
      return;
    }
    this.#encoding.push(packet);
    if (this.#encoding.length <= this.#delay) return;
    const out = this.#encoding.shift();
    if (out) this.#packager.write(this.#change(out));
    const next = this.#encoding[0];
    if (next) this.#packager.complete(next.dts);
  }

  #flush(): void {
    for (const packet of this.#encoding) this.#packager.write(this.#change(packet));
    this.#encoding = [];
    this.#packager.complete(Number.POSITIVE_INFINITY);
  }
}
