import { describe, expect, test } from "bun:test";
import {
  forEachNal,
  fromAnnexB,
  looksLikeAnnexB,
  nalEnd,
  toFourByteLengths,
  withoutEmulationPrevention,
} from "./nal-units.ts";

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(" ", ""));

describe("toFourByteLengths", () => {
  const cases: readonly [name: string, size: number, from: string, to: string][] = [
    ["1-byte lengths", 1, "03 09f0aa 02 65bb", "00000003 09f0aa 00000002 65bb"],
    ["2-byte lengths", 2, "0003 09f0aa 0002 65bb", "00000003 09f0aa 00000002 65bb"],
    ["3-byte lengths", 3, "000003 09f0aa 000002 65bb", "00000003 09f0aa 00000002 65bb"],
    ["an empty NAL unit is left out", 4, "00000000 00000002 65bb", "00000002 65bb"],
    ["an empty NAL unit of 2-byte lengths is left out", 2, "0000 0002 65bb 0000", "00000002 65bb"],
    ["a NAL unit that reaches past the end is left out", 4, "00000002 65bb 00000003 41cc", "00000002 65bb"],
    ["a cut length field is left out", 4, "00000002 65bb 0000", "00000002 65bb"],
    ["a length of almost 4 GiB", 4, "ffffffff 65bb", ""],
    ["nothing", 4, "", ""],
    ["nothing of 2-byte lengths", 2, "", ""],
  ];
  for (const [name, size, from, to] of cases) {
    test(name, () => expect(toFourByteLengths(hex(from), size).toHex()).toBe(hex(to).toHex()));
  }

  test("well-formed 4-byte lengths come back as they are, not as a copy", () => {
    const data = hex("00000003 09f0aa 00000002 65bb");
    expect(toFourByteLengths(data, 4)).toBe(data);
  });
});

describe("fromAnnexB", () => {
  const cases: readonly [name: string, from: string, to: string][] = [
    ["start codes of four and three bytes", "00000001 09f0 000001 65bb", "00000002 09f0 00000002 65bb"],
    ["trailing zeros belong to no NAL unit", "000001 65bb 0000 00000001 41 000000", "00000002 65bb 00000001 41"],
    ["bytes before the first start code", "aabb 000001 65", "00000001 65"],
    ["empty NAL units", "000001 000001 65", "00000001 65"],
    ["no start code", "0102030405", ""],
    ["a lone start code", "000001", ""],
    ["a 01 that no zeros precede", "000001 65010001", "00000004 65010001"],
  ];
  for (const [name, from, to] of cases) {
    test(name, () => expect(fromAnnexB(hex(from)).toHex()).toBe(hex(to).toHex()));
  }
});

describe("looksLikeAnnexB", () => {
  const cases: readonly [name: string, data: string, expected: boolean][] = [
    ["a four-byte start code", "00000001 6742c01e 00000001 68ce", true],
    ["a three-byte start code", "000001 6742c01e", true],
    ["a length of one byte", "00000001 09 00000002 65bb", false],
    ["a length of 256 bytes", `00000100 65${"aa".repeat(255)}`, false],
    ["a short length", "00000002 65bb", false],
    ["too short to tell", "000001", false],
  ];
  for (const [name, data, expected] of cases) test(name, () => expect(looksLikeAnnexB(hex(data))).toBe(expected));
});

test("a cursor and a callback see the same NAL units, and stop at a broken length", () => {
  const data = hex("00000002 09f0 00000000 00000001 65 00000009 41");
  const seen: [number, number][] = [];
  forEachNal(data, (start, end) => seen.push([start, end]));
  expect(seen).toEqual([
    [4, 6],
    [14, 15],
  ]);
  const ends: number[] = [];
  for (let at = 0, end = nalEnd(data, 0); end >= 0; at = end, end = nalEnd(data, at)) ends.push(end);
  expect(ends).toEqual([6, 10, 15]);
});

describe("withoutEmulationPrevention", () => {
  const cases: readonly [from: string, to: string][] = [
    ["6700000301", "67000001"],
    ["670000030000030001", "6700000000" + "0001"],
    ["67000003", "670000"],
    ["6700030001", "6700030001"],
  ];
  for (const [from, to] of cases) {
    test(from, () => expect(withoutEmulationPrevention(hex(from)).toHex()).toBe(to));
  }
});
