import type { PartInfo, SegmentInfo } from "../finding.ts";
import { type Digest, EMPTY_DIGEST, joinDigests, sameDigest } from "./digest.ts";
import type { NoteAt } from "./rules.ts";
import type { FrameDigest } from "./summary.ts";

/** What is kept of a part, or of a whole segment, to compare the two. */
type Kept = { readonly duration: number; readonly digest: Digest; readonly frames: readonly FrameDigest[] };

type Page = { segment?: Kept & { readonly uri: string }; readonly parts: Map<number, Kept> };

/**
 * Compares the parts of each segment of one rendition with the segment. That is done late, when a few newer segments are
 * there, because parts and segment come in any order.
 */
export class PartLedger {
  readonly #pages = new Map<number, Page>();

  constructor(private readonly note: NoteAt) {}

  /** Whether there are parts at all. */
  get isUsed(): boolean {
    return this.#pages.size > 0;
  }

  part(info: PartInfo, digest: Digest, frames: readonly FrameDigest[]): void {
    this.#page(info.msn).parts.set(info.part, { duration: info.duration, digest, frames });
  }

  segment(info: SegmentInfo, digest: Digest, frames: readonly FrameDigest[]): void {
    this.#page(info.msn).segment = { duration: info.duration, digest, frames, uri: info.uri };
  }

  finish(): void {
    for (const page of this.#pages.values()) this.#settle(page);
    this.#pages.clear();
  }

  #page(msn: number): Page {
    let page = this.#pages.get(msn);
    if (page) return page;
    page = { parts: new Map() };
    this.#pages.set(msn, page);
    if (this.#pages.size > MAX_PAGES) {
      const oldest = Math.min(...this.#pages.keys());
      const settled = this.#pages.get(oldest);
      this.#pages.delete(oldest);
      if (settled) this.#settle(settled);
    }
    return page;
  }

  #settle({ segment, parts }: Page): void {
    if (!segment || parts.size === 0) return;
    const all: Kept[] = [];
    for (let index = 0; index < parts.size; index++) {
      const part = parts.get(index);
      if (!part) return;
      all.push(part);
    }
    // The last part may not have been seen.
    const duration = all.reduce((sum, part) => sum + part.duration, 0);
    if (duration < segment.duration - ROUNDING_EACH * (all.length + 1)) return;

    const digest = all.reduce((sum, part) => joinDigests(sum, part.digest), EMPTY_DIGEST);
    if (sameDigest(digest, segment.digest)) return;
    this.note(
      "part-bytes",
      segment.uri,
      `${all.length} parts of ${digest.length} bytes, segment of ${segment.digest.length}`,
    );
    const difference = compareFrames(
      all.flatMap(({ frames }) => frames),
      segment.frames,
    );
    if (difference) this.note("part-samples", segment.uri, difference);
  }
}

const MAX_PAGES = 6;

/** Seconds of an announced duration that rounding to milliseconds may cost. */
const ROUNDING_EACH = 0.0005;

/** What differs between the frames of the parts and those of the segment; undefined when nothing does. */
function compareFrames(parts: readonly FrameDigest[], segment: readonly FrameDigest[]): string | undefined {
  if (parts.length !== segment.length) return `${parts.length} samples in the parts, ${segment.length} in the segment`;
  const a = [...parts].sort(byTrackAndTime);
  const b = [...segment].sort(byTrackAndTime);
  for (let i = 0; i < a.length; i++) {
    const one = a[i];
    const other = b[i];
    if (!one || !other || !sameFrame(one, other)) return `sample ${i} of track ${other?.track} differs`;
  }
  return undefined;
}

function byTrackAndTime(a: FrameDigest, b: FrameDigest): number {
  return a.track - b.track || a.dts - b.dts;
}

function sameFrame(a: FrameDigest, b: FrameDigest): boolean {
  return a.track === b.track && a.dts === b.dts && a.pts === b.pts && a.size === b.size && a.hash === b.hash;
}
