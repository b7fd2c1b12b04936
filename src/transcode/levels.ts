import type { RungCodec } from "./rung.ts";

/** What a decoder must bear. */
export type Load = {
  readonly width: number;
  readonly height: number;
  /** Frames per second. */
  readonly frameRate: number;
  /** Bits per second, as the buffer lets pass. */
  readonly maxBitrate: number;
  /** Frames that others refer to. */
  readonly references: number;
};

/** The lowest level that bears it, as the standard writes it; the highest where none does. */
export function levelFor(codec: RungCodec, load: Load): string {
  const { width, height, frameRate, maxBitrate, references } = load;
  switch (codec) {
    case "h264": {
      const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16);
      const rate = macroblocks * frameRate;
      const fits = ([, perSecond, perFrame, dpb, kbits]: AvcLevel) =>
        rate <= perSecond && macroblocks <= perFrame && macroblocks * references <= dpb && maxBitrate <= kbits * 1250;
      return (AVC_LEVELS.find(fits) ?? AVC_LAST)[0];
    }
    case "hevc": {
      const samples = width * height;
      const fits = ([, picture, perSecond, kbits]: PictureLevel) =>
        samples <= picture && samples * frameRate <= perSecond && maxBitrate <= kbits * 1000;
      return (HEVC_LEVELS.find(fits) ?? HEVC_LAST)[0];
    }
    case "av1": {
      const samples = width * height;
      const fits = ([, picture, perSecond, kbits]: PictureLevel) =>
        samples <= picture && samples * frameRate <= perSecond && maxBitrate <= kbits * 1000;
      return (AV1_LEVELS.find(fits) ?? AV1_LAST)[0];
    }
  }
}

/** Level, macroblocks per second, per frame, in the decoded picture buffer, kbit/s (times 1.25 for High): ITU-T H.264 table A-1. */
type AvcLevel = readonly [string, number, number, number, number];
const AVC_LAST: AvcLevel = ["6.2", 16_711_680, 139_264, 696_320, 800_000];
const AVC_LEVELS: readonly AvcLevel[] = [
  ["1.0", 1485, 99, 396, 64],
  ["1.1", 3000, 396, 900, 192],
  ["1.2", 6000, 396, 2376, 384],
  ["1.3", 11_880, 396, 2376, 768],
  ["2.0", 11_880, 396, 2376, 2000],
  ["2.1", 19_800, 792, 4752, 4000],
  ["2.2", 20_250, 1620, 8100, 4000],
  ["3.0", 40_500, 1620, 8100, 10_000],
  ["3.1", 108_000, 3600, 18_000, 14_000],
  ["3.2", 216_000, 5120, 20_480, 20_000],
  ["4.0", 245_760, 8192, 32_768, 20_000],
  ["4.2", 522_240, 8704, 34_816, 50_000],
  ["5.0", 589_824, 22_080, 110_400, 135_000],
  ["5.1", 983_040, 36_864, 184_320, 240_000],
  ["5.2", 2_073_600, 36_864, 184_320, 240_000],
  ["6.0", 4_177_920, 139_264, 696_320, 240_000],
  ["6.1", 8_355_840, 139_264, 696_320, 480_000],
  AVC_LAST,
];

/** Level, luma samples per picture, per second, kbit/s of the main tier. */
type PictureLevel = readonly [string, number, number, number];
const HEVC_LAST: PictureLevel = ["6.2", 35_651_584, 4_278_190_080, 240_000];
/** ITU-T H.265 tables A.8 and A.9. */
const HEVC_LEVELS: readonly PictureLevel[] = [
  ["1.0", 36_864, 552_960, 128],
  ["2.0", 122_880, 3_686_400, 1500],
  ["2.1", 245_760, 7_372_800, 3000],
  ["3.0", 552_960, 16_588_800, 6000],
  ["3.1", 983_040, 33_177_600, 10_000],
  ["4.0", 2_228_224, 66_846_720, 12_000],
  ["4.1", 2_228_224, 133_693_440, 20_000],
  ["5.0", 8_912_896, 267_386_880, 25_000],
  ["5.1", 8_912_896, 534_773_760, 40_000],
  ["5.2", 8_912_896, 1_069_547_520, 60_000],
  ["6.0", 35_651_584, 1_069_547_520, 60_000],
  ["6.1", 35_651_584, 2_139_095_040, 120_000],
  HEVC_LAST,
];

const AV1_LAST: PictureLevel = ["6.2", 35_651_584, 4_278_190_080, 160_000];
/** AV1 specification A.3. */
const AV1_LEVELS: readonly PictureLevel[] = [
  ["2.0", 147_456, 4_423_680, 1500],
  ["2.1", 278_784, 8_363_520, 3000],
  ["3.0", 665_856, 19_975_680, 6000],
  ["3.1", 1_065_024, 31_950_720, 10_000],
  ["4.0", 2_359_296, 70_778_880, 12_000],
  ["4.1", 2_359_296, 141_557_760, 20_000],
  ["5.0", 8_912_896, 267_386_880, 30_000],
  ["5.1", 8_912_896, 534_773_760, 40_000],
  ["5.2", 8_912_896, 1_069_547_520, 60_000],
  ["6.0", 35_651_584, 1_069_547_520, 60_000],
  ["6.1", 35_651_584, 2_139_095_040, 100_000],
  AV1_LAST,
];
