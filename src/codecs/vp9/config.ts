import { MalformedError } from "../../bytes/errors.ts";
import type { Colour, VideoConfig } from "../../media/track.ts";
import { UNSPECIFIED } from "../vui.ts";
import type { Vp9KeyFrame } from "./frame.ts";

/**
 * Decodes a VPCodecConfigurationRecord (VP-ISOBMFF 2.2), with or without the FullBox version and flags that FFmpeg puts
 * before it in FLV. The record has no size: width and height are 0 until `withVp9KeyFrame`.
 */
export function decodeVp9Config(record: Uint8Array): VideoConfig {
  const hasFullBox = record.length >= 12 && record[0] === 1 && record[1] === 0 && record[2] === 0 && record[3] === 0;
  const body = hasFullBox ? record.subarray(4) : record;
  if (body.length < RECORD_SIZE) throw new MalformedError(`vpcC of ${record.length} bytes`);
  const [profile, level, depths, primaries, transfer, matrix] = body as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (profile > 3) throw new MalformedError(`VP9 profile ${profile}`);
  const bitDepth = depths >> 4;
  if (bitDepth !== 8 && bitDepth !== 10 && bitDepth !== 12) throw new MalformedError(`VP9 bit depth ${bitDepth}`, 2);
  const chroma = (depths >> 1) & 7;
  return vp9Config({ profile, level, bitDepth, chroma, primaries, transfer, matrix, fullRange: (depths & 1) === 1 });
}

/** The config of a stream that came without a record, of its first key frame. */
export function vp9ConfigFromKeyFrame(frame: Vp9KeyFrame): VideoConfig {
  const { profile, bitDepth, subsamplingX, subsamplingY, matrix, fullRange, width, height } = frame;
  const chroma = subsamplingX === 0 ? CHROMA_444 : subsamplingY === 0 ? CHROMA_422 : CHROMA_420;
  const level = levelOf(width, height);
  const unspecified = { primaries: UNSPECIFIED, transfer: UNSPECIFIED };
  const config = vp9Config({ profile, level, bitDepth, chroma, ...unspecified, matrix, fullRange });
  return { ...config, width, height };
}

/** `config` with the size, and the level if it had none, of a key frame; `config` itself when it says the same. */
export function withVp9KeyFrame(config: VideoConfig, frame: Vp9KeyFrame): VideoConfig {
  const { width, height } = frame;
  if (config.width === width && config.height === height) return config;
  const [profile = 0, level = 0, depths = 0, primaries = 0, transfer = 0, matrix = 0] = config.record;
  const sized = vp9Config({
    profile,
    level: level || levelOf(width, height),
    bitDepth: depths >> 4,
    chroma: (depths >> 1) & 7,
    primaries,
    transfer,
    matrix,
    fullRange: (depths & 1) === 1,
  });
  return { ...sized, width, height };
}

type RecordFields = Colour & {
  readonly profile: number;
  /** Ten times the level; 0 when unknown. */
  readonly level: number;
  readonly bitDepth: number;
  /** 0 and 1: 4:2:0, 2: 4:2:2, 3: 4:4:4. */
  readonly chroma: number;
};

const RECORD_SIZE = 8;
const CHROMA_420 = 1;
const CHROMA_422 = 2;
const CHROMA_444 = 3;

function vp9Config(fields: RecordFields): VideoConfig {
  const { profile, level, bitDepth, chroma, primaries, transfer, matrix, fullRange } = fields;
  const record = new Uint8Array(RECORD_SIZE);
  record.set([profile, level, (bitDepth << 4) | (chroma << 1) | (fullRange ? 1 : 0), primaries, transfer, matrix]);
  const isDescribed = fullRange || primaries !== UNSPECIFIED || transfer !== UNSPECIFIED || matrix !== UNSPECIFIED;
  return {
    codec: "vp9",
    record,
    // The short form: players know the rest from the bitstream, and some refuse the long one with "unspecified" in it.
    codecString: `vp09.${two(profile)}.${two(level || DEFAULT_LEVEL)}.${two(bitDepth)}`,
    width: 0,
    height: 0,
    sar: { width: 1, height: 1 },
    colour: isDescribed ? { primaries, transfer, matrix, fullRange } : undefined,
  };
}

/** 4.1, 1080p60: for the codec string of a stream that states no level; players reject level 00. */
const DEFAULT_LEVEL = 41;

/** The lowest level whose picture size limit holds, with that level's limit in luma samples (VP9 Annex A, at its higher rate). */
const LEVELS: readonly (readonly [number, number])[] = [
  [36_864, 10],
  [73_728, 11],
  [122_880, 20],
  [245_760, 21],
  [552_960, 30],
  [983_040, 31],
  [2_228_224, 41],
  [8_912_896, 51],
];

function levelOf(width: number, height: number): number {
  return LEVELS.find(([samples]) => width * height <= samples)?.[1] ?? 62;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
