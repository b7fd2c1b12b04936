import { formatMultivariantPlaylist } from "../formats/m3u8/multivariant-playlist.ts";
import type { DateRange } from "../media/date-range.ts";
import type { Millis } from "../media/time.ts";
import type { Track } from "../media/track.ts";
import { type AnswerCallback, type Cancel, notFound, type OriginAnswer, type Playlist, unavailable } from "./answer.ts";
import type { HlsConfig } from "./config.ts";
import type { LeadFeed } from "./lead-feed.ts";
import type { PlaylistProfile, RenditionNames } from "./media-playlists.ts";
import {
  type AudioDescription,
  describeTracks,
  toMultivariantPlaylist,
  type VariantDescription,
  withHeadroom,
} from "./multivariant.ts";
import { cmafNames, LEAD, type NamedResource, parseResource, playlistName, tsNames } from "./names.ts";
import type { Rendition } from "./rendition-pipeline.ts";
import type { OtherRendition } from "./rendition-playlists.ts";
import { type RenditionView, viewOfLead, viewOfRung } from "./rendition-view.ts";
import { Rung } from "./rung.ts";
import type { RungDescription, RungPosition, RungSink, RungState, RungStatus } from "./rung-feed.ts";
import { TrackRung } from "./track-rung.ts";
import { trackRungs } from "./track-rungs.ts";
import { START_PATIENCE, ViewerRequests } from "./viewer-requests.ts";
import { Waiters } from "./waiters.ts";

export type PresentationOptions = {
  readonly config: HlsConfig;
  /** Of the lead. */
  readonly profile: PlaylistProfile;
  readonly feed: LeadFeed;
  readonly maxWaiters: number;
  readonly onFault: (error: unknown) => void;
  /** Somebody asks for a rung that is not made here. */
  readonly onRungWanted?: (name: string, now: Millis) => void;
};

/** A rung that is made here, of tracks of the stream. */
type OwnRung = { readonly rung: Rung; readonly stop: () => void };

/** All renditions of a stream: the lead, and the rungs beside it. Answers what viewers ask of any of them. */
export class Presentation {
  readonly #options: PresentationOptions;
  readonly #waiters: Waiters;
  readonly #mediaType: string;
  #lead: Rendition;
  #requests: ViewerRequests;
  /** Announced by who makes them. */
  #announced: readonly RungDescription[] = [];
  /** Further tracks of the stream. */
  #ofTracks: readonly RungDescription[] = [];
  readonly #rungs = new Map<string, Rung>();
  readonly #own = new Map<string, OwnRung>();
  #settledVersion = -1;
  #multivariantText = "";
  #multivariant: Playlist | undefined;
  /** Renditions that reports may be about, by the one that asks. */
  readonly #others = new Map<string, readonly OtherRendition[]>();
  #now: Millis = 0;

  constructor(lead: Rendition, options: PresentationOptions) {
    this.#options = options;
    this.#mediaType = options.config.format === "mpegts" ? "video/mp2t" : "video/mp4";
    this.#waiters = new Waiters(options.maxWaiters, options.onFault);
    this.#lead = lead;
    this.#requests = this.#requestsOf(lead);
  }

  /** Whether there is something to play. */
  get isPlayable(): boolean {
    return this.#requests.isPlayable;
  }

