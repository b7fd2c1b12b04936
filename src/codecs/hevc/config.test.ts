import { describe, expect, test } from "bun:test";
import { hevcRecords } from "../../../test/support/codec-samples.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeHevcConfig, hevcConfigFromParameterSets, hevcParameterSets } from "./config.ts";
import { isKeyAccessUnit, lengthSizeOf, parameterSetsIn } from "./nal.ts";

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(" ", ""));

describe("decodeHevcConfig", () => {
  for (const { clip, hex: record, sar = { width: 1, height: 1 }, colour, ...expected } of hevcRecords) {
    test(clip, () => {
      const config = decodeHevcConfig(hex(record));
      expect(config).toMatchObject({ codec: "hevc", sar, ...expected });
      expect(config.colour).toEqual(colour);
      expect(config.record.toHex()).toBe(record);
    });
  }

  const first = hevcRecords[0]?.hex ?? "";

  test("parameter sets behind start codes", () => {
    const { vps, sps, pps } = hevcParameterSets(hex(first));
    const annexB = [...vps, ...sps, ...pps].map((nal) => `000001${nal.toHex()}`).join("");
    expect(decodeHevcConfig(hex(`00${annexB}`)).record.toHex()).toBe(first);
  });

  test("without a VPS", () => {
    const { sps, pps } = hevcParameterSets(hex(first));
    const config = decodeHevcConfig(hevcConfigFromParameterSets([], sps, pps));
    expect([config.width, config.height]).toEqual([854, 478]);
    expect(hevcParameterSets(config.record).vps).toEqual([]);
  });

  test("without arrays: the size is unknown, the codec string is not", () => {
    const record = hex(`${first.slice(0, 44)}00`);
    record[21] = 0x0c;
    const config = decodeHevcConfig(record);
    expect(config).toMatchObject({ codecString: "hvc1.2.4.L93.90", width: 0, height: 0 });
    expect(lengthSizeOf(config.record)).toBe(4);
  });

  test("SEI of the whole stream stay, unknown NAL units do not", () => {
    const { vps, sps, pps } = hevcParameterSets(hex(first));
    const sei = hex("4e018901aa80");
    const record = hevcConfigFromParameterSets(vps, sps, pps, [sei]);
    expect(decodeHevcConfig(record).record).toEqual(record);
    expect(record.toHex()).toEndWith(`0001${"0006"}${sei.toHex()}`);
  });

  const broken: readonly [name: string, record: string][] = [
    ["empty", ""],
    ["too short", "0102"],
    ["version 2", `02${first.slice(2)}`],
    ["a NAL unit longer than the record", first.slice(0, -2)],
    ["an SPS that is cut", "0102200000009000000000005df000fcfdfafa00000f01a1000100084201010220000000"],
    ["start codes without an SPS", "0000000144010203"],
  ];
  for (const [name, record] of broken) {
    test(`${name} is malformed`, () => expect(() => decodeHevcConfig(hex(record))).toThrow(MalformedError));
  }

  test("65 NAL units are malformed", () => {
    const nals = Array.from({ length: 65 }, (_, index) => `00034401${index.toString(16).padStart(2, "0")}`).join("");
    const record = hex(`${first.slice(0, 44)}01a20041${nals}`);
    expect(() => hevcParameterSets(record)).toThrow(MalformedError);
  });
});

describe("isKeyAccessUnit", () => {
  const cases: readonly [name: string, data: string, key: boolean][] = [
    ["IDR_W_RADL", "00000003 2801ac", true],
    ["CRA behind AUD and SEI", "00000003 460150 00000004 4e010180 00000003 2a01ac", true],
    ["BLA_W_LP", "00000003 2001ac", true],
    ["trailing picture", "00000003 0201d0", false],
    ["RASL", "00000003 1201d0", false],
    ["parameter sets alone", "00000003 400100 00000003 420100", false],
    ["nothing", "", false],
  ];
  for (const [name, data, key] of cases) test(name, () => expect(isKeyAccessUnit(hex(data))).toBe(key));
});

test("parameter sets in-band, each once", () => {
  const found = parameterSetsIn(hex("00000003 400101 00000003 420102 00000003 440103 00000003 440103 00000003 2801ac"));
  expect(found?.vps.map((nal) => nal.toHex())).toEqual(["400101"]);
  expect(found?.sps.map((nal) => nal.toHex())).toEqual(["420102"]);
  expect(found?.pps.map((nal) => nal.toHex())).toEqual(["440103"]);
  expect(parameterSetsIn(hex("00000003 2801ac"))).toBeUndefined();
});
