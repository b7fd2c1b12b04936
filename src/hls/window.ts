import type { Millis } from "../media/time.ts";
import { DateRanges } from "./date-ranges.ts";
import type { RenditionEvent } from "./rendition.ts";
import { joinPieces, newSegment, type StoredSegment, type WindowSegment } from "./stored-segment.ts";
import type { PlaylistTargets } from "./targets.ts";

export type WindowOptions = {
  readonly targets: PlaylistTargets;
  /** How much of the past is listed. */
  readonly windowMs: Millis;
  /** EXT-X-DISCONTINUITY-SEQUENCE of the first playlist. */
  readonly discontinuitySequence: number;
  /** The lead rendition, with the same targets: what is announced holds for both. */
  readonly beside?: RenditionWindow;
  /** Media is dropped beyond this, whatever its times say. */
  readonly maxBytes?: number;
};

/** A segment that left the playlist is dropped when so much media has passed, in seconds. */
type Retired = { readonly segment: StoredSegment; readonly until: number };

/** Fewer listed segments make players start over or stall (Apple's authoring rules). */
const MIN_SEGMENTS = 6;
/** CAN-SKIP-UNTIL must be six target durations at least (RFC 8216bis 4.4.3.8). */
const SKIP_TARGETS = 6;
const MAX_BYTES = 1024 ** 3;
/** More would only come of times that barely move. */
const MAX_SEGMENTS = 1_000;
const NO_BYTES = new Uint8Array(0);

/**
 * Holds the segments, parts and initialization sections of a rendition that viewers may ask for. Bytes are held once: a
 * segment is the pieces it came in until somebody asks for the whole, from then on the parts are views of that.
 */
export class RenditionWindow {
  readonly targets: PlaylistTargets;
  readonly dateRanges = new DateRanges();
  readonly #windowSeconds: number;
  readonly #maxBytes: number;
  readonly #beside: RenditionWindow | undefined;
  readonly #inits = new Map<number, Uint8Array>();
  #segments: StoredSegment[] = [];
  #open: StoredSegment | undefined;
  #retired: Retired[] = [];
  #listed = 0;
  #elapsed = 0;
  #bytes = 0;
  #version = 0;
  #discontinuitySequence: number;
  #broken = true;
  #ended = false;
  #lastExpected = false;
  #peak = 0;
  #totalBytes = 0;
  #totalSeconds = 0;

  constructor(options: WindowOptions) {
    this.targets = options.targets;
    this.#windowSeconds = options.windowMs / 1000;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
    this.#discontinuitySequence = options.discontinuitySequence;
    this.#beside = options.beside;
  }

  /** Changes whenever the playlists do. */
  get version(): number {
    return this.#version;
  }

  /** The complete segments of the playlist, oldest first. */
  get segments(): readonly WindowSegment[] {
    return this.#segments;
  }

  /** The segment that parts are being added to. */
  get open(): WindowSegment | undefined {
    return this.#open;
  }

  /** Seconds of media that ever were in it, complete segments and parts. */
  get elapsed(): number {
    return this.#elapsed + (this.#open?.duration ?? 0);
  }

  get discontinuitySequence(): number {
    return this.#discontinuitySequence;
  }

