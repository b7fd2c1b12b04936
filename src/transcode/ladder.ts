import type { RungDescription } from "../hls/rung-feed.ts";
import type { AbrConfig, RungConfig } from "./config.ts";
import type { LadderSource } from "./ladder-source.ts";
import { levelFor } from "./levels.ts";
import { predictBandwidth, predictCodecs } from "./prediction.ts";
import type { AudioRung, Rung, RungAudio, RungCodec, VideoRung } from "./rung.ts";

export type Ladder =
  /** Best first; `leftOut` says which of the wished-for rungs cannot be, and why. */
  | { readonly rungs: readonly Rung[]; readonly leftOut: readonly string[] }
  /** There is none, for this reason. */
  | { readonly reason: string };

/** FFmpeg's names of the encoders to use. */
export type Encoders = Readonly<Record<RungCodec, string>>;

export const SOFTWARE: Encoders = { h264: "libx264", hevc: "libx265", av1: "libsvtav1" };

type Video = NonNullable<LadderSource["video"]>;
type LadderOptions = Pick<AbrConfig, "audioOnly"> & {
  /** As wished for; empty: derived from the source. */
  readonly rungs: readonly RungConfig[];
  readonly encoders?: Encoders;
};

/** Rungs of one ladder, so that one process can carry them. */
const MAX_RUNGS = 12;
/** Of the shorter side. The steps of Apple's authoring specification, at 16:9, without those that differ by less than a quarter. */
const STEPS: readonly number[] = [1080, 720, 480, 360, 240];
/** A rung nearer than this to the source is of no use. */
const NEAREST = 0.8;
const NAME_TAKEN = ["main", "index"];

/** Decides the rungs of a stream. Never upscales; the source itself stays as it is, above them all. */
export function planLadder(source: LadderSource, options: LadderOptions): Ladder {
  const { encoders = SOFTWARE, audioOnly } = options;
  const leftOut: string[] = [];
  const rungs = new Map<string, Rung>();
  const add = (rung: Rung): void => {
    if (rungs.has(rung.name)) leftOut.push(`${rung.name}: another rung has this name`);
    else if (rungs.size >= MAX_RUNGS) leftOut.push(`${rung.name}: a ladder has at most ${MAX_RUNGS} rungs`);
    else rungs.set(rung.name, rung);
  };

  const obstacle = obstacleOf(source);
  if (source.video && obstacle === undefined) {
    const wished = options.rungs.length > 0 ? options.rungs : defaultRungs(source.video);
    for (const wish of wished) {
      const made = toRung(wish, source.video, source, encoders);
      if (typeof made === "string") leftOut.push(made);
      else add(made);
    }
  }
  const sound = audioOnly && soundOf(source);
  if (sound) add(sound);
  if (rungs.size > 0) return { rungs: inOrder([...rungs.values()]), leftOut };
  return { reason: obstacle ?? leftOut[0] ?? `the source is too small for rungs below it` };
}

/** A rung as playlists announce it before it is made. */
export function describeRung(rung: Rung, source: LadderSource): RungDescription {
  const { name, kind } = rung;
  const codecs = predictCodecs(rung, source);
  const bandwidth = predictBandwidth(rung);
  if (rung.kind === "audio") return { name, kind, codecs, bandwidth };
  const { width, height, frameDivisor } = rung;
  const frameRate = (source.video?.frameRate ?? 0) / frameDivisor;
  const resolution = { width, height };
  return { name, kind, codecs, bandwidth, resolution, frameDivisor, ...(frameRate > 0 && { frameRate }) };
}

/** Why there can be no rungs with a picture. */
function obstacleOf({ video }: LadderSource): string | undefined {
  if (!video) return "the stream has no picture";
  if (video.width === 0 || video.height === 0) return "the size of the picture is unknown";
  return undefined;
}

/** Below the source by a visible step each. */
function defaultRungs({ width, height }: Video): readonly RungConfig[] {
  const short = Math.min(width, height);
  const audio = { codec: "auto", bitrate: 128_000, channels: 2 } as const;
  return STEPS.filter((step) => step <= short * NEAREST).map((step) => ({ height: step, codec: "h264", audio }));
}

