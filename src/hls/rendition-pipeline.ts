import { canCarry } from "../formats/mp4/init.ts";
import { decodeTs } from "../formats/mpegts/demuxer.ts";
import { canCarry as canCarryInTs } from "../formats/mpegts/elementary-stream.ts";
import type { DateRange } from "../media/date-range.ts";
import type { DataEvent, MediaEvent, Packet } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { CodecConfig, Track, TrackId } from "../media/track.ts";
import type { HlsConfig } from "./config.ts";
import type { LeadFeed } from "./lead-feed.ts";
import type { PlaylistProfile } from "./media-playlists.ts";
import { chooseTracks, leadTracks, trackList } from "./muxed-tracks.ts";
import { EPOCH } from "./names.ts";
import { CmafPackager, type CmafResumption, type Packager } from "./packager.ts";
import { ProgramTime } from "./program-time.ts";
import type { RenditionEvent, RenditionSink } from "./rendition.ts";
import type { PackagerPosition, RenditionMemory } from "./rendition-memory.ts";
import { type OtherRendition, RenditionPlaylists } from "./rendition-playlists.ts";
import { type AnnouncedTargets, PlaylistTargets } from "./targets.ts";
import { TimedData } from "./timed-data.ts";
import { TsPackager, type TsResumption } from "./ts-packager.ts";
import { selectTsTracks } from "./ts-tracks.ts";
import { RenditionWindow } from "./window.ts";

export type RenditionOptions = {
  readonly config: HlsConfig;
  readonly profile: PlaylistProfile;
  readonly firstMsn: number;
  readonly discontinuitySequence: number;
  readonly wallclockAt: (now: Millis) => Millis;
  readonly onTrackLeftOut?: (track: Track, reason: string) => void;
  readonly onRendition?: RenditionSink;
  /** Told what the rendition is made of. */
  readonly feed: LeadFeed;
  /** Of all tracks that were announced; with `separateAudio` there is no sound in this rendition. */
  readonly onTracks: (tracks: readonly Track[], separateAudio: boolean) => void;
  /** A date range was listed. */
  readonly onDateRange: (range: DateRange) => void;
  /** Those to report of. */
  readonly others: () => readonly OtherRendition[];
  /** What players of this playlist were told before a restart of the server. */
  readonly announced?: AnnouncedTargets;
  /** Of another process, to go on with: its numbers and what it announced hold. */
  readonly resume?: RenditionMemory;
};

/** One playlist's life: packager, window and playlists, with the numbers and durations that only hold for this playlist. */
export class Rendition {
  readonly window: RenditionWindow;
  readonly playlists: RenditionPlaylists;
  /** Media sequence number of its first segment. */
  readonly firstMsn: number;
  /** Wall clock of the latest segment. */
  numberedAt: Millis;
  readonly #options: RenditionOptions;
  readonly #packager: Packager;
  readonly #targets: PlaylistTargets;
  /** For MPEG-TS, whose packager does not observe them itself. */
  readonly #keyframes: KeyframeObserver | undefined;
  readonly #timedData = new TimedData();
  readonly #programTime = new ProgramTime();
  #written: readonly Track[] = [];
  /** What is muxed. */
  #tracks: readonly Track[] = [];
  #ids = new Set<TrackId>();
  #separateAudio = false;
  #nextMsn: number;
  /** The frame rate when the encoder went away, while it is stood in for. */
  #heldRate: { readonly rate: number | undefined } | undefined;

  constructor(options: RenditionOptions) {
    const { config, firstMsn, resume } = options;
    this.#options = options;
    this.firstMsn = firstMsn;
    this.#nextMsn = firstMsn;
    this.numberedAt = options.wallclockAt(0);
    const targets = new PlaylistTargets({
      partMs: config.part,
      segmentMs: config.segment,
      maxSegmentMs: config.maxSegment,
      announced: resume ? resume.state.announced : options.announced,
    });
    this.#targets = targets;
    const { discontinuitySequence } = resume ?? options;
    this.window = new RenditionWindow({ targets, windowMs: config.window, discontinuitySequence });
    if (resume) this.#replay(resume);
    options.feed.restart(this.#firstMsn, this.nextDiscontinuity - 1, resume === undefined);
    const packager = config.format === "mpegts" ? this.#tsPackager(targets) : this.#cmafPackager(targets);
    this.#packager = packager;
    this.#keyframes = config.format === "mpegts" ? new KeyframeObserver(targets) : undefined;
    this.playlists = new RenditionPlaylists(this.window, options.profile, options.others);
  }

  /** What the playlist's players hold on to; undefined before the first was answered. */
  get announced(): AnnouncedTargets | undefined {
    return this.#targets.announced;
  }

  /** Above every number used so far. */
  get nextMsn(): number {
    return this.#nextMsn;
  }

  /** What is muxed in it. */
  get muxed(): readonly Track[] {
    return this.#tracks;
  }

  /** As measured; undefined until that can be told. */
  get frameRate(): number | undefined {
    return this.#heldRate ? this.#heldRate.rate : this.#measuredRate;
  }

  /** Whether what comes now is of no encoder, and says nothing about its frame rate. */
  set isStoodIn(isStoodIn: boolean) {
    this.#heldRate = isStoodIn ? (this.#heldRate ?? { rate: this.#measuredRate }) : undefined;
  }

  get #measuredRate(): number | undefined {
    return this.#packager instanceof CmafPackager ? this.#packager.frameRate : undefined;
  }

