import { decodeAvcConfig } from "../../../src/codecs/h264/config.ts";
import { avcRecords } from "../codec-samples.ts";
import { accessUnit, cmaf, joined, payloadOf, withAppended, withoutBox } from "../media-samples.ts";
import { type BadMedia, badSegments } from "./kit.ts";

function patched(path: string, at: number, ...values: readonly number[]): Uint8Array {
  const bytes = cmaf(0);
  payloadOf(bytes, path).set(values, at);
  return bytes;
}

/** With base-data-offset 0: a flag, and eight bytes behind the track_ID. */
function withBaseDataOffset(): Uint8Array {
  const bytes = withAppended(cmaf(0), "moof/traf/tfhd", new Uint8Array(8));
  const tfhd = payloadOf(bytes, "moof/traf/tfhd");
  tfhd.copyWithin(16, 8, tfhd.length - 8);
  tfhd.fill(0, 8, 16);
  tfhd[3] = (tfhd[3] as number) | 1;
  return bytes;
}

/** The frame with a sequence parameter set of id 0 in front, that is of another encoder. */
function withOtherSps(index: number, key: boolean): Uint8Array {
  const { record } = decodeAvcConfig(Uint8Array.fromHex(avcRecords[0]?.hex ?? ""));
  const length = ((record[6] as number) << 8) | (record[7] as number);
  const sps = record.subarray(8, 8 + length);
  const frame = accessUnit(index, key);
  return key ? joined(Uint8Array.of(0, 0, 0, sps.length), sps, frame) : frame;
}

export const badFragments: readonly BadMedia[] = [
  badSegments("media-unreadable", "text", () => [new TextEncoder().encode("<html>not found</html>")]),
  badSegments("media-unreadable", "a cut box", () => [cmaf(0).subarray(0, 400)]),
  badSegments(
    "media-not-checked",
    "a cipher for whole segments",
    () => [cmaf(0)],
    () => ({ encryption: "AES-256-GCM" }),
  ),
  badSegments(
    "fmp4-without-map",
    "no EXT-X-MAP",
    () => [cmaf(0)],
    () => ({ initUri: undefined }),
  ),
  badSegments("traf-without-tfdt", "in the first track", () => [withoutBox(cmaf(0), "moof/traf/tfdt")]),
  badSegments("base-data-offset", "from the start of the file", () => [withBaseDataOffset()]),
  badSegments("default-base-is-moof", "not set", () => [patched("moof/traf/tfhd", 1, 0)]),
  badSegments("sample-outside-data", "data far away", () => [patched("moof/traf/trun", 8, 0, 9, 0, 0)]),
  badSegments("data-without-sample", "padding", () => [withAppended(cmaf(0), "mdat", new Uint8Array(9))]),
  badSegments("fragment-unknown-track", "track 9", () => [patched("moof/traf/tfhd", 4, 0, 0, 0, 9)]),
  badSegments("track-without-samples", "no audio", () => [cmaf(0, { audio: false })]),
  badSegments("fragment-sequence", "the same twice", () => [
    joined(cmaf(0, { frames: 30, sequence: 5 }), cmaf(0, { frames: 30, firstFrame: 30, sequence: 5 })),
  ]),
  badSegments("fragment-sequence-across", "always 1", () => [cmaf(0, { sequence: 1 }), cmaf(1, { sequence: 1 })]),
  badSegments("composition-offset", "three seconds", () => [cmaf(0, { compositionOffset: 270_000 })]),
  badSegments("nal-lengths", "a length beyond the sample", () => [
    cmaf(0, { data: (index, key) => accessUnit(index, key).with(3, 99) }),
  ]),
  badSegments("sync-flag-false", "all frames marked", () => [cmaf(0, { flag: () => true })]),
  badSegments("sync-flag-missing", "a keyframe not marked", () => [
    cmaf(0, { key: (index) => index % 30 === 0, flag: (index) => index === 0 }),
  ]),
  badSegments("parameter-set-missing", "picture parameter set 2", () => [
    cmaf(0, { data: (index, key) => accessUnit(index, key, key ? 2 : 0) }),
  ]),
  badSegments("parameter-set-changed", "another one in the samples", () => [cmaf(0, { data: withOtherSps })]),
];