function toRung(wish: RungConfig, video: Video, source: LadderSource, encoders: Encoders): VideoRung | string {
  const size = sizeOf(wish, video);
  if (typeof size === "string") return size;
  const { codec, preset, tune, profile, options } = wish;
  const { width, height } = size;
  const short = Math.min(width, height);
  const name = wish.name ?? freeName(`${wish.height ?? short}p`);
  const encoder = encoders[codec];
  const isX264 = encoder === "libx264";
  const frameDivisor = divisorFor(video.frameRate, wish.frameRate ?? (short >= FAST_FROM ? 60 : 30));
  const frameRate = (video.frameRate || USUAL_RATE) / frameDivisor;
  const bitrate = wish.bitrate ?? usualBitrate(width * height, frameRate, codec);
  const maxBitrate = Math.max(bitrate, wish.maxBitrate ?? Math.round(bitrate * PEAK));
  const chosenPreset = preset ?? DEFAULT_PRESETS[encoder];
  const references = isX264 ? (REFERENCES[chosenPreset ?? ""] ?? 3) : 3;
  return {
    kind: "video",
    name,
    width,
    height,
    frameDivisor,
    codec,
    encoder,
    bitrate,
    maxBitrate,
    // One second: what a rate is measured over, and little enough for low latency.
    bufferSize: maxBitrate,
    ...(chosenPreset !== undefined && { preset: chosenPreset }),
    ...(tune !== undefined && { tune }),
    ...((profile ?? (isX264 ? "high" : undefined)) !== undefined && { profile: profile ?? "high" }),
    level: levelFor(codec, { width, height, frameRate, maxBitrate, references }),
    ...(options !== undefined && { options }),
    ...audioOf(wish, source),
  };
}

const freeName = (name: string): string => (NAME_TAKEN.includes(name) ? `${name}-1` : name);

/** Of the shorter side: from here on, more than 30 frames per second are kept, as viewers of games and sports expect it. */
const FAST_FROM = 720;
/** Where it is unknown. */
const USUAL_RATE = 30;
/** Of the average: Apple's authoring specification wants peaks of live streams within 125 %. */
const PEAK = 1.25;

/** Bits per second of 720 lines at 30 frames: H.264, as in Apple's table. The eye forgives larger pictures more. */
const REFERENCE = { bitrate: 2_500_000, samples: 1280 * 720, frameRate: 30 };
const LESS: Readonly<Record<RungCodec, number>> = { h264: 1, hevc: 0.65, av1: 0.55 };

function usualBitrate(samples: number, frameRate: number, codec: RungCodec): number {
  const bySize = (samples / REFERENCE.samples) ** 0.75;
  // Twice the frames cost half as much again: they differ less.
  const byRate = Math.max(0.6, (frameRate / REFERENCE.frameRate) ** 0.585);
  const bits = REFERENCE.bitrate * bySize * byRate * LESS[codec];
  return Math.max(50_000, Math.round(bits / 50_000) * 50_000);
}

/** What carries a live stream on few cores. */
const DEFAULT_PRESETS: Readonly<Record<string, string>> = {
  libx264: "veryfast",
  libx265: "ultrafast",
  libsvtav1: "10",
};
/** x264's reference frames by preset. */
const REFERENCES: Readonly<Record<string, number>> = {
  ultrafast: 1,
  superfast: 1,
  veryfast: 1,
  faster: 2,
  fast: 2,
  medium: 3,
  slow: 5,
  slower: 8,
  veryslow: 16,
  placebo: 16,
};

function sizeOf({ name, height, width }: RungConfig, video: Video): { width: number; height: number } | string {
  const isUpright = video.height > video.width;
  const [long, short] = isUpright ? [video.height, video.width] : [video.width, video.height];
  const scale = height === undefined ? (width ?? long) / long : height / short;
  const label = name ?? (height === undefined ? `${width}` : `${height}p`);
  if (scale > 1) return `${label}: the source is smaller (${video.width}x${video.height})`;
  const [scaledLong, scaledShort] = [even(long * scale), even(height ?? short * scale)];
  return isUpright ? { width: scaledShort, height: scaledLong } : { width: scaledLong, height: scaledShort };
}

/** 4:2:0 needs even sizes. */
const even = (value: number): number => Math.max(2, Math.round(value / 2) * 2);

/** Rates as measured vary a little. */
const divisorFor = (rate: number, most: number): number => Math.max(1, Math.ceil((rate / most) * 0.98));

function audioOf({ audio }: RungConfig, source: LadderSource): { readonly audio?: RungAudio } {
  const { audio: given } = source;
  if (!given || audio.codec === "none") return {};
  const isFit = given.codec === "aac" && given.channels <= 2;
  if (audio.codec === "copy" || (audio.codec === "auto" && isFit)) return { audio: { codec: "copy" } };
  return { audio: { codec: "aac", bitrate: audio.bitrate, channels: Math.min(audio.channels, given.channels || 2) } };
}

function soundOf(source: LadderSource): AudioRung | undefined {
  const { audio } = source;
  if (!audio) return undefined;
  const isFit = audio.codec === "aac" && audio.channels <= 2;
  return {
    kind: "audio",
    name: "audio",
    audio: isFit ? { codec: "copy" } : { codec: "aac", bitrate: 128_000, channels: Math.min(2, audio.channels || 2) },
  };
}

/** The largest first, of these the richest; sound alone last. */
function inOrder(rungs: readonly Rung[]): readonly Rung[] {
  const samples = (rung: Rung): number => (rung.kind === "video" ? rung.width * rung.height : 0);
  const rate = (rung: Rung): number => (rung.kind === "video" ? rung.bitrate : 0);
  return rungs.toSorted((a, b) => samples(b) - samples(a) || rate(b) - rate(a));
}