  /** Whether the container has a mapping for a track. */
  readonly canCarry = (config: CodecConfig): boolean =>
    this.#options.config.format === "mpegts" ? canCarryInTs(config) : canCarry(config);

  /** As they were last announced to it. */
  get tracks(): readonly Track[] {
    return this.#written;
  }

  /** Where what was made ends; undefined before there is media. */
  get position(): PackagerPosition | undefined {
    return this.#packager.position;
  }

  /** Wall clock of that; undefined before there is media. */
  get endsAt(): Millis | undefined {
    const { open, segments } = this.window;
    const last = open ?? segments[segments.length - 1];
    return last && last.wallclock + last.duration * 1000;
  }

  /** Whether media of these tracks may follow without a discontinuity. */
  continues(tracks: readonly Track[]): boolean {
    return this.#packager.continues(leadTracks(tracks, this.canCarry, this.#separates(tracks)));
  }

  /** Where the part being made begins, in seconds of the media's time. */
  get partStart(): number | undefined {
    return this.#packager.partStart;
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

  /** A keyframe does not end the segment before the part that was hinted is made. */
  keepSegment(): void {
    this.#packager.keepSegment();
  }

  /** What comes next is in a segment of its own; MPEG-TS only. */
  endSegment(): void {
    if (this.#packager instanceof TsPackager) this.#packager.endSegment();
  }

  /** Lists a date range. */
  addDateRange(range: DateRange): void {
    this.#sink({ type: "date-range", range });
    this.#options.onDateRange(range);
  }

  write(event: MediaEvent, now: Millis): void {
    const { feed } = this.#options;
    if (event.type === "data") this.#addTimedData(event);
    if (this.#keyframes && event.type === "packet") this.#keyframes.observe(event);
    feed.now = now;
    if (event.type === "tracks") this.#writeTracks(event.tracks, now);
    else if (event.type === "packet" && !this.#ids.has(event.track)) feed.otherPacket(event);
    else this.#packager.write(event, now);
    if (this.#packager instanceof TsPackager) this.#targets.observeSegment(this.#packager.openMs / 1000 + FRAME);
  }

  #writeTracks(tracks: readonly Track[], now: Millis): void {
    this.#setTracks(tracks);
    const separateAudio = this.#separateAudio;
    this.#packager.write({ type: "tracks", tracks: leadTracks(tracks, this.canCarry, separateAudio) }, now);
    this.#options.onTracks(tracks, separateAudio);
    this.#options.feed.setTracks(tracks, separateAudio);
  }

  /**
   * Several sounds are renditions of their own, and one alone where the configuration says so. Whether there are several is
   * settled with the first segment: players are told once.
   */
  #separates(tracks: readonly Track[]): boolean {
    const { format, separateAudio } = this.#options.config;
    if (separateAudio && format === "cmaf") return hasVideo(tracks);
    if (this.#nextMsn > this.firstMsn) return this.#separateAudio;
    const carried = tracks.filter((track) => track.kind !== "data" && canCarry(track.config));
    const sounds = carried.filter((track) => track.kind === "audio").length;
    return format === "cmaf" && sounds > 1 && sounds < carried.length;
  }

  #setTracks(tracks: readonly Track[]): void {
    this.#written = tracks;
    this.#keyframes?.setTracks(tracks);
    this.#separateAudio = this.#separates(tracks);
    const own = leadTracks(tracks, this.canCarry, this.#separateAudio);
    this.#tracks =
      this.#options.config.format === "mpegts"
        ? selectTsTracks(own).tracks
        : trackList(chooseTracks(own, canCarry).tracks);
    this.#ids = new Set(this.#tracks.map(({ id }) => id));
  }

  #replay({ events, state }: RenditionMemory): void {
    this.#setTracks(state.tracks);
    for (const event of events) this.#take(event);
  }

  #addTimedData(event: DataEvent): void {
    const timescale = this.#tracks.find((track) => track.id === event.track)?.timescale ?? DATA_TIMESCALE;
    const wallclock = this.#packager.wallclockOf(event.pts / timescale);
    const range = wallclock === undefined ? undefined : this.#timedData.toDateRange(event, Math.round(wallclock));
    if (range) this.addDateRange(range);
  }

  readonly #sink: RenditionSink = (made: RenditionEvent) => {
    const event = this.#take(made);
    this.#options.onRendition?.(event);
  };

  #take(made: RenditionEvent): RenditionEvent {
    const event = made.type === "open" ? { ...made, wallclock: this.#programTime.open(made.wallclock) } : made;
    if (event.type === "open") {
      this.#nextMsn = event.msn + 1;
      this.numberedAt = event.wallclock;
      this.#options.feed.wallclock = event.wallclock;
    } else if (event.type === "segment") this.#programTime.close(event.duration);
    this.window.write(event);
    return event;
  }

  #cmafPackager(targets: PlaylistTargets): CmafPackager {
    const { wallclockAt, onTrackLeftOut, profile } = this.#options;
    const { lowLatency } = profile;
    const firstMsn = this.#firstMsn;
    const resume = this.#cmafResumption();
    const options = {
      targets,
      lowLatency,
      firstMsn,
      wallclockAt,
      epoch: EPOCH,
      resume,
      feed: this.#options.feed,
      onTrackLeftOut,
    };
    return new CmafPackager(options, this.#sink);
  }

  /** Of what the packager makes. */
  get #firstMsn(): number {
    return this.window.open?.msn ?? this.#nextMsn;
  }