  /** Between two runs of media: what comes next is behind a discontinuity. */
  get broken(): boolean {
    return this.#broken;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Media bytes held, for the playlist and for those who still read what left it. */
  get bytesHeld(): number {
    return this.#bytes;
  }

  /** Media sequence number of the latest complete segment. */
  get lastMsn(): number | undefined {
    return this.#segments[this.#segments.length - 1]?.msn;
  }

  /** The part that is expected next; undefined when that cannot be told. */
  get nextPart(): { readonly msn: number; readonly part: number } | undefined {
    if (this.#ended || this.#broken) return undefined;
    const open = this.#open;
    if (open && !this.#lastExpected) return { msn: open.msn, part: open.parts.length };
    const last = open?.msn ?? this.lastMsn;
    return last === undefined ? undefined : { msn: last + 1, part: 0 };
  }

  /** Of all that has been held; bits per second. */
  get bandwidth(): { readonly peak: number; readonly average: number } {
    return {
      peak: this.#peak,
      average: this.#totalSeconds > 0 ? (this.#totalBytes * 8) / this.#totalSeconds : 0,
    };
  }

  /** Longest segment listed here or in the rendition beside, or open segment with a part more; seconds. */
  get longest(): number {
    let longest = Math.max(this.#beside?.longest ?? 0, this.#open ? this.#open.duration + this.targets.part : 0);
    for (const segment of this.#segments) longest = Math.max(longest, segment.duration);
    return longest;
  }

  /** Its first segment is known now. @param discontinuitySequence before that segment's own discontinuity */
  startAt(discontinuitySequence: number): void {
    this.#discontinuitySequence = discontinuitySequence;
  }

  /** Discontinuity sequence number of a segment, its own discontinuity counted; undefined when it is not in the playlist. */
  discontinuitySequenceOf(msn: number): number | undefined {
    const first = this.#segments[0] ?? this.#open;
    const last = this.#open?.msn ?? this.lastMsn;
    if (!first || last === undefined || msn < first.msn || msn > last) return undefined;
    let sequence = this.#discontinuitySequence;
    for (let at = first.msn; at <= msn; at++) if (this.#find(at)?.discontinuity) sequence++;
    return sequence;
  }

  write(event: RenditionEvent): void {
    switch (event.type) {
      case "init":
        this.#inits.set(event.init, event.bytes);
        this.#bytes += event.bytes.length;
        return;
      case "open": {
        const { msn, wallclock, discontinuity, init } = event;
        this.#open = newSegment({ msn, wallclock, discontinuity, init });
        this.#broken = false;
        this.#lastExpected = false;
        return;
      }
      case "part":
        this.#addPart(event);
        return;
      case "segment":
        this.#complete(event);
        return;
      case "date-range": {
        const { msn, parts } = this.#open ?? { msn: (this.lastMsn ?? -1) + 1, parts: [] };
        const added = { range: event.range, msn, part: parts.length, addedAt: this.elapsed };
        if (this.dateRanges.add(added)) this.#version++;
        return;
      }
      case "break":
        this.#broken = true;
        this.#version++;
        return;
      case "end":
        this.#ended = true;
        this.#open = undefined;
        this.#version++;
        return;
      default:
        event satisfies never;
    }
  }

  /** The whole segment; undefined when it is not held, or not complete. */
  segment(msn: number): Uint8Array | undefined {
    const segment = this.#find(msn);
    if (!segment || segment === this.#open) return undefined;
    return joinPieces(segment);
  }

  part(msn: number, part: number): Uint8Array | undefined {
    return this.#find(msn)?.parts[part]?.bytes;
  }

  /** A part, or no bytes where the segment has ended before it; undefined while it is not there, or no longer. */
  piece(msn: number, index: number): Uint8Array | undefined {
    const segment = this.#find(msn);
    const part = segment?.parts[index];
    if (part) return part.bytes;
    return segment && segment !== this.#open && index === segment.parts.length ? NO_BYTES : undefined;
  }

  init(number: number): Uint8Array | undefined {
    return this.#inits.get(number);
  }

  #addPart(event: RenditionEvent & { readonly type: "part" }): void {
    const open = this.#open;
    if (!open) return;
    const { bytes, duration, independent } = event;
    open.parts.push({ bytes, duration, independent });
    open.pieces.push(bytes);
    open.size += bytes.length;
    open.duration += duration;
    this.#bytes += bytes.length;
    this.#lastExpected = event.lastExpected;
    this.#version++;
  }

  #complete(event: RenditionEvent & { readonly type: "segment" }): void {
    const segment = this.#open;
    if (!segment) return;
    this.#open = undefined;
    // Of a segment in parts it has all the bytes.
    if (segment.parts.length === 0) {
      segment.pieces = [...event.bytes];
      segment.size = event.bytes.reduce((size, piece) => size + piece.length, 0);
      this.#bytes += segment.size;
    }
    segment.duration = event.duration;
    segment.independent = event.independent;
    this.#measure(segment);
    this.#segments.push(segment);
    this.#listed += segment.duration;
    this.#elapsed += segment.duration;
    this.#version++;
    this.#slide();
  }

  #measure(segment: StoredSegment): void {
    this.#totalBytes += segment.size;
    this.#totalSeconds += segment.duration;
    // Very short segments (before a break) say little about the rate.
    if (this.#peak > 0 && segment.duration < this.targets.segment / 2) return;
    this.#peak = Math.max(this.#peak, (segment.size * 8) / Math.max(0.1, segment.duration));
  }

  #slide(): void {
    const keep = Math.max(this.#windowSeconds, SKIP_TARGETS * this.targets.estimate(this.longest));
    for (let first = this.#segments[0]; first; first = this.#segments[0]) {
      const spare = this.#segments.length > MIN_SEGMENTS && this.#listed - first.duration >= keep;
      const over = (this.#bytes > this.#maxBytes && this.#segments.length > 1) || this.#segments.length > MAX_SEGMENTS;
      if (!spare && !over) break;
      this.#retire(first);
      if (over) this.#dropRetired(Number.POSITIVE_INFINITY);
    }
    this.#dropRetired(this.#elapsed);
    const first = this.#segments[0];
    if (first) this.dateRanges.prune(first.wallclock, this.#elapsed, keep);
  }

  /** It stays to be fetched for its own and the playlist's duration (RFC 8216bis 6.2.2). */
  #retire(segment: StoredSegment): void {
    this.#segments.shift();
    this.#retired.push({ segment, until: this.#elapsed + segment.duration + this.#listed });
    this.#listed -= segment.duration;
    if (segment.discontinuity) this.#discontinuitySequence++;
  }

  #dropRetired(elapsed: number): void {
    let dropped = false;
    for (let first = this.#retired[0]; first && first.until <= elapsed; first = this.#retired[0]) {
      this.#retired.shift();
      this.#bytes -= first.segment.size;
      dropped = true;
    }
    if (dropped && this.#inits.size > 1) this.#dropInits();
  }

  #dropInits(): void {
    const oldest = this.#retired[0]?.segment.init ?? this.#segments[0]?.init;
    if (oldest === undefined) return;
    for (const [number, bytes] of this.#inits) {
      if (number >= oldest) continue;
      this.#inits.delete(number);
      this.#bytes -= bytes.length;
    }
  }

  /** Numbers rise by one, so a place can be computed. */
  #find(msn: number): StoredSegment | undefined {
    if (this.#open?.msn === msn) return this.#open;
    const first = this.#segments[0];
    if (first && msn >= first.msn) return this.#segments[msn - first.msn];
    const oldest = this.#retired[0]?.segment;
    return oldest && this.#retired[msn - oldest.msn]?.segment;
  }
}
