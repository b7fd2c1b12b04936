import { describe, expect, test } from "bun:test";
import { isKeyAccessUnit, lengthSizeOf, parameterSetsIn } from "./nal.ts";

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(" ", ""));

describe("isKeyAccessUnit", () => {
  const cases: readonly [name: string, data: string, key: boolean][] = [
    ["IDR", "00000002 65b8", true],
    ["AUD, parameter sets, SEI, IDR", "00000002 09f0 00000002 6764 00000002 68ce 00000003 060580 00000002 65b8", true],
    ["non-IDR slice", "00000002 41b8", false],
    ["non-IDR slice behind an AUD", "00000002 09f0 00000002 01b8", false],
    ["x264 open GOP: recovery_frame_cnt 0", "00000005 060601c480 00000002 41b8", true],
    ["intra refresh: recovery_frame_cnt 29", "00000005 0606020f80 00000002 41b8", false],
    ["recovery point behind other SEI of the same NAL unit", "00000008 06 0402abcd 0601c480 00000002 41b8", true],
    [
      "recovery point behind a payload with emulation prevention",
      "0000000d 06 04050000030100aa 0601c480 00000002 41b8",
      true,
    ],
    ["SEI whose size reaches past its end", "00000004 0604ff06 00000002 41b8", false],
    ["SEI type of many bytes", "00000006 06ffffffff06 00000002 41b8", false],
    ["slice before a recovery point", "00000002 41b8 00000005 060601c480", false],
    ["empty NAL unit first", "00000000 00000002 65b8", true],
    ["empty SEI payload before a recovery point", "00000007 06 0400 0601c480 00000002 41b8", true],
    ["broken length", "00000009 65b8", false],
    ["nothing", "", false],
  ];
  for (const [name, data, key] of cases) test(name, () => expect(isKeyAccessUnit(hex(data))).toBe(key));
});

test("parameter sets in-band, each once, as views", () => {
  const data = hex("00000002 09f0 00000002 6764 00000002 68ce 00000002 6764 00000002 65b8");
  const found = parameterSetsIn(data);
  expect(found?.sps.map((nal) => nal.toHex())).toEqual(["6764"]);
  expect(found?.pps.map((nal) => nal.toHex())).toEqual(["68ce"]);
  expect(found?.sps[0]?.buffer).toBe(data.buffer);
  expect(parameterSetsIn(hex("00000002 65b8"))).toBeUndefined();
});

test("lengthSizeOf", () => {
  expect(["fc", "fd", "fe", "ff"].map((byte) => lengthSizeOf(hex(`0164001e${byte}e1`)))).toEqual([1, 2, 3, 4]);
  expect(lengthSizeOf(hex("01"))).toBe(4);
});
