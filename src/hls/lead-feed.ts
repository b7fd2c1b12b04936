import type { Packet } from "../media/event.ts";
import type { Millis, Ticks } from "../media/time.ts";
import type { Track, TrackId } from "../media/track.ts";
import type { FeedEvent, FeedSink, FeedStart } from "./rung-feed.ts";

/** Complete segments kept for those who begin to follow: as many as a first playlist needs. */
const BACKLOG_SEGMENTS = 3;
/** Less is kept of a stream with very long segments. */
const MAX_BACKLOG_BYTES = 64 * 1024 ** 2;
/** Cuts remembered to place the frames of further video tracks, which come a little later than the lead's. */
const REMEMBERED_CUTS = 4;

type FeedOpen = FeedEvent & { readonly type: "open" };
type TracksEvent = FeedEvent & { readonly type: "tracks" };

/** One segment, and what came since the one before. */
type Chunk = {
  readonly tracks: TracksEvent | undefined;
  readonly msn: number;
  readonly events: FeedEvent[];
  bytes: number;
};

/** Where a part ended, and which time of the source separates the frames before it from those behind it. */
type Boundary = { readonly end: Ticks; readonly behind: Ticks };

export type FeedPart = {
  readonly start: Ticks;
  readonly end: Ticks;
  readonly lastExpected: boolean;
  /** Frames of the source from this time on are behind the part, where that is not `end`. */
  readonly behind: Ticks;
};

/** Tells what the lead rendition is made of and where it was cut, as `FeedEvent`s, and keeps the latest for those who come. */
export class LeadFeed {
  readonly #start: Omit<FeedStart, "timeOffset">;
  readonly #followers = new Set<FeedSink>();
  #isActive: boolean;
  /** The first chunk kept begins with a segment. */
  #isWhole = true;
  #begin: (FeedEvent & { readonly type: "begin" }) | undefined;
  #tracks: TracksEvent | undefined;
  #chunks: Chunk[] = [];
  #msn = 0;
  #part = 0;
  #discontinuitySequence = 0;
  #boundaries: Boundary[] = [];
  #otherVideo = new Set<TrackId>();
  /** Of the event that is being written. */
  now: Millis = 0;
  /** Program date-time of the latest segment. */
  wallclock: Millis = 0;

