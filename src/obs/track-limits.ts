import type { TrackWish } from "./client-configuration.ts";

/** As many tracks as OBS can send. */
const MAX_TRACKS = 10;
/** Below this share of what is wished, the first track gives no more. */
const LEAST_SHARE = 0.25;

export type TrackLimits = {
  readonly maxTracks?: number;
  /** Bits per second of all tracks together. */
  readonly maxBitrate?: number;
};

/**
 * The tracks that fit a user's limits. The first and the last are kept as long as can be, since viewers with bad networks need
 * the last; of those between them the largest goes first. What is then too much is taken off the first track's rate.
 */
export function fitTracks(tracks: readonly TrackWish[], limits: TrackLimits): readonly TrackWish[] {
  const maxTracks = Math.max(1, Math.min(limits.maxTracks ?? MAX_TRACKS, MAX_TRACKS));
  const maxBitrate = limits.maxBitrate ?? Number.POSITIVE_INFINITY;
  const kept = [...tracks];
  const sum = () => kept.reduce((total, { bitrate }) => total + bitrate, 0);
  while (kept.length > maxTracks || (kept.length > 2 && sum() > maxBitrate)) kept.splice(1, 1);
  const [first, ...rest] = kept;
  if (!first || sum() <= maxBitrate) return kept;
  const share = (maxBitrate - (sum() - first.bitrate)) / first.bitrate;
  if (share >= LEAST_SHARE) return [{ ...first, bitrate: Math.floor(first.bitrate * share) }, ...rest];
  return [{ ...first, bitrate: Math.min(first.bitrate, Math.floor(maxBitrate)) }];
}
