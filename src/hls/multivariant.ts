import type { MultivariantPlaylist, Variant } from "../formats/m3u8/multivariant-playlist.ts";
import type { Colour, Track } from "../media/track.ts";

/** Transfer characteristics of ITU-T H.273. */
const TRANSFER_PQ = 16;
const TRANSFER_HLG = 18;
/** So that BANDWIDTH stays true, and the text the same, while the rate varies a little. */
const HEADROOM = 1.1;
/** Measured rates this near to a usual one are that one. */
const RATE_TOLERANCE = 0.004;
const USUAL_RATES: readonly number[] = [
  24_000 / 1001,
  24,
  25,
  30_000 / 1001,
  30,
  48,
  50,
  60_000 / 1001,
  60,
  100,
  120_000 / 1001,
  120,
];

export type RenditionDescription = {
  readonly uri: string;
  /** What is muxed in it. */
  readonly tracks: readonly Track[];
  /** Bits per second. */
  readonly bandwidth: { readonly peak: number; readonly average: number };
  /** As measured, for video whose parameter sets do not state it. */
  readonly frameRate?: number;
};

/** The multivariant playlist of a stream with a single rendition. */
export function toMultivariantPlaylist(rendition: RenditionDescription, version: number): MultivariantPlaylist {
  return { version, independentSegments: false, variants: [toVariant(rendition)] };
}

function toVariant({ uri, tracks, bandwidth, frameRate }: RenditionDescription): Variant {
  const codecs: string[] = [];
  let video: Pick<Variant, "resolution" | "frameRate" | "videoRange"> = {};
  for (const track of tracks) {
    if (track.kind === "data") continue;
    if (!codecs.includes(track.config.codecString)) codecs.push(track.config.codecString);
    if (track.kind !== "video") continue;
    const { width, height, colour } = track.config;
    const rate = frameRate ?? track.config.frameRate;
    video = {
      resolution: width > 0 && height > 0 ? { width, height } : undefined,
      frameRate: rate === undefined ? undefined : toUsualRate(rate),
      videoRange: toVideoRange(colour),
    };
  }
  return {
    uri,
    bandwidth: roundUp(bandwidth.peak * HEADROOM),
    averageBandwidth: roundUp(bandwidth.average),
    codecs,
    ...video,
  };
}

/** Absent for SDR, which is the default (RFC 8216bis 4.4.6.2). */
function toVideoRange(colour: Colour | undefined): "PQ" | "HLG" | undefined {
  if (colour?.transfer === TRANSFER_PQ) return "PQ";
  return colour?.transfer === TRANSFER_HLG ? "HLG" : undefined;
}

function toUsualRate(rate: number): number {
  let best = rate;
  let error = RATE_TOLERANCE * rate;
  for (const usual of USUAL_RATES) {
    if (Math.abs(usual - rate) >= error) continue;
    best = usual;
    error = Math.abs(usual - rate);
  }
  return best;
}

/** To two significant digits. */
function roundUp(value: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.max(1, Math.ceil(value / step) * step);
}
