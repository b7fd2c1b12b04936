import { describe, expect, test } from "bun:test";
import { aacRecords } from "../../../test/support/codec-samples.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { audioTimescale } from "../timescale.ts";
import { adtsFields, adtsHeader, decodeAdts, MAX_ADTS_FRAME, writeAdtsHeader } from "./adts.ts";
import { decodeAacConfig } from "./config.ts";

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(" ", ""));

describe("decodeAacConfig", () => {
  for (const { clip, hex: asc, timescale, ...expected } of aacRecords) {
    test(clip, () => {
      const bytes = hex(asc);
      const config = decodeAacConfig(bytes);
      expect(config).toMatchObject({ codec: "aac", ...expected });
      expect(config.record).toEqual(bytes);
      expect(config.record.buffer).not.toBe(bytes.buffer);
      expect(audioTimescale(config)).toBe(timescale ?? expected.sampleRate);
    });
  }

  const broken: readonly [name: string, asc: string][] = [
    ["empty", ""],
    ["one byte", "11"],
    ["reserved sampling frequency index", "1690"],
    ["sampling frequency 0", "1780000010"],
    ["channelConfiguration 8", "11c0"],
    ["channelConfiguration 0 without a program_config_element", "1180"],
    ["program_config_element without channels", "1180040000000000"],
    ["object type 1 of speech codecs (8, CELP)", "4190"],
    ["longer than any", `1190${"00".repeat(600)}`],
  ];
  for (const [name, asc] of broken) {
    test(`${name} is malformed`, () => expect(() => decodeAacConfig(hex(asc))).toThrow(MalformedError));
  }
});

describe("ADTS", () => {
  const cases: readonly [clip: string, asc: string, frame: number, header: string][] = [
    ["stereo, 48 kHz", "1190", 288, "fff14c8024fffc"],
    ["mono, 44.1 kHz", "1208", 1, "fff15040011ffc"],
    ["7.1", "11b8", 399, "fff14dc032dffc"],
    ["HE-AAC is written as its core", "2b118800", 100, "fff158800d7ffc"],
  ];
  for (const [clip, asc, frame, header] of cases) {
    test(clip, () => {
      const config = decodeAacConfig(hex(asc));
      expect(adtsHeader(config, frame)?.toHex()).toBe(header);
      const file = new Uint8Array(7 + frame);
      file.set(hex(header));
      const decoded = decodeAdts(file);
      expect([decoded.data.length, decoded.end, decoded.blocks]).toEqual([frame, 7 + frame, 1]);
      expect(decoded.sampleRate).toBe(audioTimescale(config));
      expect(decodeAacConfig(decoded.asc).samplesPerPacket).toBe(1024);
    });
  }

  test("a program_config_element goes in front of each frame, aligned anew", () => {
    const config = decodeAacConfig(hex("118004c4040021100d4c61766335392e33372e31303056e500"));
    // ID_PCE (5) in three bits, then the element's fields from bit 16 of the config, then its comment "Lavc59.37.100".
    const element = "a0988080" + "0422" + "0d4c61766335392e33372e313030";
    expect(adtsFields(config)?.programConfig.toHex()).toBe(element);
    expect(adtsHeader(config, 587)?.toHex()).toBe(`fff14c004cdffc${element}`);
  });

  test("writing into a larger buffer", () => {
    const fields = adtsFields(decodeAacConfig(hex("1190")));
    const target = new Uint8Array(10).fill(0xee);
    expect(fields && writeAdtsHeader(target, 2, fields, 288)).toBe(9);
    expect(target.toHex()).toBe("eeeefff14c8024fffcee");
  });

  test("what ADTS cannot express", () => {
    for (const asc of ["b9900000", "1194", "17803e8010"]) {
      expect(adtsFields(decodeAacConfig(hex(asc)))).toBeUndefined();
    }
    expect(adtsHeader(decodeAacConfig(hex("1190")), MAX_ADTS_FRAME - 7)).toBeDefined();
    expect(adtsHeader(decodeAacConfig(hex("1190")), MAX_ADTS_FRAME - 6)).toBeUndefined();
  });

  test("a header with CRC, and the next frame behind it", () => {
    const file = hex("fff04c80017ffc 1234 aabb fff14c8001 1ffc cc");
    const first = decodeAdts(file);
    expect([first.data.toHex(), first.end]).toEqual(["aabb", 11]);
    expect(decodeAdts(file, first.end).data.toHex()).toBe("cc");
  });

  const broken: readonly [name: string, bytes: string][] = [
    ["empty", ""],
    ["no syncword", "aff14c8024fffc"],
    ["layer", "fff34c8024fffc"],
    ["rate", "fff1748024fffc"],
    ["length shorter than the header", "fff14c80001ffc"],
    ["length past the end", "fff14c8024fffc00"],
  ];
  for (const [name, bytes] of broken) {
    test(`${name} is malformed`, () => expect(() => decodeAdts(hex(bytes))).toThrow(MalformedError));
  }
});
