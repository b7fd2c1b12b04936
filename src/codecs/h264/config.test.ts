import { describe, expect, test } from "bun:test";
import { avcRecords } from "../../../test/support/codec-samples.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { avcConfigFromParameterSets, avcParameterSets, decodeAvcConfig } from "./config.ts";
import { lengthSizeOf } from "./nal.ts";

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(" ", ""));

describe("decodeAvcConfig", () => {
  for (const { clip, hex: record, sar = { width: 1, height: 1 }, colour, frameRate, ...expected } of avcRecords) {
    test(clip, () => {
      const config = decodeAvcConfig(hex(record));
      expect(config).toMatchObject({ codec: "h264", sar, ...expected });
      expect(config.colour).toEqual(colour);
      if (frameRate === undefined) expect(config.frameRate).toBeUndefined();
      else expect(config.frameRate).toBeCloseTo(frameRate, 6);
      // These encoders write canonical records, and it is decodable again.
      if (!clip.startsWith("OBS")) expect(config.record.toHex()).toBe(record);
      expect(decodeAvcConfig(config.record)).toEqual(config);
    });
  }

  const first = avcRecords[0]?.hex ?? "";

  test("zeros behind the fields, as FFmpeg's muxer leaves them, are cut", () => {
    expect(decodeAvcConfig(hex(`${first}0000`)).record.toHex()).toBe(first);
  });

  test("another length size becomes 4", () => {
    const record = hex(first);
    record[4] = 0xfd;
    expect(lengthSizeOf(record)).toBe(2);
    expect(lengthSizeOf(decodeAvcConfig(record).record)).toBe(4);
  });

  test("parameter sets that come twice are kept once; the first SPS gives the size", () => {
    const { sps, pps } = avcParameterSets(hex(first));
    const other = avcParameterSets(hex(avcRecords[2]?.hex ?? "")).sps;
    const doubled = avcConfigFromParameterSets([...sps, ...sps, ...other], [...pps, ...pps]);
    const config = decodeAvcConfig(doubled);
    expect(avcParameterSets(config.record)).toEqual({ sps: [...sps, ...other], pps });
    expect([config.width, config.height]).toEqual([426, 240]);
  });

  test("more different SPS than a record holds: the first 31", () => {
    const { sps, pps } = avcParameterSets(hex(first));
    const many = Array.from({ length: 40 }, (_, index) => Uint8Array.of(...(sps[0] ?? []), index));
    const annexB = [...many, ...pps].map((nal) => `000001${nal.toHex()}80`).join("");
    const kept = avcParameterSets(decodeAvcConfig(hex(`00${annexB}`)).record);
    expect([kept.sps.length, kept.pps.length]).toEqual([31, 1]);
  });

  test("parameter sets behind start codes", () => {
    const { sps, pps } = avcParameterSets(hex(first));
    const startCode = "00000001";
    const annexB = [...sps, ...pps].map((nal) => startCode + nal.toHex()).join("");
    expect(decodeAvcConfig(hex(annexB)).record.toHex()).toBe(first);
  });

  test("a PPS is not demanded: some encoders send it in-band", () => {
    const { sps } = avcParameterSets(hex(first));
    expect(decodeAvcConfig(avcConfigFromParameterSets(sps, [])).width).toBe(426);
  });

  test("a broken VUI is taken as absent", () => {
    const sps = avcParameterSets(hex(first)).sps[0]?.slice(0, 12) ?? new Uint8Array(0);
    const config = decodeAvcConfig(avcConfigFromParameterSets([sps], []));
    expect([config.width, config.height, config.frameRate]).toEqual([426, 240, undefined]);
  });

  const broken: readonly [name: string, record: string][] = [
    ["empty", ""],
    ["no SPS", "0164001effe000"],
    ["version 2", "0264001effe000"],
    ["SPS longer than the record", "0164001effe100ff6764"],
    ["SPS cut in its size", "0164001effe1000567640015ac00"],
    ["start codes without an SPS", "0000000168ce"],
  ];
  for (const [name, record] of broken) {
    test(`${name} is malformed`, () => expect(() => decodeAvcConfig(hex(record))).toThrow(MalformedError));
  }
});
