import type { Packet } from "../media/event.ts";
import { rescale, type Ticks } from "../media/time.ts";
import { CmafWriter } from "./cmaf-writer.ts";
import type { MuxedTracks } from "./muxed-tracks.ts";
import { FollowedAudio, FollowedVideo, PendingPackets } from "./pending-media.ts";
import type { RenditionSink } from "./rendition.ts";
import type { FeedEvent, FeedStart, RungPosition } from "./rung-feed.ts";
import { TsWriter } from "./ts-writer.ts";

export type FollowingPackagerOptions = {
  /** What comes before was made by another: cuts before it are passed over, and the media between them. */
  readonly from?: RungPosition;
  /** How far the media may be behind the cuts before `onBehind` is called; seconds. */
  readonly maxBehind?: number;
  readonly onBehind?: (seconds: number) => void;
};

type Open = FeedEvent & { readonly type: "open" };
type Part = FeedEvent & { readonly type: "part" };
type SegmentEnd = FeedEvent & { readonly type: "segment" };
type Cut = Open | Part | SegmentEnd | (FeedEvent & { readonly type: "break" | "end" });

/** Media between two discontinuities. */
type Run = { readonly video: FollowedVideo; readonly audio: FollowedAudio | undefined };

/**
 * Packages a rung: packets of its own, cut where the lead rendition was cut. Media may come long after the cuts; a part is
 * written once a packet came that is behind it, or `complete` says that none before it is missing.
 */
export class FollowingPackager {
  readonly #options: FollowingPackagerOptions;
  readonly #sink: RenditionSink;
  readonly #video = new PendingPackets();
  readonly #audio = new PendingPackets();
  #from: RungPosition | undefined;
  #start: FeedStart | undefined;
  #cmaf: CmafWriter | undefined;
  #ts: TsWriter | undefined;
  #tracks: MuxedTracks = {};
  #nextTracks: MuxedTracks | undefined;
  #cuts: Cut[] = [];
  /** The segment that parts belong to now. */
  #open: Open | undefined;
  /** Parts of it that were passed over, and their length in seconds. */
  #passed = { parts: 0, duration: 0 };
  #run: Run | undefined;
  /** Every packet of the leading track before this is here; ticks of that track. */
  #frontier: Ticks = Number.NEGATIVE_INFINITY;
  #lastEnd: Ticks = 0;
  /** Ticks per second of the cuts. */
  #timescale = 1;

  constructor(options: FollowingPackagerOptions, sink: RenditionSink) {
    this.#options = options;
    this.#sink = sink;
    this.#from = options.from;
  }

  /** What the packets are of, from the next segment on. Call it when all that was before has been written or completed. */
  setTracks(tracks: MuxedTracks): void {
    this.#nextTracks = tracks;
    this.#settle();
  }

  /** Takes the cuts of a feed, and what else tells about all its rungs; not its packets and tracks. */
  follow(event: FeedEvent): void {
    switch (event.type) {
      case "packet":
      case "tracks":
        return;
      case "begin":
        this.#begin(event.start);
        return;
      case "open":
      case "part":
      case "segment":
      case "break":
      case "end":
        this.#cuts.push(event);
        this.#settle();
        this.#checkBehind(event);
        return;
      default:
        event satisfies never;
    }
  }

  /** A packet of one of the tracks. */
  write(packet: Packet): void {
    const { video, audio } = this.#nextTracks ?? this.#tracks;
    if (packet.track === video?.id) this.#video.push(packet);
    else if (packet.track === audio?.id) this.#audio.push(packet);
    else return;
    if (packet.track !== (video ?? audio)?.id) return;
    this.#frontier = Math.max(this.#frontier, packet.dts);
    this.#settle();
  }

  /** No packet of the leading track with a dts below this will come any more; of what was cut so far, with infinity. */
  complete(upTo: Ticks): void {
    const before = this.#frontier;
    this.#frontier = Math.max(before, upTo);
    this.#settle();
    if (upTo === Number.POSITIVE_INFINITY) this.#frontier = before;
  }

  #begin(start: FeedStart): void {
    this.#start = start;
    const { format, lowLatency, timeOffset, maxAudioDelay } = start;
    this.#cmaf = format === "cmaf" ? new CmafWriter(lowLatency, this.#sink) : undefined;
    if (this.#cmaf) this.#cmaf.timeOffset = timeOffset;
    this.#ts = format === "mpegts" ? new TsWriter(timeOffset, maxAudioDelay) : undefined;
    this.#nextTracks ??= this.#tracks;
    this.#cuts = [];
    this.#video.clear();
    this.#audio.clear();
    this.#open = undefined;
    this.#run = undefined;
    this.#frontier = Number.NEGATIVE_INFINITY;
  }

