/** One picture as it came to the screen. */
export type Sample = {
  /** Wall clock at which it was shown, in milliseconds. */
  readonly shownAt: number;
  /** From the picture's making to its being shown, in milliseconds; undefined when its stamp could not be read. */
  readonly glass: number | undefined;
  /** From the server's receipt of what was shown to its being shown, in milliseconds, as the watch page says it. */
  readonly sinceServer: number | undefined;
  /** Media that lay ready behind it, in milliseconds. */
  readonly buffered: number;
  readonly playbackRate: number;
};

/** What a measurement came to. Times in milliseconds. */
export type LatencyReport = {
  readonly pictures: number;
  /** Pictures whose stamp could not be read. */
  readonly unreadable: number;
  readonly seconds: number;
  readonly glass: Distribution;
  /** Medians of what each stage adds; undefined where the page did not tell. */
  readonly stages:
    | { readonly encoderToServer: number; readonly serverToBuffer: number; readonly playerBuffer: number }
    | undefined;
  /** Of the browser, over the whole measurement. */
  readonly droppedPictures: number;
  readonly shownPictures: number;
  /** Pauses between two pictures of more than `STALL_MS`. */
  readonly stalls: number;
  readonly longestPause: number;
  readonly playbackRates: Distribution;
};

export type Distribution = {
  readonly least: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly most: number;
};

/** A pause between pictures that a person sees. */
export const STALL_MS = 250;

/** @throws RangeError without values */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (quantile: number): number => {
    const value = sorted[Math.ceil(quantile * sorted.length) - 1] ?? sorted[0];
    if (value === undefined) throw new RangeError("no values");
    return value;
  };
  return { least: at(0), median: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) };
}

/** @throws RangeError when no picture could be read */
export function reportOf(
  samples: readonly Sample[],
  counters: { readonly droppedPictures: number; readonly shownPictures: number },
): LatencyReport {
  const glass = samples.flatMap((sample) => sample.glass ?? []);
  const distribution = distributionOf(glass);
  const pauses = samples.slice(1).map((sample, i) => sample.shownAt - (samples[i]?.shownAt ?? sample.shownAt));
  const first = samples[0]?.shownAt ?? 0;
  return {
    pictures: samples.length,
    unreadable: samples.length - glass.length,
    seconds: ((samples.at(-1)?.shownAt ?? first) - first) / 1000,
    glass: distribution,
    stages: stagesOf(samples, distribution.median),
    ...counters,
    stalls: pauses.filter((pause) => pause > STALL_MS).length,
    longestPause: Math.max(0, ...pauses),
    playbackRates: distributionOf(samples.map((sample) => sample.playbackRate)),
  };
}

function stagesOf(samples: readonly Sample[], glass: number): LatencyReport["stages"] {
  const told = samples.flatMap((sample) => sample.sinceServer ?? []);
  if (told.length === 0) return undefined;
  const sinceServer = distributionOf(told).median;
  const playerBuffer = distributionOf(samples.map((sample) => sample.buffered)).median;
  return { encoderToServer: glass - sinceServer, serverToBuffer: sinceServer - playerBuffer, playerBuffer };
}
