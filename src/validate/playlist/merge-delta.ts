import type { FoundMediaPlaylist, ListedSegment } from "./media-playlist.ts";

/**
 * The whole playlist that a delta update stands for, with the skipped segments taken from an earlier one, as a client does
 * (RFC 8216bis 6.3.7). What applies from a skipped segment on (map, keys, dates) is carried into those that follow.
 * @returns undefined where the earlier playlist does not hold what was skipped: a client would load the whole one
 */
export function mergeDelta(base: FoundMediaPlaylist, delta: FoundMediaPlaylist): FoundMediaPlaylist | undefined {
  if (delta.skipped === 0) return delta;
  const first = delta.mediaSequence;
  const skipped = base.segments.filter(({ msn }) => msn >= first && msn < first + delta.skipped);
  if (skipped.length !== delta.skipped) return undefined;
  const last = skipped.at(-1) as ListedSegment;
  // Discontinuities that were skipped count for what follows.
  const discontinuities = last.discontinuitySequence - delta.discontinuitySequence;
  let date = last.date === undefined ? undefined : last.date + last.duration * 1000;
  const carry = <T extends Pick<ListedSegment, "discontinuitySequence" | "date" | "dateTime" | "map" | "keys">>(
    item: T & { readonly discontinuity: boolean },
  ): T => ({
    ...item,
    discontinuitySequence: item.discontinuitySequence + discontinuities,
    date: item.date ?? (item.discontinuity ? undefined : date),
    map: item.map ?? last.map,
    keys: item.keys.length > 0 ? item.keys : last.keys,
  });
  const segments: ListedSegment[] = [...skipped];
  for (const segment of delta.segments) {
    const carried = carry(segment);
    segments.push(carried);
    date = carried.date === undefined ? undefined : carried.date + carried.duration * 1000;
  }
  return { ...delta, segments, open: delta.open && carry(delta.open), skipped: 0, dateRanges: delta.dateRanges };
}
