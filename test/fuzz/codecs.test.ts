import { describe, expect, test } from "bun:test";
import { MalformedError } from "../../src/bytes/errors.ts";
import { adtsFields, decodeAdts } from "../../src/codecs/aac/adts.ts";
import { decodeAacConfig } from "../../src/codecs/aac/config.ts";
import { decodeAc3Config, decodeEac3Config } from "../../src/codecs/ac3/config.ts";
import { av1ConfigFromObus, decodeAv1Config } from "../../src/codecs/av1/config.ts";
import { isKeyTemporalUnit, withoutTemporalDelimiters } from "../../src/codecs/av1/obu.ts";
import { decodeFlacConfig, flacFrameSamples } from "../../src/codecs/flac/config.ts";
import { decodeAvcConfig } from "../../src/codecs/h264/config.ts";
import * as avc from "../../src/codecs/h264/nal.ts";
import { decodeHevcConfig } from "../../src/codecs/hevc/config.ts";
import * as hevc from "../../src/codecs/hevc/nal.ts";
import { decodeMp3Config } from "../../src/codecs/mp3/frame.ts";
import { decodeOpusHead, opusPacketDuration } from "../../src/codecs/opus/config.ts";
import { audioTimescale } from "../../src/codecs/timescale.ts";
import { decodeVp9Config } from "../../src/codecs/vp9/config.ts";
import { decodeVp9KeyFrame, isKeyFrame } from "../../src/codecs/vp9/frame.ts";
import type { AudioConfig, VideoConfig } from "../../src/media/track.ts";
import {
  aacRecords,
  ac3Frames,
  av1Records,
  avcRecords,
  eac3Frames,
  flacStreams,
  hevcRecords,
  mp3Frames,
  opusHeads,
  vp9Records,
} from "../support/codec-samples.ts";
import { mutate, random } from "../support/mutations.ts";

const CASES_PER_SAMPLE = 250;

/** Runs `decode` over mutations of the samples: only MalformedError may come out. Gives how many were decoded. */
function fuzz(samples: readonly string[], decode: (bytes: Uint8Array) => void): number {
  let decoded = 0;
  samples.forEach((sample, index) => {
    const next = random(index + 1);
    for (let i = 0; i < CASES_PER_SAMPLE; i++) {
      const bytes = mutate(Uint8Array.fromHex(sample), next);
      try {
        decode(bytes);
        decoded++;
      } catch (error) {
        if (!(error instanceof MalformedError)) throw new Error(`of ${bytes.toHex()}`, { cause: error });
      }
    }
  });
  return decoded;
}

function video(config: VideoConfig): void {
  if (!(config.width >= 0 && config.width <= 65_535 && config.height >= 0 && config.height <= 65_535)) {
    throw new Error(`size ${config.width}x${config.height}`);
  }
  if (!/^[a-z0-9]{4}\.[0-9A-F.HLMC]+$/.test(config.codecString)) throw new Error(config.codecString);
  if (config.frameRate !== undefined && !(config.frameRate > 0)) throw new Error(`frame rate ${config.frameRate}`);
  if (!(config.sar.width > 0 && config.sar.height > 0)) throw new Error("pixel aspect");
}

function audio(config: AudioConfig): void {
  const timescale = audioTimescale(config);
  if (!(config.channels > 0 && config.sampleRate > 0 && timescale > 0 && config.samplesPerPacket >= 0)) {
    throw new Error(`${config.channels} channels, ${config.sampleRate} Hz`);
  }
}

const hexOf = (samples: readonly { readonly hex: string }[]): string[] => samples.map(({ hex }) => hex);

