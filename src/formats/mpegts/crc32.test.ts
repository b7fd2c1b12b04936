import { expect, test } from "bun:test";
import { crc32Mpeg } from "./crc32.ts";

test("the check value of CRC-32/MPEG-2", () => {
  expect(crc32Mpeg(new TextEncoder().encode("123456789"))).toBe(0x0376e6e7);
});

test("over a section and its own CRC it is 0", () => {
  const data = Uint8Array.of(1, 2, 3, 0, 0, 0, 0);
  new DataView(data.buffer).setUint32(3, crc32Mpeg(data, 0, 3));
  expect(crc32Mpeg(data)).toBe(0);
  expect(crc32Mpeg(data, 0, 3)).not.toBe(0);
});
