import { expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { decodePes, PES_MAX, setPesLength, wrapTime, writePesHeader } from "./pes.ts";

const TIMES = [0, 1, 0x7fff, 0x8000, 63_000, 2 ** 30 - 1, 2 ** 30, 2 ** 32 + 12_345, 2 ** 33 - 1];

test("headers are read as they were written", () => {
  for (const pts of TIMES) {
    for (const dts of [pts, 0, 5]) {
      const data = new Uint8Array(64).fill(0xaa);
      const size = writePesHeader(data, 0, 0xe0, pts, dts);
      data.set([1, 2, 3], size);
      setPesLength(data, 0, size + 3);
      const { payload, ...header } = decodePes(data.subarray(0, size + 3));
      expect(header).toEqual({ streamId: 0xe0, pts, dts, dataAlignment: true });
      expect([...payload]).toEqual([1, 2, 3]);
    }
  }
});

test("the bytes of a known header", () => {
  const data = new Uint8Array(14);
  expect(writePesHeader(data, 0, 0xc0, 0x1_2345_6789, 0x1_2345_6789)).toBe(14);
  expect(Buffer.from(data).toString("hex")).toBe("000001c00000848005298d15cf13");
});

test("a packet too long for the field states no length", () => {
  const data = new Uint8Array(19);
  writePesHeader(data, 0, 0xe0, 1, 0);
  setPesLength(data, 0, PES_MAX);
  expect([data[4], data[5]]).toEqual([0xff, 0xff]);
  setPesLength(data, 0, PES_MAX + 1);
  expect([data[4], data[5]]).toEqual([0, 0]);
});

test("times wrap at 33 bits", () => {
  expect(wrapTime(2 ** 33 + 7)).toBe(7);
  expect(wrapTime(2 ** 34)).toBe(0);
  expect(wrapTime(-1)).toBe(2 ** 33 - 1);
});

test("what is no PES packet is malformed", () => {
  for (const hex of [
    "",
    "000001",
    "000002e0000084800521000100010",
    "000001e0ffff8480052100010001",
    "000001e0000044800521000100 01",
  ]) {
    expect(() => decodePes(Buffer.from(hex.replaceAll(" ", ""), "hex"))).toThrow(MalformedError);
  }
});
