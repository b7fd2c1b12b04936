import { describe, expect, test } from "bun:test";
import { opusHeads } from "../../../test/support/codec-samples.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeOpusHead, opusConfig, opusPacketDuration } from "./config.ts";

for (const { clip, hex, record } of opusHeads) {
  test(clip, () => {
    const config = decodeOpusHead(Uint8Array.fromHex(hex));
    expect(config.record.toHex()).toBe(record);
    expect(config).toMatchObject({ codec: "opus", codecString: "opus", sampleRate: 48_000, samplesPerPacket: 0 });
    expect(config.channels).toBe(config.record[1] ?? 0);
  });
}

test("without an OpusHead", () => {
  expect(opusConfig(2).record.toHex()).toBe("000201380000bb80000000");
  expect(opusConfig(6).record.toHex()).toBe("000601380000bb8000000104020004010203" + "05");
  for (let channels = 1; channels <= 8; channels++) {
    const { record } = opusConfig(channels);
    expect(record.length).toBe(channels <= 2 ? 11 : 13 + channels);
    if (channels > 2) expect((record[11] ?? 0) + (record[12] ?? 0)).toBe(channels);
  }
  expect(() => opusConfig(0)).toThrow(MalformedError);
  expect(() => opusConfig(9)).toThrow(MalformedError);
});

describe("opusPacketDuration", () => {
  const cases: readonly [name: string, hex: string, samples: number][] = [
    ["CELT fullband, 20 ms, one frame", "fcb4", 960],
    ["CELT, 2.5 ms", "e0", 120],
    ["CELT, 10 ms, two frames", "f1", 960],
    ["hybrid, 20 ms", "78", 960],
    ["hybrid, 10 ms", "70", 480],
    ["SILK narrowband, 60 ms", "18", 2880],
    ["SILK, 10 ms, three frames", "03" + "03", 1440],
    ["code 3 with padding and variable rate", "fbc6", 5760],
    ["more than 120 ms", "1b3f", 5760],
    ["code 3, cut", "03", 0],
    ["nothing", "", 0],
  ];
  for (const [name, hex, samples] of cases) {
    test(name, () => expect(opusPacketDuration(Uint8Array.fromHex(hex))).toBe(samples));
  }
});

const broken: readonly [name: string, hex: string][] = [
  ["empty", ""],
  ["no magic", "4f707573546167730102380180bb0000000000"],
  ["cut", "4f707573486561640102380180bb"],
  ["no channels", "4f707573486561640100380180bb0000000000"],
  ["family 0 of three channels", "4f707573486561640103380180bb0000000000"],
  ["more coupled than streams", "4f707573486561640103380180bb00000000010203000102"],
  ["mapping that is cut", "4f707573486561640106380180bb0000000001040200"],
];
for (const [name, hex] of broken) {
  test(`${name} is malformed`, () => expect(() => decodeOpusHead(Uint8Array.fromHex(hex))).toThrow(MalformedError));
}
