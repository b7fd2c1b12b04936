import type { Ticks } from "../media/time.ts";

/** A name with the segment's time: FFmpeg loses its place with numbers whenever it reads the manifest again. */
const TIMED = /^([A-Za-z0-9_-]{1,64})\/t(\d{1,16})\.m4s$/;
/** Segments of a rendition that are remembered behind those listed: whoever was told of one may still ask for it. */
const REMEMBERED = 100;

/** For `SegmentTemplate@media`. */
export function timedTemplate(prefix: string, rendition: string): string {
  return `${prefix}${rendition}/t$Time$.m4s`;
}

/** The same, by the numbers that HLS has. */
export function numberedTemplate(prefix: string, rendition: string): string {
  return `${prefix}${rendition}/$Number$.m4s`;
}

/** Which rendition and time a name is of; undefined when it is none with a time. */
export function parseTimed(resource: string): { readonly rendition: string; readonly time: Ticks } | undefined {
  const match = TIMED.exec(resource);
  return match ? { rendition: match[1] ?? "", time: Number(match[2]) } : undefined;
}

/** Media sequence numbers of the segments that were announced, by their times. */
export class SegmentNumbers {
  readonly #renditions = new Map<string, Map<Ticks, number>>();

  set(rendition: string, time: Ticks, msn: number): void {
    let numbers = this.#renditions.get(rendition);
    if (!numbers) this.#renditions.set(rendition, (numbers = new Map()));
    numbers.set(time, msn);
  }

  get(rendition: string, time: Ticks): number | undefined {
    return this.#renditions.get(rendition)?.get(time);
  }

  /** @param first that is listed */
  prune(first: number): void {
    for (const [name, numbers] of this.#renditions) {
      for (const [time, msn] of numbers) {
        if (msn >= first - REMEMBERED) break;
        numbers.delete(time);
      }
      if (numbers.size === 0) this.#renditions.delete(name);
    }
  }
}
