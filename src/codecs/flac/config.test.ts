import { expect, test } from "bun:test";
import { flacStreams } from "../../../test/support/codec-samples.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeFlacConfig, flacBitsPerSample, flacFrameSamples } from "./config.ts";

for (const { clip, streamInfo, sampleRate, channels, bits, frames } of flacStreams) {
  test(`${clip}: bare, behind a block header, as a file`, () => {
    const config = decodeFlacConfig(Uint8Array.fromHex(streamInfo));
    expect(config).toMatchObject({ codec: "flac", codecString: "fLaC", sampleRate, channels, samplesPerPacket: 0 });
    expect(config.record.toHex()).toBe(streamInfo);
    expect(flacBitsPerSample(config.record)).toBe(bits);
    for (const before of ["00000022", "80000022", "664c614380000022"]) {
      expect(decodeFlacConfig(Uint8Array.fromHex(before + streamInfo))).toEqual(config);
      expect(decodeFlacConfig(Uint8Array.fromHex(`${before + streamInfo}84000000`))).toEqual(config);
    }
  });
  for (const { hex, samples } of frames) {
    test(`${clip}: a frame of ${samples}`, () => expect(flacFrameSamples(Uint8Array.fromHex(hex))).toBe(samples));
  }
}

const frames: readonly [name: string, hex: string, samples: number][] = [
  ["192 samples", "fff81988000000", 192],
  ["8-bit block size", "fff86a880affaa", 256],
  ["behind a number of three bytes", "fff86a88e0a0800faa", 16],
  ["no syncword", "fef85a8800374e", 0],
  ["reserved block size", "fff80a8800374e", 0],
  ["cut block size", "fff87a880a07", 0],
  ["nothing", "", 0],
];
for (const [name, hex, samples] of frames) {
  test(name, () => expect(flacFrameSamples(Uint8Array.fromHex(hex))).toBe(samples));
}

const broken: readonly [name: string, hex: string][] = [
  ["empty", ""],
  ["cut", "664c614380000022120012"],
  ["another block first", `664c614384000022${"00".repeat(34)}`],
  ["sample rate 0", "00".repeat(34)],
];
for (const [name, hex] of broken) {
  test(`${name} is malformed`, () => expect(() => decodeFlacConfig(Uint8Array.fromHex(hex))).toThrow(MalformedError));
}
