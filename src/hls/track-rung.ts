import type { AudioTrack, CodecConfig, TrackId, VideoTrack } from "../media/track.ts";
import { FollowingPackager } from "./following-packager.ts";
import { type MuxedTracks, sameTracks } from "./muxed-tracks.ts";
import type { RenditionSink } from "./rendition.ts";
import type { FeedEvent } from "./rung-feed.ts";

/** A track that is so far behind the lead's has stopped; seconds. */
const MAX_BEHIND = 2;

export type TrackRungOptions = {
  readonly of: { readonly video?: TrackId; readonly audio?: TrackId };
  /** Whether the container has a mapping for a track. */
  readonly canCarry: (config: CodecConfig) => boolean;
  readonly sink: RenditionSink;
  /** Its track has stopped, or comes again. */
  readonly onStopped: () => void;
  readonly onResumed: () => void;
};

/** Makes a rung of tracks of the stream as they are. Pictures go with the first sound, unless that is in renditions of its own. */
export class TrackRung {
  readonly #options: TrackRungOptions;
  #packager: FollowingPackager;
  #begin: (FeedEvent & { readonly type: "begin" }) | undefined;
  #tracks: MuxedTracks = {};
  #isStopped = false;

  constructor(options: TrackRungOptions) {
    this.#options = options;
    this.#packager = this.#newPackager();
  }

  /** A `FeedSink`. */
  readonly follow = (event: FeedEvent): void => {
    if (event.type === "packet") {
      if (this.#isStopped && event.key && event.track === (this.#tracks.video ?? this.#tracks.audio)?.id)
        this.#resume();
      this.#packager.write(event);
      return;
    }
    if (event.type === "tracks") this.#setTracks(event);
    if (event.type === "begin") {
      this.#begin = event;
      this.#isStopped = false;
      this.#packager = this.#newPackager();
    }
    // All that belongs before it has come.
    if (event.type === "break" || event.type === "end") this.#packager.complete(Number.POSITIVE_INFINITY);
    if (!this.#isStopped) this.#packager.follow(event);
  };

  #newPackager(): FollowingPackager {
    const packager = new FollowingPackager({ maxBehind: MAX_BEHIND, onBehind: () => this.#stop() }, this.#options.sink);
    if (this.#tracks.video || this.#tracks.audio) packager.setTracks(this.#tracks);
    return packager;
  }

  #setTracks({ tracks: all, separateAudio }: FeedEvent & { readonly type: "tracks" }): void {
    const { of, canCarry } = this.#options;
    const video = all.find((track): track is VideoTrack => track.kind === "video" && track.id === of.video);
    const isOwn = of.video === undefined;
    const audio = all.find(
      (track): track is AudioTrack =>
        track.kind === "audio" && canCarry(track.config) && (isOwn ? track.id === of.audio : !separateAudio),
    );
    const tracks: MuxedTracks = { video, audio };
    if (sameTracks(tracks, this.#tracks)) return;
    this.#tracks = tracks;
    this.#packager.complete(Number.POSITIVE_INFINITY);
    this.#packager.setTracks(tracks);
  }

  #stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#options.onStopped();
  }

  #resume(): void {
    this.#isStopped = false;
    this.#packager = this.#newPackager();
    if (this.#begin) this.#packager.follow(this.#begin);
    this.#options.onResumed();
  }
}