  #settle(): void {
    for (let cut = this.#cuts[0]; cut && this.#isComplete(cut); cut = this.#cuts[0]) {
      this.#cuts.shift();
      this.#apply(cut);
    }
  }

  /** Whether all media before it is here. */
  #isComplete(cut: Cut): boolean {
    if (cut.type !== "part" && !(cut.type === "segment" && this.#ts)) return true;
    const { video, audio } = this.#nextTracks ?? this.#tracks;
    const lead = video ?? audio;
    return lead !== undefined && this.#frontier >= this.#ticks(cut.end, lead.timescale);
  }

  #apply(cut: Cut): void {
    switch (cut.type) {
      case "open":
        this.#open = cut;
        this.#timescale = cut.timescale;
        this.#passed = { parts: 0, duration: 0 };
        return;
      case "part":
        if (this.#isBefore(cut.msn, cut.part)) this.#pass(cut);
        else this.#writePart(cut);
        return;
      case "segment":
        this.#endSegment(cut);
        return;
      case "break":
        this.#endRun();
        this.#sink({ type: "break" });
        return;
      case "end":
        this.#sink({ type: "end" });
        return;
      default:
        cut satisfies never;
    }
  }

  #isBefore(msn: number, part: number): boolean {
    const from = this.#from;
    return from !== undefined && (msn < from.msn || (msn === from.msn && part < from.part));
  }

  /** Another has made it. */
  #pass({ start, end }: Part): void {
    const { parts, duration } = this.#passed;
    this.#passed = { parts: parts + 1, duration: duration + (end - start) / this.#timescale };
    this.#forget(end);
  }

  #writePart(cut: Part): void {
    const open = this.#open;
    const writer = this.#cmaf;
    if (!open || !writer) return;
    if (!writer.isOpen && this.#nextTracks) this.#run = undefined;
    const run = (this.#run ??= this.#beginRun(cut.start));
    const { video, audio } = this.#tracks;
    const pictures = video && run.video.take(this.#ticks(cut.end, video.timescale));
    const sound = audio && run.audio?.take(this.#ticks(cut.end, audio.timescale));
    if (!writer.isOpen) this.#openSegment(writer, open, pictures?.startsWithKey ?? true);
    this.#lastEnd = cut.end;
    writer.part({ ...cut, video: pictures?.run, audio: sound, independent: pictures?.hasKey ?? true }, open.timescale);
  }

  #openSegment(writer: CmafWriter, { msn, wallclock, discontinuity }: Open, independent: boolean): void {
    const { parts, duration } = this.#passed;
    if (parts > 0) writer.resume({ sequence: 0, open: { msn, pieces: [], parts, duration, independent: true } });
    else writer.open(msn, wallclock, discontinuity, independent);
  }

  #endSegment({ msn, end }: SegmentEnd): void {
    const open = this.#open;
    this.#open = undefined;
    if (!open) return;
    if (this.#ts) {
      if (this.#isBefore(msn, 0)) this.#forget(end);
      else this.#writeTs(this.#ts, open, end);
      return;
    }
    const from = this.#from;
    const writer = this.#cmaf;
    // Only its end was missing.
    if (writer && !writer.isOpen && from?.msn === msn && from.part > 0) this.#openSegment(writer, open, true);
    writer?.close();
  }

  #writeTs(writer: TsWriter, { msn, wallclock, discontinuity, start, timescale }: Open, end: Ticks): void {
    if (this.#nextTracks) this.#run = undefined;
    this.#run ??= this.#beginRun(start);
    const { video, audio } = this.#tracks;
    const pictures = video ? this.#video.take(this.#ticks(end, video.timescale)) : [];
    const sound = audio ? this.#audio.take(this.#ticks(end, audio.timescale)) : [];
    this.#lastEnd = end;
    const bytes = writer.segment(pictures, sound);
    const independent = video === undefined || pictures[0]?.key === true;
    this.#sink({ type: "open", msn, wallclock, discontinuity, init: undefined });
    this.#sink({ type: "segment", msn, bytes, duration: (end - start) / timescale, independent });
  }

  /** @param start what is before it is not in the lead either, or was made by another */
  #beginRun(start: Ticks): Run {
    this.#takeTracks();
    const { video, audio } = this.#tracks;
    if (video) this.#video.take(this.#ticks(start, video.timescale));
    const sound = audio && this.#cmaf ? new FollowedAudio(audio, this.#audio) : undefined;
    if (audio) {
      const from = this.#ticks(start, audio.timescale);
      if (sound) sound.drop(from);
      else this.#audio.take(from);
    }
    return { video: new FollowedVideo(this.#video), audio: sound };
  }

  #takeTracks(): void {
    const next = this.#nextTracks;
    if (!next) return;
    this.#nextTracks = undefined;
    this.#tracks = next;
    this.#cmaf?.setTracks(next);
    this.#ts?.setTracks(next);
  }

  #endRun(): void {
    const { audio } = this.#tracks;
    if (audio) this.#run?.audio?.close(this.#ticks(this.#lastEnd, audio.timescale));
    this.#run = undefined;
    this.#forget(this.#lastEnd);
  }

  #forget(end: Ticks): void {
    const { video, audio } = this.#nextTracks ?? this.#tracks;
    if (video) this.#video.take(this.#ticks(end, video.timescale));
    if (audio) this.#audio.take(this.#ticks(end, audio.timescale));
  }

  /** A time of the cuts in ticks of a track. */
  #ticks(time: Ticks, timescale: number): Ticks {
    return rescale(time, this.#timescale, timescale);
  }

  #checkBehind(latest: Cut): void {
    const { maxBehind = Number.POSITIVE_INFINITY, onBehind } = this.#options;
    const first = this.#cuts.find((cut) => cut.type === "part" || cut.type === "segment");
    if (!first || (latest.type !== "part" && latest.type !== "segment")) return;
    const behind = (latest.end - first.end) / this.#timescale;
    if (behind > maxBehind) onBehind?.(behind);
  }
}
