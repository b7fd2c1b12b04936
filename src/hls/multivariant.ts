import type { AudioRendition, MultivariantPlaylist, Variant } from "../formats/m3u8/multivariant-playlist.ts";
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
const AUDIO_GROUP = "audio";

/** Bits per second. */
export type Bandwidth = { readonly peak: number; readonly average: number };

/** A rendition that can be played by itself, or with one of the audio renditions. */
export type VariantDescription = Pick<Variant, "uri" | "codecs" | "resolution" | "frameRate" | "videoRange"> & {
  readonly bandwidth: Bandwidth;
};

/** A rendition of sound that belongs to all variants with pictures. */
export type AudioDescription = Omit<AudioRendition, "group"> & {
  readonly codecs: readonly string[];
  readonly bandwidth: Bandwidth;
};

export type PresentationDescription = {
  /** The best first. */
  readonly variants: readonly VariantDescription[];
  readonly audio: readonly AudioDescription[];
};

export function toMultivariantPlaylist(
  { variants, audio }: PresentationDescription,
  version: number,
): MultivariantPlaylist {
  return {
    version,
    independentSegments: false,
    ...(audio.length > 0 && { audio: audio.map((rendition) => ({ ...rendition, group: AUDIO_GROUP })) }),
    variants: variants.map((variant, index) => ({
      ...toVariant(variant, audio),
      // The order, said in numbers. Of one alone nothing is to be said.
      ...(variants.length > 1 && { score: variants.length - index }),
    })),
  };
}

/** A variant with the codecs, size and frame rate of what is muxed in it. @param frameRate as measured */
export function describeTracks(
  uri: string,
  tracks: readonly Track[],
  bandwidth: Bandwidth,
  frameRate: number | undefined,
): VariantDescription {
  const codecs: string[] = [];
  let video: Pick<Variant, "resolution" | "frameRate" | "videoRange"> = {};
  for (const track of tracks) {
    if (track.kind === "data") continue;
    if (!codecs.includes(track.config.codecString)) codecs.push(track.config.codecString);
    if (track.kind !== "video") continue;
    const { width, height, colour } = track.config;
    video = {
      resolution: width > 0 && height > 0 ? { width, height } : undefined,
      frameRate: frameRate ?? track.config.frameRate,
      videoRange: toVideoRange(colour),
    };
  }
  return { uri, codecs, ...video, bandwidth: withHeadroom(bandwidth) };
}

export function withHeadroom({ peak, average }: Bandwidth): Bandwidth {
  return { peak: peak * HEADROOM, average };
}

function toVariant(
  { bandwidth, frameRate, ...variant }: VariantDescription,
  audio: readonly AudioDescription[],
): Variant {
  const sounds = variant.resolution ? audio : [];
  const sound = (key: keyof Bandwidth) => Math.max(0, ...sounds.map((rendition) => rendition.bandwidth[key]));
  return {
    ...variant,
    bandwidth: roundUp(bandwidth.peak + sound("peak")),
    averageBandwidth: roundUp(bandwidth.average + sound("average")),
    codecs: [...new Set([...variant.codecs, ...sounds.flatMap(({ codecs }) => codecs)])],
    frameRate: frameRate === undefined ? undefined : toUsualRate(frameRate),
    ...(sounds.length > 0 && { audio: AUDIO_GROUP }),
  };
}

/** Absent for SDR, which is the default (RFC 8216bis 4.4.6.2). */
function toVideoRange(colour: Colour | undefined): "PQ" | "HLG" | undefined {
  if (colour?.transfer === TRANSFER_PQ) return "PQ";
  return colour?.transfer === TRANSFER_HLG ? "HLG" : undefined;
}

/** A rate that is nearly a usual one is that one. */
export function toUsualRate(rate: number): number {
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