  #cmafResumption(): CmafResumption | undefined {
    const { resume } = this.#options;
    if (!resume) return undefined;
    const { position } = resume.state;
    const tracks = this.#tracks;
    const { open, segments } = this.window;
    const number = (open ?? segments[segments.length - 1])?.init;
    const bytes = number === undefined ? undefined : this.window.init(number);
    const init = number !== undefined && bytes ? { number, bytes } : undefined;
    return { tracks, position, wallclock: this.endsAt ?? this.#options.wallclockAt(0), init, open };
  }

  #tsResumption(): TsResumption | undefined {
    const { resume } = this.#options;
    const { lastMsn } = this.window;
    if (!resume || lastMsn === undefined) return undefined;
    const { position } = resume.state;
    const tracks = this.#tracks;
    const last = this.window.segment(lastMsn) ?? new Uint8Array(0);
    return { tracks, position, counters: decodeTs(last, new Map(), NO_FAULT).counters };
  }

  #tsPackager(targets: PlaylistTargets): TsPackager {
    const { config, wallclockAt, onTrackLeftOut } = this.#options;
    return new TsPackager(
      {
        targetMs: config.segment,
        aligned: config.slicing === "aligned",
        maxMs: config.maxSegment,
        // The cut comes with the frame that passes the limit.
        limitMs: () => (targets.segmentLimit - FRAME) * 1000,
        maxAudioDelayMs: config.maxAudioDelay,
        firstMsn: this.#firstMsn,
        wallclockAt,
        epoch: EPOCH,
        resume: this.#tsResumption(),
        feed: this.#options.feed,
        onSkippedTrack: (track, reason) => onTrackLeftOut?.(track, TS_REASONS[reason]),
      },
      this.#sink,
    );
  }
}

function hasVideo(tracks: readonly Track[]): boolean {
  return tracks.some((track) => track.kind === "video" && canCarry(track.config));
}

/** What was written is read for its counters only. */
const NO_FAULT = (): void => {};
/** Of data tracks. */
const DATA_TIMESCALE = 1000;
/** Longest frame that a TS segment may pass its limit by; seconds. */
const FRAME = 0.1;

const TS_REASONS = {
  codec: "MPEG-TS has no mapping for this codec",
  "second-video": "only the first video track is muxed",
  "too-many-audio": "too many audio tracks",
} as const;

/** Tells the targets how far apart the video's keyframes are. */
class KeyframeObserver {
  #video: Track | undefined;
  #last: number | undefined;

  constructor(private readonly targets: PlaylistTargets) {}

  setTracks(tracks: readonly Track[]): void {
    this.#video = tracks.find((track) => track.kind === "video");
    this.#last = undefined;
  }

  observe(packet: Packet): void {
    if (!packet.key || packet.track !== this.#video?.id) return;
    const at = packet.dts / this.#video.timescale;
    if (this.#last !== undefined && at > this.#last) this.targets.observeKeyframes(at - this.#last);
    this.#last = at;
  }
}
