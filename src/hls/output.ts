import type { DateRange } from "../media/date-range.ts";
import type { MediaEvent, Packet } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Track } from "../media/track.ts";
import { type AnswerCallback, type Cancel, notFound } from "./answer.ts";
import type { HlsConfig } from "./config.ts";
import { LeadFeed } from "./lead-feed.ts";
import type { PlaylistProfile } from "./media-playlists.ts";
import { MissingSound } from "./missing-sound.ts";
import type { VariantDescription } from "./multivariant.ts";
import { cmafNames, discontinuityFor, LEAD, tsNames } from "./names.ts";
import { Presentation } from "./presentation.ts";
import type { RenditionEvent, RenditionSink } from "./rendition.ts";
import type { RenditionMemory, RenditionRecorder } from "./rendition-memory.ts";
import { Rendition } from "./rendition-pipeline.ts";
import type { RenditionView } from "./rendition-view.ts";
import type { FeedSink, RungDescription, RungPosition, RungSink, RungState, RungStatus } from "./rung-feed.ts";
import { LastMedia, StandIn } from "./stand-in.ts";
import type { AnnouncedTargets } from "./targets.ts";
import { TimeShift } from "./time-shift.ts";
import type { RenditionWindow } from "./window.ts";

export type HlsOutputOptions = {
  /** Canonical path of the stream, e.g. `live/test`. */
  readonly path: string;
  readonly config: HlsConfig;
  /** Media sequence number of the first segment: above all that this path ever had; see `firstMsnAt`. */
  readonly firstMsn: number;
  /** EXT-X-DISCONTINUITY-SEQUENCE of the first playlist: above all that this path ever had; made from `firstMsn` without it. */
  readonly firstDiscontinuity?: number;
  /** The output of an earlier stream of this path, when it is still known: numbers go on above its own. */
  readonly after?: HlsOutput;
  /** What players of this path were told before a restart of the server; holds for the first playlist. */
  readonly announced?: AnnouncedTargets;
  /** What another process has made of this path, to go on with from `now` on: its numbers and what it announced hold. */
  readonly resume?: { readonly memory: RenditionMemory; readonly now: Millis };
  /** Keeps all that is made, what stands in included. */
  readonly recorder?: RenditionRecorder;
  /** The wall clock at a monotonic time. */
  readonly wallclockAt: (now: Millis) => Millis;
  /** A track that viewers will not get, and why. */
  readonly onTrackLeftOut?: (track: Track, reason: string) => void;
  /** Gets every rendition event after the window has: a disk writer, another thread. Must not throw. */
  readonly onRendition?: RenditionSink;
  /** An answer callback has thrown. */
  readonly onFault?: (error: unknown) => void;
  /** Somebody may want to make rungs: what that takes is kept from the start. */
  readonly isFollowed?: boolean;
  /** Somebody asks for a rung, or for anything of it. */
  readonly onRungWanted?: (name: string, now: Millis) => void;
  /** Requests for one rendition that may wait for media at the same time. */
  readonly maxWaiters?: number;
};

/** `starting`: nothing to play yet; `waiting`: the publisher has left and may come back; `ended`: the playlist is closed. */
export type HlsOutputState = "starting" | "live" | "waiting" | "ended";

const MAX_WAITERS = 20_000;
/** A closed playlist stays to be read for at least this long. */
const ENDED_LINGER: Millis = 60_000;
/** An encoder that left is stood in for after this long: low-latency players have about a second in store. */
const LOST_PATIENCE: Millis = 300;
/** One that is connected but sends nothing, after this long: below the 9 s after which a blocked request is given up. */
const SILENT_PATIENCE: Millis = 5000;

const NOTHING = (): void => {};

/**
 * HLS of one stream: media events in, answers to viewers out. Outlives publishers: one that comes back within the grace
 * continues the playlist, and is stood in for until then; one that comes later begins a playlist with higher numbers.
 */
export class HlsOutput {
  readonly path: string;
  readonly #options: Omit<HlsOutputOptions, "after" | "resume">;
  readonly #profile: PlaylistProfile;
  readonly #feed: LeadFeed;
  readonly #presentation: Presentation;
  #rendition: Rendition;
  #lostAt: Millis | undefined;
  #endedAt: Millis | undefined;
  readonly #last = new LastMedia();
  readonly #missing = new MissingSound();
  readonly #shift = new TimeShift();
  #lastMediaAt: Millis | undefined;
  /** Of the event that is being written. */
  #now: Millis = 0;
  #standIn: StandIn | undefined;
  /** Whether what is made goes to `onRendition`: not what stands in, up to the segment behind it. */
  #isCopied: "yes" | "no" | "from-next" = "yes";
  /** What the next encoder announced while it was still stood in for. */
  #nextTracks: (MediaEvent & { readonly type: "tracks" }) | undefined;
  /** Where the media of another process ended, in seconds, until there is other. */
  #resumedEnd: number | undefined;
  /** The stream itself is over, not only its publisher gone. */
  #over = false;

