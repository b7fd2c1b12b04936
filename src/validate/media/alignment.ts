import { TIME_MODULUS } from "../../formats/mpegts/packet.ts";
import type { SegmentInfo } from "../finding.ts";
import { seconds } from "./playlist-checks.ts";
import type { NoteAt } from "./rules.ts";
import { type Container, frameTicks, leadingTrack, type MediaSummary } from "./summary.ts";

/** Where a segment lies on its rendition's timeline. */
type Place = {
  readonly msn: number;
  readonly discontinuitySequence: number;
  /** Presentation of its first frame; seconds. */
  readonly start: number;
  readonly duration: number;
  /** Length of a picture in seconds, where there are pictures. */
  readonly frame: number | undefined;
  readonly container: Container;
  /** ms since 1970. */
  readonly date: number | undefined;
};

/** Compares the renditions of a presentation: matching content has to be at the same times in all of them. */
export class RenditionAlignment {
  readonly #renditions = new Map<string, Place[]>();

  constructor(private readonly note: NoteAt) {}

  add(info: SegmentInfo, summary: MediaSummary): void {
    const track = leadingTrack(summary);
    if (!track || track.timescale === 0) return;
    const place: Place = {
      msn: info.msn,
      discontinuitySequence: info.discontinuitySequence,
      start: track.presentationStart / track.timescale,
      duration: info.duration,
      frame: track.kind === "video" ? frameTicks(track) / track.timescale : undefined,
      container: summary.container,
      date: info.programDateTime,
    };
    for (const [rendition, places] of this.#renditions) {
      if (rendition === info.rendition) continue;
      const match = places.find((other) => isMatch(place, other));
      if (match) this.#compare(place, match, info.uri, rendition);
    }
    const own = this.#renditions.get(info.rendition) ?? [];
    own.push(place);
    if (own.length > MAX_PLACES) own.shift();
    this.#renditions.set(info.rendition, own);
  }

  #compare(place: Place, other: Place, uri: string, rendition: string): void {
    const apart = difference(place, other);
    const dates = place.date !== undefined && other.date !== undefined ? (place.date - other.date) / 1000 : undefined;
    const beside = `in ${rendition}`;
    if (place.discontinuitySequence !== other.discontinuitySequence) {
      // Without dates only equal times tell that it is the same content.
      if (dates === undefined && Math.abs(apart) > MAX_BOUNDARY) return;
      const message = `${place.discontinuitySequence}, but ${other.discontinuitySequence} ${beside}`;
      this.note("rendition-discontinuity", uri, message);
    } else if (dates !== undefined && Math.abs(apart - dates) > MAX_TIME) {
      this.note("rendition-times", uri, `${seconds(apart)} off the same time ${beside}, dates say ${seconds(dates)}`);
    } else if (Math.abs(apart) > boundaryTolerance(place, other) && Math.abs(apart) < place.duration) {
      this.note("rendition-boundaries", uri, `begins ${seconds(apart)} off the segment ${beside}`);
    }
  }
}

/** Of a rendition; others are at most some segments ahead or behind. */
const MAX_PLACES = 16;

/** Where players put renditions beside each other by their times, more than this is heard; seconds. */
const MAX_TIME = 0.25;

/** Audio frames do not end where video frames do; seconds. */
const MAX_BOUNDARY = 0.1;

/** Pictures are either the same or not. */
function boundaryTolerance(a: Place, b: Place): number {
  return a.frame && b.frame ? Math.min(a.frame, b.frame) / 2 : MAX_BOUNDARY;
}

/** The same stretch of content: by date, or by number where there are no dates. */
function isMatch(a: Place, b: Place): boolean {
  if (a.container !== b.container) return false;
  if (a.date === undefined || b.date === undefined) return a.msn === b.msn;
  // By the shorter: a short one before must not be taken for the one that it stands before.
  return Math.abs(a.date - b.date) < (Math.min(a.duration, b.duration) * 1000) / 2;
}

/** Seconds from `b` to `a`; MPEG-TS times wrap. */
function difference(a: Place, b: Place): number {
  const apart = a.start - b.start;
  if (a.container === "fmp4") return apart;
  const wrap = TIME_MODULUS / 90_000;
  return apart - Math.round(apart / wrap) * wrap;
}