/** Each has a decoder and the samples whose mutations it gets. */
const decoders: readonly [name: string, samples: readonly string[], decode: (bytes: Uint8Array) => void][] = [
  ["avcC", hexOf(avcRecords), (bytes) => video(decodeAvcConfig(bytes))],
  ["hvcC", hexOf(hevcRecords), (bytes) => video(decodeHevcConfig(bytes))],
  ["av1C", hexOf(av1Records), (bytes) => video(decodeAv1Config(bytes))],
  ["AV1 OBUs", hexOf(av1Records).map((hex) => hex.slice(8)), (bytes) => video(av1ConfigFromObus(bytes))],
  ["vpcC", hexOf(vp9Records), (bytes) => video(decodeVp9Config(bytes))],
  ["VP9 frame", vp9Records.map(({ keyFrame }) => keyFrame), (bytes) => void decodeVp9KeyFrame(bytes)],
  [
    "AudioSpecificConfig",
    hexOf(aacRecords),
    (bytes) => {
      const config = decodeAacConfig(bytes);
      audio(config);
      adtsFields(config);
    },
  ],
  ["ADTS", ["fff14c8001fffc0102030405060708", "fff04c8001fffc12340102030405060708"], (bytes) => void decodeAdts(bytes)],
  ["MP3", hexOf(mp3Frames), (bytes) => audio(decodeMp3Config(bytes))],
  ["OpusHead", hexOf(opusHeads), (bytes) => audio(decodeOpusHead(bytes))],
  ["STREAMINFO", flacStreams.map(({ streamInfo }) => streamInfo), (bytes) => audio(decodeFlacConfig(bytes))],
  ["AC-3", hexOf(ac3Frames), (bytes) => audio(decodeAc3Config(bytes))],
  ["E-AC-3", hexOf(eac3Frames), (bytes) => audio(decodeEac3Config(bytes))],
];

for (const [name, samples, decode] of decoders) {
  test(`${name}: nothing but MalformedError`, () => {
    const decoded = fuzz(samples, decode);
    // Both ways are taken: mutations that still decode, and ones that do not.
    expect(decoded).toBeGreaterThan(0);
    expect(decoded).toBeLessThan(samples.length * CASES_PER_SAMPLE);
  });
}

describe("readers of frames never throw", () => {
  const nals = [
    "0000000209f000000005060601c48000000002674200000003684ece0000000665b8aabbccdd",
    "00000003460150000000044e0101800000000340010c00000003420101000000052801acaabb",
    "0000000109f00000010000016742000003016541",
  ];
  test("NAL units", () => {
    const decoded = fuzz(nals, (bytes) => {
      for (let size = 1; size <= 4; size++) {
        const canonical = avc.toFourByteLengths(bytes, size);
        if (avc.toFourByteLengths(canonical, 4) !== canonical) throw new Error("not well-formed");
        if (canonical.length > 4 * bytes.length) throw new Error("grew");
      }
      const converted = avc.fromAnnexB(bytes);
      if (avc.toFourByteLengths(converted, 4) !== converted) throw new Error("not well-formed");
      avc.looksLikeAnnexB(bytes);
      for (const codec of [avc, hevc]) {
        codec.isKeyAccessUnit(bytes);
        codec.parameterSetsIn(bytes);
        codec.lengthSizeOf(bytes);
      }
    });
    expect(decoded).toBe(nals.length * CASES_PER_SAMPLE);
  });

  const others = [
    "12000a0b000000043ea7bc02f80040320210aa",
    "82498342001a900ef60638241c184a00",
    "fff85a8800374e000000a6",
    "fbc6",
  ];
  test("OBUs, VP9, FLAC and Opus", () => {
    const decoded = fuzz(others, (bytes) => {
      isKeyTemporalUnit(bytes);
      if (withoutTemporalDelimiters(bytes).length > bytes.length) throw new Error("grew");
      isKeyFrame(bytes);
      const samples = flacFrameSamples(bytes);
      const duration = opusPacketDuration(bytes);
      if (!(samples >= 0 && samples <= 65_536 && duration >= 0 && duration <= 5_760)) throw new Error("duration");
    });
    expect(decoded).toBe(others.length * CASES_PER_SAMPLE);
  });
});
