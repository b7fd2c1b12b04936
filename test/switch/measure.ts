/** One picture as a player showed it. */
export type ShownPicture = {
  /** Milliseconds, of any clock. */
  readonly at: number;
  /** Seconds on the player's timeline. */
  readonly mediaTime: number;
  /** Of the picture, in pixels: tells the rendition. */
  readonly height: number;
  /** Its number in the clip; undefined when it could not be read. */
  readonly stamp: number | undefined;
};

export type Switching = {
  readonly pictures: number;
  readonly unreadable: number;
  /** Renditions in the order they were shown. */
  readonly heights: readonly number[];
  /** Longest time without a new picture, in seconds. */
  readonly longestPause: number;
  /**
   * How far what is seen and the time it is shown at moved against each other, in seconds. Within one rendition, and from one
   * to the next, it is 0 where no picture is skipped or repeated.
   */
  readonly displacement: number;
  /** Seconds by which playback jumped ahead, in all. */
  readonly jumped: number;
  /** Times that playback went back. */
  readonly backwards: number;
};

/** Players may play this much faster to catch up. */
const FASTEST = 1.25;
/** What the times of two pictures differ by more than the clock does is a jump from here on, in seconds. */
const LEAST_JUMP = 0.2;

/** @param clip what the stamps count: pictures of a clip that is played again and again */
export function measureSwitching(
  shown: readonly ShownPicture[],
  clip: { readonly frameRate: number; readonly pictures: number },
): Switching {
  const heights: number[] = [];
  let longestPause = 0;
  let jumped = 0;
  let backwards = 0;
  for (const [i, picture] of shown.entries()) {
    if (picture.height !== heights.at(-1)) heights.push(picture.height);
    const before = shown[i - 1];
    if (!before) continue;
    const seconds = (picture.at - before.at) / 1000;
    const step = picture.mediaTime - before.mediaTime;
    longestPause = Math.max(longestPause, seconds);
    if (step < 0) backwards++;
    else if (step > seconds * FASTEST + LEAST_JUMP) jumped += step - seconds;
  }
  const readable = shown.filter(({ stamp }) => stamp !== undefined);
  return {
    pictures: shown.length,
    unreadable: shown.length - readable.length,
    heights,
    longestPause,
    displacement: displacementOf(readable, clip.pictures / clip.frameRate, clip.frameRate),
    jumped,
    backwards,
  };
}

/**
 * Range of stamp time less media time, which both are on a circle of `round` seconds. A stretch of one rendition counts by its
 * median: the browser may already hold the next picture when a shown one is read.
 */
function displacementOf(readable: readonly ShownPicture[], round: number, frameRate: number): number {
  const [origin] = readable;
  if (!origin) return 0;
  const distanceOf = ({ stamp = 0, mediaTime }: ShownPicture) => stamp / frameRate - mediaTime;
  const first = distanceOf(origin);
  const movedBy = (picture: ShownPicture) =>
    ((((distanceOf(picture) - first) % round) + 1.5 * round) % round) - round / 2;
  const medians = stretchesOf(readable).map((stretch) => {
    const sorted = stretch.map(movedBy).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  });
  return Math.max(...medians) - Math.min(...medians);
}

/** A displacement within a rendition is seen where half of a stretch has it. */
const STRETCH = 50;

/** Runs of pictures of one height, cut where they are long. */
function stretchesOf(shown: readonly ShownPicture[]): ShownPicture[][] {
  const stretches: ShownPicture[][] = [];
  for (const picture of shown) {
    const last = stretches.at(-1);
    if (last && last[0]?.height === picture.height && last.length < STRETCH) last.push(picture);
    else stretches.push([picture]);
  }
  // A few pictures have no reliable median.
  return stretches.filter(({ length }) => length >= STRETCH / 10);
}