  /** Those that are being made, the lead first. */
  get renditions(): readonly RenditionView[] {
    const { muxed, window, frameRate } = this.#lead;
    const rungs = [...this.#rungs.values()].filter(({ isAnnounced }) => isAnnounced);
    return [viewOfLead(muxed, window, frameRate), ...rungs.flatMap((rung) => viewOfRung(rung, frameRate) ?? [])];
  }

  /** Somebody wants all rungs that can be made. */
  wantAll(now: Millis): void {
    for (const [name, { description, isAnnounced }] of this.#rungs) {
      if (isAnnounced && !description.of) this.#options.onRungWanted?.(name, now);
    }
  }

  get rungs(): readonly RungState[] {
    return [...this.#rungs.values()].map((rung) => rung.state);
  }

  /** Requests that wait for media. */
  get waiting(): number {
    let waiting = this.#waiters.size;
    for (const { waiters } of this.#rungs.values()) waiting += waiters.size;
    return waiting;
  }

  /** When a request has waited long enough. */
  get deadline(): Millis | undefined {
    let earliest = this.#waiters.deadline;
    for (const { waiters } of this.#rungs.values()) {
      const { deadline } = waiters;
      if (deadline !== undefined && (earliest === undefined || deadline < earliest)) earliest = deadline;
    }
    return earliest;
  }

  get bytesHeld(): number {
    let bytes = this.#lead.window.bytesHeld;
    for (const { window } of this.#rungs.values()) bytes += window?.bytesHeld ?? 0;
    return bytes;
  }

  /** The playlists begin anew, with another lead. */
  restart(lead: Rendition): void {
    this.#waiters.dismiss(notFound("the playlist has ended"));
    for (const name of [...this.#rungs.keys()]) this.#remove(name, "the playlist has ended");
    this.#lead = lead;
    this.#requests = this.#requestsOf(lead);
    this.#ofTracks = [];
    this.#update();
  }

  announce(rungs: readonly RungDescription[]): void {
    this.#announced = rungs;
    this.#update();
  }

  /** Further video and audio tracks become rungs. */
  setTracks(tracks: readonly Track[], separateAudio: boolean): void {
    const rungs = trackRungs(tracks, this.#lead.canCarry, separateAudio);
    if (rungs.length === 0 && this.#ofTracks.length === 0) return;
    this.#ofTracks = rungs;
    this.#update();
  }

  sink(name: string): RungSink {
    return (event) => {
      const rung = this.#rungs.get(name);
      if (!rung) return;
      const { window } = rung;
      rung.write(event);
      if (rung.window !== window) this.#others.clear();
      if (rung.waiters.size > 0) rung.waiters.settle(this.#now);
    };
  }

  /** Where who makes the rung goes on. Undefined where nothing is there to go on with: the playlist begins anew. */
  position(name: string): RungPosition | undefined {
    const rung = this.#rungs.get(name);
    const position = rung?.position;
    const first = this.#options.feed.firstMsn;
    if (!rung || !position) return undefined;
    if (first !== undefined && position.msn >= first) return position;
    rung.drop("the playlist begins anew");
    this.#others.clear();
    return undefined;
  }

  drop(name: string): void {
    this.#rungs.get(name)?.drop("nobody makes this rendition at the moment");
    this.#others.clear();
  }

  setState(name: string, status: RungStatus, reason?: string): void {
    const rung = this.#rungs.get(name);
    if (!rung) return;
    rung.status = status;
    rung.reason = reason;
    if (rung.isAnnounced) return;
    rung.drop(reason ?? status);
    this.#others.clear();
  }

  addDateRange(range: DateRange): void {
    for (const { window } of this.#rungs.values()) {
      if (window?.lastMsn !== undefined || window?.open) window.write({ type: "date-range", range });
    }
  }

  request(resource: string, query: string, now: Millis, answer: AnswerCallback): Cancel | undefined {
    this.#now = now;
    const named = parseResource(resource);
    if (!named) return this.#refuse(answer, notFound("no such resource"));
    if (named.type === "multivariant") return this.#requests.multivariant(now, answer, () => this.#render());
    if (named.rendition === LEAD) return ask(this.#requests, named, query, now, answer);
    const rung = this.#rungs.get(named.rendition);
    if (!rung) {
      const isStarting = named.type === "playlist" && !this.isPlayable && !this.#lead.window.ended;
      return this.#refuse(
        answer,
        isStarting ? unavailable("the stream is starting", 1) : notFound("no such rendition"),
      );
    }
    if (!rung.isAnnounced) return this.#refuse(answer, notFound(rung.reason ?? rung.status));
    if (!rung.window && (named.type === "media" || this.#lead.window.ended)) {
      return this.#refuse(answer, notFound("no such media, or no longer"));
    }
    if (!rung.description.of) this.#options.onRungWanted?.(named.rendition, now);
    const { window } = rung;
    const { requests } = rung;
    // The first request makes the window, which the others' playlists report of.
    if (rung.window !== window) this.#others.clear();
    return ask(requests, named, query, now, answer);
  }

  /** Answers who waited for what has come. */
  settle(now: Millis): void {
    this.#now = now;
    const { version } = this.#lead.window;
    if (version === this.#settledVersion) return;
    this.#settledVersion = version;
    if (this.#waiters.size > 0) this.#waiters.settle(now);
  }

  /** Answers who has waited long enough. */
  tick(now: Millis): void {
    this.#now = now;
    this.#settledVersion = this.#lead.window.version;
    this.#waiters.settle(now);
    for (const { waiters } of this.#rungs.values()) waiters.settle(now);
  }

  /** Whoever still waits gets this answer. */
  close(answer: OriginAnswer): void {
    this.#waiters.dismiss(answer);
    for (const { waiters } of this.#rungs.values()) waiters.dismiss(answer);
  }

  /** What is wanted now becomes what there is. */
  #update(): void {
    const wanted = new Map<string, RungDescription>();
    for (const rung of [...this.#ofTracks, ...this.#announced]) if (!wanted.has(rung.name)) wanted.set(rung.name, rung);
    for (const [name, { description }] of this.#rungs) {
      const next = wanted.get(name);
      if (!next || !isSameSource(next, description)) this.#remove(name, "no such rendition any more");
    }
    for (const [name, description] of wanted) {
      const known = this.#rungs.get(name);
      if (known) known.description = description;
      else this.#add(name, description);
    }
    this.#others.clear();
  }

  #add(name: string, description: RungDescription): void {
    const { config, feed, maxWaiters, onFault } = this.#options;
    const rung = new Rung(description, this.#lead, {
      profile: { ...this.#options.profile, names: this.#namesOf(name) },
      windowMs: config.window,
      mediaType: this.#mediaType,
      maxWaiters,
      onFault,
      others: () => this.#othersOf(name),
    });
    this.#rungs.set(name, rung);
    if (!description.of) return;
    rung.status = "running";
    const maker = new TrackRung({
      of: description.of,
      canCarry: this.#lead.canCarry,
      sink: this.sink(name),
      onStopped: () => this.setState(name, "failed", "the encoder does not send this track any more"),
      onResumed: () => this.setState(name, "running"),
    });
    this.#own.set(name, { rung, stop: feed.follow(maker.follow, this.#now) });
  }

  #remove(name: string, reason: string): void {
    this.#own.get(name)?.stop();
    this.#own.delete(name);
    this.#rungs.get(name)?.drop(reason);
    this.#rungs.delete(name);
  }

  #render(): Playlist {
    const description = { variants: this.#variants(), audio: this.#audio() };
    const text = formatMultivariantPlaylist(toMultivariantPlaylist(description, this.#options.profile.version));
    if (!this.#multivariant || text !== this.#multivariantText) {
      this.#multivariantText = text;
      this.#multivariant = { kind: "playlist", bytes: encoder.encode(text) };
    }
    return this.#multivariant;
  }

  /** The lead as a variant. */
  describeLead(uri: string): VariantDescription {
    const { muxed, window, frameRate } = this.#lead;
    return describeTracks(uri, muxed, window.bandwidth, frameRate);
  }

  /** The source, then the rungs as they are announced, the largest first, sound alone at last. */
  #variants(): VariantDescription[] {
    const rungs = this.#listed().filter(({ description }) => !description.alternative);
    const size = ({ description: { resolution, bandwidth } }: Rung) =>
      (resolution ? resolution.width * resolution.height : 0) * 1e9 + bandwidth.peak;
    const lead = this.describeLead(playlistName(LEAD));
    return [lead, ...rungs.sort((a, b) => size(b) - size(a)).map((rung) => describeRung(rung, lead.frameRate))];
  }

  #audio(): AudioDescription[] {
    return this.#listed().flatMap(({ description, measured }) => {
      const { alternative, codecs, bandwidth, name } = description;
      if (!alternative) return [];
      const rate = measured ? withHeadroom(measured) : bandwidth;
      return [{ ...alternative, uri: playlistName(name), codecs, bandwidth: rate }];
    });
  }

  /** Those that can be delivered; of those made here, once there is something of them. */
  #listed(): Rung[] {
    return [...this.#rungs.values()].filter(
      ({ isAnnounced, description, window }) => isAnnounced && (!description.of || window?.lastMsn !== undefined),
    );
  }

  #othersOf(rendition: string): readonly OtherRendition[] {
    const known = this.#others.get(rendition);
    if (known) return known;
    const others: OtherRendition[] = [];
    if (rendition !== LEAD) others.push({ uri: playlistName(LEAD), window: this.#lead.window });
    for (const [name, { window }] of this.#rungs) {
      if (window && name !== rendition) others.push({ uri: playlistName(name), window });
    }
    this.#others.set(rendition, others);
    return others;
  }

  #namesOf(rendition: string): RenditionNames {
    return this.#options.config.format === "mpegts" ? tsNames(rendition) : cmafNames(rendition);
  }

  #requestsOf(lead: Rendition): ViewerRequests {
    const options = { mediaType: this.#mediaType, patience: START_PATIENCE, isKnown: lead.announced !== undefined };
    return new ViewerRequests(lead, this.#options.profile, this.#waiters, options);
  }

  #refuse(answer: AnswerCallback, reason: OriginAnswer): undefined {
    this.#waiters.call(answer, reason);
    return undefined;
  }

  /** For the lead's playlists. */
  readonly others = (): readonly OtherRendition[] => this.#othersOf(LEAD);
}

const encoder = new TextEncoder();

function ask(
  requests: ViewerRequests,
  named: Exclude<NamedResource, { readonly type: "multivariant" }>,
  query: string,
  now: Millis,
  answer: AnswerCallback,
): Cancel | undefined {
  if (named.type === "playlist") return requests.playlist(query, now, answer);
  return requests.media(named.media, now, answer);
}

/** Whether a rung goes on as it is under another description. */
function isSameSource(a: RungDescription, b: RungDescription): boolean {
  return a.kind === b.kind && a.of?.video === b.of?.video && a.of?.audio === b.of?.audio;
}

function describeRung({ description, measured }: Rung, leadRate: number | undefined): VariantDescription {
  const { name, codecs, resolution, frameRate, frameDivisor, videoRange, bandwidth } = description;
  const followed = leadRate !== undefined && frameDivisor !== undefined ? leadRate / frameDivisor : undefined;
  const rate = measured ? withHeadroom(measured) : bandwidth;
  return {
    uri: playlistName(name),
    codecs,
    resolution,
    frameRate: followed ?? frameRate,
    videoRange,
    bandwidth: rate,
  };
}