  constructor(options: HlsOutputOptions) {
    // Not kept: it would hold what was before it, and so on.
    const { after, resume, ...own } = options;
    const { config } = own;
    this.path = own.path;
    this.#options = own;
    const isTs = config.format === "mpegts";
    this.#profile = {
      names: isTs ? tsNames(LEAD) : cmafNames(LEAD),
      lowLatency: config.lowLatency && !isTs,
      version: isTs ? 3 : 6,
    };
    const { format, maxAudioDelay } = config;
    const { lowLatency } = this.#profile;
    this.#feed = new LeadFeed({ format, lowLatency, maxAudioDelay }, own.isFollowed ?? false);
    const firstMsn = Math.max(options.firstMsn, after?.nextMsn ?? 0);
    const first = options.firstDiscontinuity ?? discontinuityFor(firstMsn);
    const discontinuity = Math.max(first, after?.nextDiscontinuity ?? 0);
    this.#rendition = this.#begin(firstMsn, discontinuity, options.announced, resume?.memory);
    this.#presentation = new Presentation(this.#rendition, {
      config,
      profile: this.#profile,
      feed: this.#feed,
      maxWaiters: own.maxWaiters ?? MAX_WAITERS,
      onFault: (error) => own.onFault?.(error),
      onRungWanted: own.onRungWanted,
    });
    if (resume) this.#resume(resume.memory, resume.now);
  }

  get state(): HlsOutputState {
    if (this.#endedAt !== undefined) return "ended";
    if (this.#lostAt !== undefined) return "waiting";
    return this.#presentation.isPlayable ? "live" : "starting";
  }

  /** Whether there is something to play. */
  get isPlayable(): boolean {
    return this.#presentation.isPlayable;
  }

  /** What players hold on to; undefined before the first playlist was answered. */
  get announced(): AnnouncedTargets | undefined {
    return this.#rendition.announced;
  }

  /** Above every media sequence number used so far. */
  get nextMsn(): number {
    return this.#rendition.nextMsn;
  }

  /** Above the sequence number of every discontinuity so far. */
  get nextDiscontinuity(): number {
    return this.#rendition.nextDiscontinuity;
  }

  /** Wall clock since when both of these are so. */
  get numberedAt(): Millis {
    return this.#rendition.numberedAt;
  }

  /** The segments of the source's own rendition, to be looked at only. */
  get lead(): RenditionWindow {
    return this.#rendition.window;
  }

  /** Media bytes in memory. */
  get bytesHeld(): number {
    return this.#presentation.bytesHeld;
  }

  /** Requests that wait for media. */
  get waiting(): number {
    return this.#presentation.waiting;
  }

  /** EXT-X-VERSION of its playlists. */
  get playlistVersion(): number {
    return this.#profile.version;
  }

  /** The source as it is, as a variant of another stream's multivariant playlist. */
  describe(uri: string): VariantDescription {
    return this.#presentation.describeLead(uri);
  }

  /** No rendition of it has both pictures and sound. */
  get separatesAudio(): boolean {
    const { format, separateAudio } = this.#options.config;
    return separateAudio && format === "cmaf";
  }

  /** Whether its segments come in parts. */
  get isLowLatency(): boolean {
    return this.#profile.lowLatency;
  }

  /** How much of the past its playlists list. */
  get windowMs(): Millis {
    return this.#options.config.window;
  }

  /** What can be played now, the lead first. */
  get renditions(): readonly RenditionView[] {
    return this.#presentation.renditions;
  }

  /** Has all rungs made: for players that are told of what is there, and not of what could be. */
  wantAllRungs(now: Millis): void {
    this.#presentation.wantAll(now);
  }

  /** Renditions beside the lead. */
  get rungs(): readonly RungState[] {
    return this.#presentation.rungs;
  }

  /** Which rungs there are beside those of the stream's own tracks, whether or not they are being made. One that is gone is dropped. */
  announceRungs(rungs: readonly RungDescription[]): void {
    this.#presentation.announce(rungs);
  }

  /** Hands out what the lead is made of, from the start of a segment some seconds ago, and goes on. Returns how to stop it. */
  follow(sink: FeedSink, now: Millis): () => void {
    return this.#feed.follow(sink, now);
  }

  /** Takes what is made of a rung. */
  rungSink(name: string): RungSink {
    return this.#presentation.sink(name);
  }

  /** Where who makes a rung goes on; undefined: with the first segment that `follow` gives. */
  rungPosition(name: string): RungPosition | undefined {
    return this.#presentation.position(name);
  }

  /** Nobody makes the rung any more. It stays announced. */
  dropRung(name: string): void {
    this.#presentation.drop(name);
  }

  /** `failed` and `shed`: it is not announced any more, and dropped. */
  setRungState(name: string, state: RungStatus, reason?: string): void {
    this.#presentation.setState(name, state, reason);
  }

  /** When `tick` has something to do; may be early. */
  get deadline(): Millis | undefined {
    let earliest = this.#vacancyEnd;
    for (const at of [this.#presentation.deadline, this.#standInDue]) {
      if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
    }
    return earliest;
  }

  /**
   * Whether the stream is over, its playlist was kept long enough, and the output may be removed. While the stream lives,
   * somebody may be connected to it who sends nothing yet.
   */
  isRemovable(now: Millis): boolean {
    return this.#over && this.#endedAt !== undefined && now >= this.#endedAt + this.#linger;
  }

  /** A `MediaSink`. */
  readonly write = (event: MediaEvent, now: Millis): void => {
    if (this.#over) return;
    if (event.type === "gap" && event.reason === "publisher-lost") {
      this.#lostAt ??= now;
      this.#standIn ??= this.#beginStandIn();
    } else if (event.type === "tracks" || event.type === "packet") {
      this.#lostAt = undefined;
      if (this.#endedAt !== undefined) this.#revive();
      // So that what was hinted comes to be before the discontinuity.
      if (event.type === "tracks" && !this.#rendition.continues(event.tracks)) this.#standIn ??= this.#beginStandIn();
    }
    if (this.#standIn) {
      if (event.type === "tracks") this.#nextTracks = event;
      if (event.type === "tracks" || event.type === "gap") return;
      if (event.type === "packet") this.#takeOver(this.#standIn, event, now);
    } else if (event.type === "packet" && this.#resumedEnd !== undefined) {
      this.#shift.moveBehind(this.#resumedEnd, event);
      this.#resumedEnd = undefined;
    }
    if (event.type === "end") this.#over = true;
    this.#forward(event, now);
    if (event.type === "end") this.#end(now);
    this.#presentation.settle(now);
  };

  /** Lists a date range for viewers; ignored while there is nothing to play. */
  addDateRange(range: DateRange, now: Millis): void {
    if (!this.#presentation.isPlayable || this.#endedAt !== undefined) return;
    this.#rendition.addDateRange(range);
    this.#presentation.settle(now);
  }

  tick(now: Millis): void {
    const { grace } = this.#options.config;
    if (this.#lostAt !== undefined && this.#endedAt === undefined && now >= this.#lostAt + grace) {
      this.#rendition.write({ type: "end" }, now);
      this.#end(now);
    }
    const due = this.#standInDue;
    if (due !== undefined && now >= due) this.#goOn(now);
    this.#presentation.tick(now);
  }

  /** Answers at once, or later when what is asked for is about to come. */
  request(resource: string, query: string, now: Millis, answer: AnswerCallback): Cancel | undefined {
    return this.#presentation.request(resource, query, now, answer);
  }

  /** Whoever still waits gets a 404: the output is being removed. */
  close(): void {
    this.#presentation.close(notFound("the stream has ended"));
  }

  /** When a playlist without publisher is closed, or a closed one removed. */
  get #vacancyEnd(): Millis | undefined {
    if (this.#endedAt !== undefined) return this.#over ? this.#endedAt + this.#linger : undefined;
    return this.#lostAt === undefined ? undefined : this.#lostAt + this.#options.config.grace;
  }

  get #linger(): Millis {
    if (!this.#presentation.isPlayable) return 0;
    return Math.max(ENDED_LINGER, this.#options.config.window);
  }

  #begin(
    firstMsn: number,
    discontinuitySequence: number,
    announced?: AnnouncedTargets,
    resume?: RenditionMemory,
  ): Rendition {
    const { config, wallclockAt, onTrackLeftOut, onRendition, recorder } = this.#options;
    return new Rendition({
      config,
      profile: this.#profile,
      firstMsn,
      discontinuitySequence,
      wallclockAt,
      onTrackLeftOut,
      onRendition: (onRendition || recorder) && this.#handOn,
      announced,
      resume,
      feed: this.#feed,
      onTracks: (tracks, separateAudio) => this.#presentation.setTracks(tracks, separateAudio),
      onDateRange: (range) => this.#presentation.addDateRange(range),
      others: () => this.#presentation.others(),
    });
  }

  #forward(event: MediaEvent, now: Millis): void {
    const placed = this.#shift.apply(event);
    if (placed.type === "packet") this.#lastMediaAt = now;
    this.#now = now;
    if (!this.#missing.before(placed, this.#writeSilence)) return;
    this.#last.note(placed);
    this.#rendition.write(placed, now);
  }

  readonly #writeSilence = (packet: Packet): void => this.#rendition.write(packet, this.#now);

  #end(now: Millis): void {
    this.#standIn = undefined;
    this.#nextTracks = undefined;
    this.#lastMediaAt = undefined;
    this.#endedAt ??= now;
  }

  /** When an absent encoder is to be stood in for, or the one that stands in has its next part to make. */
  get #standInDue(): Millis | undefined {
    const since = this.#lastMediaAt;
    if (since === undefined) return undefined;
    const standIn = this.#standIn;
    if (!standIn) return since + SILENT_PATIENCE;
    return standIn.now > since ? standIn.now + this.#rendition.window.targets.part * 1000 : since + LOST_PATIENCE;
  }

  #goOn(now: Millis): void {
    const standIn = (this.#standIn ??= this.#beginStandIn());
    standIn?.advance(now, this.#writeStandIn);
  }

  readonly #writeStandIn = (packet: Packet, at: Millis): void => {
    this.#missing.before(packet, NOTHING);
    this.#rendition.write(packet, at);
  };

  /** The encoder went away with the process that made all this. */
  #resume({ state: { tracks, packets, position } }: RenditionMemory, now: Millis): void {
    this.#last.resume(tracks, packets, position.ends);
    this.#missing.before({ type: "tracks", tracks }, NOTHING);
    const wallclock = this.#options.wallclockAt(now);
    // The time since then is made up for, so that none is missing.
    this.#lastMediaAt = now - Math.max(0, wallclock - (this.#rendition.endsAt ?? wallclock));
    this.#lostAt = now;
    this.#standIn = this.#beginStandIn();
    if (!this.#standIn) this.#resumedEnd = this.#last.end;
  }

  readonly #handOn = (event: RenditionEvent): void => {
    this.#copy(event);
    this.#record(event);
  };

  #record(event: RenditionEvent): void {
    const rendition = this.#rendition;
    this.#options.recorder?.(event, {
      tracks: rendition.tracks,
      packets: this.#last.packets,
      discontinuitySequence: rendition.nextDiscontinuity - 1,
      announced: rendition.announced,
      position: rendition.position,
    });
  }

  /** A copy of the stream, such as files, gets the encoder's media alone, with a discontinuity where that is taken up again. */
  readonly #copy = (event: RenditionEvent): void => {
    const { onRendition } = this.#options;
    if (this.#isCopied === "from-next" && event.type === "open") {
      this.#isCopied = "yes";
      onRendition?.({ ...event, discontinuity: true });
    } else if (this.#isCopied === "yes" || event.type === "end") onRendition?.(event);
  };

  #beginStandIn(): StandIn | undefined {
    const since = this.#lastMediaAt;
    const { window } = this.#rendition;
    const partStart = () => this.#rendition.partStart;
    const { grace, standIn: isOffered } = this.#options.config;
    const isWanted = since !== undefined && this.#presentation.isPlayable && grace > 0 && isOffered;
    const standIn = isWanted && StandIn.after(this.#last, { since, frame: window.targets.part, partStart });
    if (!standIn) {
      // There will be no other answer until there is media again.
      this.#lastMediaAt = undefined;
      // Files are as complete as they will be for now.
      if (this.#lostAt !== undefined && this.#options.onRendition) this.#rendition.endSegment();
      return undefined;
    }
    this.#rendition.isStoodIn = true;
    // From the encoder's keyframes, not from these.
    window.targets.fix(window.longest);
    if (window.nextPart?.part !== 0) this.#rendition.keepSegment();
    if (this.#options.onRendition) {
      this.#rendition.endSegment();
      this.#isCopied = "no";
    }
    if (standIn.tracks.length < this.#last.tracks.filter((track) => track.kind !== "data").length) {
      this.#rendition.write({ type: "tracks", tracks: standIn.tracks }, since);
    }
    return standIn;
  }

  /** An encoder is back. */
  #takeOver(standIn: StandIn, first: Packet, now: Millis): void {
    this.#standIn = undefined;
    this.#rendition.isStoodIn = false;
    if (this.#isCopied === "no") this.#isCopied = "from-next";
    const tracks = this.#nextTracks ?? { type: "tracks", tracks: this.#last.tracks };
    this.#nextTracks = undefined;
    if (this.#rendition.continues(tracks.tracks)) standIn.advance(now, this.#writeStandIn);
    else standIn.finish(now, this.#writeStandIn);
    this.#forward({ type: "gap", reason: "publisher-lost" }, now);
    this.#forward(tracks, now);
    this.#shift.moveBehind(standIn.end, first);
  }

  /** A publisher after the playlist was closed: a new playlist, with numbers above those of the old one. */
  #revive(): void {
    this.#endedAt = undefined;
    const { nextMsn, nextDiscontinuity } = this.#rendition;
    this.#rendition = this.#begin(nextMsn, nextDiscontinuity);
    this.#presentation.restart(this.#rendition);
  }
}
