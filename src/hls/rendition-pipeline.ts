import { canCarry } from "../formats/mp4/init.ts";
import type { MediaEvent } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Track } from "../media/track.ts";
import type { HlsConfig } from "./config.ts";
import type { PlaylistProfile } from "./media-playlists.ts";
import { chooseTracks, trackList } from "./muxed-tracks.ts";
import { CmafPackager, type Packager } from "./packager.ts";
import type { RenditionEvent, RenditionSink } from "./rendition.ts";
import { RenditionPlaylists } from "./rendition-playlists.ts";
import { PlaylistTargets } from "./targets.ts";
import { TsPackager } from "./ts-packager.ts";
import { selectTsTracks } from "./ts-tracks.ts";
import { RenditionWindow } from "./window.ts";

export type RenditionOptions = {
  readonly config: HlsConfig;
  readonly profile: PlaylistProfile;
  /** Name of the media playlist, relative to the multivariant one. */
  readonly playlistName: string;
  readonly firstMsn: number;
  readonly discontinuitySequence: number;
  readonly wallclockAt: (now: Millis) => Millis;
  readonly onTrackLeftOut?: (track: Track, reason: string) => void;
  readonly onRendition?: RenditionSink;
};

/** One playlist's life: packager, window and playlists, with the numbers and durations that only hold for this playlist. */
export class Rendition {
  readonly window: RenditionWindow;
  readonly playlists: RenditionPlaylists;
  readonly #options: RenditionOptions;
  readonly #packager: Packager;
  #tracks: readonly Track[] = [];
  #nextMsn: number;

  constructor(options: RenditionOptions) {
    const { config, firstMsn, discontinuitySequence } = options;
    this.#options = options;
    this.#nextMsn = firstMsn;
    const targets = new PlaylistTargets({
      partMs: config.part,
      segmentMs: config.segment,
      maxSegmentMs: config.maxSegment,
    });
    this.window = new RenditionWindow({ targets, windowMs: config.window, discontinuitySequence });
    const packager = config.format === "mpegts" ? this.#tsPackager() : this.#cmafPackager(targets);
    this.#packager = packager;
    this.playlists = new RenditionPlaylists(this.window, options.profile, () => ({
      uri: options.playlistName,
      tracks: this.#tracks,
      bandwidth: this.window.bandwidth,
      frameRate: packager instanceof CmafPackager ? packager.frameRate : undefined,
    }));
  }

  /** Above every number used so far. */
  get nextMsn(): number {
    return this.#nextMsn;
  }

  /** Above the sequence number of every discontinuity so far. */
  get nextDiscontinuity(): number {
    const { window } = this;
    return (
      window.segments.reduce(
        (count, segment) => count + (segment.discontinuity ? 1 : 0),
        window.discontinuitySequence,
      ) + 1
    );
  }

  write(event: MediaEvent, now: Millis): void {
    if (event.type === "tracks") {
      this.#tracks =
        this.#options.config.format === "mpegts"
          ? selectTsTracks(event.tracks).tracks
          : trackList(chooseTracks(event.tracks, canCarry).tracks);
    }
    this.#packager.write(event, now);
  }

  readonly #sink: RenditionSink = (event: RenditionEvent) => {
    if (event.type === "open") this.#nextMsn = event.msn + 1;
    this.window.write(event);
    this.#options.onRendition?.(event);
  };

  #cmafPackager(targets: PlaylistTargets): CmafPackager {
    const { firstMsn, wallclockAt, onTrackLeftOut, profile } = this.#options;
    const options = { targets, lowLatency: profile.lowLatency, firstMsn, wallclockAt, onTrackLeftOut };
    return new CmafPackager(options, this.#sink);
  }

  #tsPackager(): TsPackager {
    const { config, firstMsn, wallclockAt, onTrackLeftOut } = this.#options;
    return new TsPackager(
      {
        targetMs: config.segment,
        maxMs: config.maxSegment,
        maxAudioDelayMs: config.maxAudioDelay,
        firstMsn,
        wallclockAt,
        onSkippedTrack: (track, reason) => onTrackLeftOut?.(track, TS_REASONS[reason]),
      },
      this.#sink,
    );
  }
}

const TS_REASONS = {
  codec: "MPEG-TS has no mapping for this codec",
  "second-video": "only the first video track is muxed",
  "too-many-audio": "too many audio tracks",
} as const;