  /** @param isActive whether anybody may follow; see `activate` */
  constructor(start: Omit<FeedStart, "timeOffset">, isActive: boolean) {
    this.#start = start;
    this.#isActive = isActive;
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  /** Media sequence number of the first segment that is kept whole; undefined before there is one. */
  get firstMsn(): number | undefined {
    return this.#chunks[0]?.msn;
  }

  /** Somebody may follow from now on, and gets what comes behind the next segment. */
  activate(): void {
    if (this.#isActive) return;
    this.#isActive = true;
    this.#isWhole = this.#begin === undefined;
  }

  /**
   * The playlists begin anew.
   * @param discontinuitySequence of their first segment, but for its own discontinuity
   * @param isWhole the first media begins a segment
   */
  restart(firstMsn: number, discontinuitySequence: number, isWhole: boolean): void {
    this.#msn = firstMsn;
    this.#discontinuitySequence = discontinuitySequence;
    this.#begin = undefined;
    this.#tracks = undefined;
    this.#chunks = [];
    this.#boundaries = [];
    this.#isWhole = isWhole;
  }

  /** The first media comes. @param timeOffset whole seconds */
  begin(timeOffset: number): void {
    if (this.#begin) return;
    this.#begin = { type: "begin", start: { ...this.#start, timeOffset } };
    if (!this.#isActive) return;
    this.#hand(this.#begin);
    if (this.#tracks) this.#hand(this.#tracks);
  }

  setTracks(tracks: readonly Track[], separateAudio: boolean): void {
    const lead = tracks.find((track) => track.kind === "video");
    this.#otherVideo = new Set(tracks.filter((track) => track.kind === "video" && track !== lead).map(({ id }) => id));
    this.#tracks = { type: "tracks", tracks, separateAudio };
    if (this.#begin && this.#isActive) this.#add(this.#tracks, 0);
  }

  /** A packet of the lead. @param dts as written */
  packet(packet: Packet, dts: Ticks): void {
    if (!this.#isActive) return;
    this.#add(dts === packet.dts ? packet : { ...packet, dts }, packet.data.length);
  }

  /** A packet that is not in the lead. */
  otherPacket(packet: Packet): void {
    if (!this.#isActive || !this.#begin) return;
    this.packet(packet, this.#otherVideo.has(packet.track) ? this.#place(packet.dts) : packet.dts);
  }

  /** Stands behind the rendition's own event, and so behind `wallclock`. */
  open(segment: Pick<FeedOpen, "msn" | "discontinuity" | "timescale" | "start">): void {
    this.#msn = segment.msn;
    this.#part = 0;
    if (segment.discontinuity) this.#discontinuitySequence++;
    if (!this.#isActive) return;
    const { wallclock } = this;
    const discontinuitySequence = this.#discontinuitySequence;
    this.#add({ type: "open", ...segment, wallclock, discontinuitySequence }, 0);
  }

  part({ start, end, lastExpected, behind }: FeedPart): void {
    const part = this.#part++;
    if (!this.#isActive) return;
    this.#boundaries.push({ end, behind });
    if (this.#boundaries.length > REMEMBERED_CUTS) this.#boundaries.shift();
    this.#add({ type: "part", msn: this.#msn, part, start, end, lastExpected }, 0);
  }

  segment(end: Ticks): void {
    const msn = this.#msn++;
    if (!this.#isActive) return;
    this.#add({ type: "segment", msn, end }, 0);
    if (this.#isWhole) this.#beginChunk(msn + 1);
    // It is whole from here on.
    this.#isWhole = true;
  }

  break(): void {
    this.#boundaries = [];
    if (this.#isActive) this.#add({ type: "break" }, 0);
  }

  end(): void {
    if (this.#isActive) this.#add({ type: "end" }, 0);
  }

  /** Hands out what is kept, and then what comes. Returns how to stop it. */
  follow(sink: FeedSink, now: Millis): () => void {
    this.activate();
    if (this.#begin) {
      sink(this.#begin, now);
      const [first] = this.#chunks;
      const tracks = first ? first.tracks : this.#tracks;
      if (tracks) sink(tracks, now);
      for (const { events } of this.#chunks) for (const event of events) sink(event, now);
    }
    this.#followers.add(sink);
    return () => {
      this.#followers.delete(sink);
    };
  }

  #add(event: FeedEvent, bytes: number): void {
    if (this.#isWhole) {
      const chunk = this.#chunks[this.#chunks.length - 1] ?? this.#beginChunk(this.#msn);
      chunk.events.push(event);
      chunk.bytes += bytes;
    }
    this.#hand(event);
  }

  #hand(event: FeedEvent): void {
    for (const follower of this.#followers) follower(event, this.now);
  }

  #beginChunk(msn: number): Chunk {
    const chunk: Chunk = { tracks: this.#tracks, msn, events: [], bytes: 0 };
    const chunks = this.#chunks;
    chunks.push(chunk);
    let bytes = chunks.reduce((sum, one) => sum + one.bytes, 0);
    while (chunks.length > BACKLOG_SEGMENTS + 1 || (bytes > MAX_BACKLOG_BYTES && chunks.length > 1)) {
      bytes -= chunks.shift()?.bytes ?? 0;
    }
    return chunk;
  }

  /** The dts of a frame of another video track, on the side of each cut on which the lead's frame of the same time is. */
  #place(dts: Ticks): Ticks {
    let place = dts;
    for (const { end, behind } of this.#boundaries) {
      if (dts >= behind) place = Math.max(place, end);
      else place = Math.min(place, end - 1);
    }
    return place;
  }
}
