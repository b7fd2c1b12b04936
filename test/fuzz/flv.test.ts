import { expect, test } from "bun:test";
import { ByteReader } from "../../src/bytes/reader.ts";
import { encodeAmf0 } from "../../src/formats/amf/amf0.ts";
import { AmfEcmaArray } from "../../src/formats/amf/value.ts";
import { decodeAudioTag } from "../../src/formats/flv/audio-tag.ts";
import { decodeColorInfo } from "../../src/formats/flv/color-info.ts";
import { FlvDemuxer } from "../../src/formats/flv/demuxer.ts";
import { decodeScriptData } from "../../src/formats/flv/script-data.ts";
import { encodeTag, readTag } from "../../src/formats/flv/tag.ts";
import { decodeVideoTag } from "../../src/formats/flv/video-tag.ts";
import { ac3Frames, avcRecords, eac3Frames, hevcRecords } from "../support/codec-samples.ts";
import { Noise } from "./random.ts";
import { survives } from "./survives.ts";

const noise = new Noise(0xf1f);
const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));

const avcC = avcRecords[0]?.hex;
const hvcC = hevcRecords[0]?.hex;

const size = (record = "") => (record.length / 2).toString(16).padStart(6, "0");

const VIDEO = [
  `17 00 000000 ${avcC}`,
  "17 01 000042 00000004 65888480 00000003 419a80",
  "27 01 ffffdf 00000003 419a80",
  `17 01 000000 0000001a 6764001eacd940a02ff970110000030001000003003c0f162d96 00000006 68ebe3cb22c0 00000004 65888480`,
  "17 01 000000 00000001 65888480 00000001 419a80",
  `1c 00 000000 ${hvcC}`,
  `90 68766331 ${hvcC}`,
  "91 68766331 000042 00000003 260180",
  "a3 68766331 00000003 020180",
  "d4 68766331 020009636f6c6f72496e666f03000b636f6c6f72436f6e666967030000090000 09",
  "90 61763031 81000c00 0a0b000000043cfecc02f80040",
  "91 61763031 1200 0a0b000000043cfecc02f80040 3203109000",
  "90 76703039 01000000 000b820202020000",
  "91 76703039 82498342 00 13f0 0b30 00",
  "96 11 61763031 00 000002 1200 01 000002 1200",
  "a6 01 68766331 01 000042 00000003 020180",
  "97 02 07a120 03 61766331 00000004 65888480",
  `96 10 61766331 00 ${size(avcC)} ${avcC} 01 ${size(avcC)} ${avcC}`,
  "96 11 61766331 00 00000b 000042 00000004 65888480 01 00000a ffffdf 00000003 419a80",
  `96 20 61766331 00 ${size(avcC)} ${avcC} 68766331 01 ${size(hvcC)} ${hvcC}`,
  "96 23 61766331 00 000008 00000004 65888480 68766331 01 000007 00000003 260180",
  "97 02 00ffff 61 10 61766331 00 000000",
  "96 02 61766331 02",
].map(hex);
const AUDIO = [
  "af 00 118856e500",
  "af 01 de02004c61",
  "af 01 fff14c40013ffcaabb",
  "2f fffb90640000",
  "90 4f707573 4f707573486561640101380180bb0000000000",
  "95 04 4f707573 01 01 01 00000004",
  "94 4f707573 02 02 0001",
  "90 664c6143 664c614300000022 120012000001a60004ff0bb800f00002328015027356c02fd20916d92079aabbccdd",
  `91 61632d33 ${ac3Frames[0]?.hex}`,
  `91 65632d33 ${eac3Frames[0]?.hex}`,
  "95 10 6d703461 00 000002 1188 01 000002 1210",
  "95 21 6d703461 00 000002 aabb 4f707573 01 000002 fcff",
  "95 02 6d703461 01",
].map(hex);
const SCRIPT = [
  encodeAmf0("@setDataFrame", "onMetaData", { width: 640, encoder: "x" }),
  encodeAmf0("onTextData", { text: "x" }),
  encodeAmf0("onMetaData", {
    videoTrackIdInfoMap: { 1: { height: 360 }, 255: { title: "x" } },
    audioTrackIdInfoMap: new AmfEcmaArray({ 0: { language: "eng", name: "a" }, 1: { language: "de-DE" } }),
  }),
];
const SAMPLES: readonly (readonly [number, readonly Uint8Array[]])[] = [
  [9, VIDEO],
  [8, AUDIO],
  [18, SCRIPT],
];

test("mutated tags give values or MalformedError", () => {
  let malformed = 0;
  for (let n = 0; n < 3000; n++) {
    const video = noise.mutate(noise.pick(VIDEO));
    const audio = noise.mutate(noise.pick(AUDIO));
    if (!survives(() => decodeVideoTag(video))) malformed++;
    if (!survives(() => decodeAudioTag(audio))) malformed++;
    survives(() => decodeColorInfo(video.subarray(5)));
    survives(() => decodeScriptData(noise.mutate(noise.pick(SCRIPT))));
    survives(() => readTag(new ByteReader(noise.mutate(encodeTag({ type: 9, timestamp: n, body: video })))));
  }
  expect(malformed).toBeGreaterThan(100);
});

test("a demuxer that is fed mutated tags never throws, and still plays what is sound", () => {
  let packets = 0;
  let skipped = 0;
  for (let run = 0; run < 60; run++) {
    const demuxer = new FlvDemuxer({
      onEvent: (event) => {
        if (event.type === "tracks") {
          for (const { label = "", language = "" } of event.tracks) {
            expect(label.length).toBeLessThanOrEqual(80);
            expect(Intl.getCanonicalLocales(language || [])).toEqual(language ? [language] : []);
          }
        }
        if (event.type === "packet") {
          packets++;
          expect(Number.isFinite(event.dts) && Number.isFinite(event.pts)).toBe(true);
          expect(event.data.length).toBeGreaterThan(0);
        }
      },
      onSkipped: () => skipped++,
    });
    for (let n = 0; n < 100; n++) {
      const [type, samples] = noise.pick(SAMPLES);
      const sample = noise.pick(samples);
      const time = noise.below(10) === 0 ? noise.below(2 ** 32) : n * 33;
      demuxer.push(type, time, noise.below(2) === 0 ? sample : noise.mutate(sample), n * 33);
    }
    demuxer.end(5000);
  }
  expect(packets).toBeGreaterThan(500);
  expect(skipped).toBeGreaterThan(500);
});

test("the samples themselves are sound", () => {
  const skipped: string[] = [];
  for (const [type, samples] of SAMPLES) {
    for (const sample of samples) {
      const demuxer = new FlvDemuxer({
        onEvent: () => {},
        onSkipped: (reason) => !/before its/.test(reason) && skipped.push(reason),
      });
      demuxer.push(type, 0, sample, 0);
    }
  }
  expect(skipped).toEqual([]);
});
