import { expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { encodeFileHeader, encodeTag, readTag } from "./tag.ts";

const tag = { type: 9, timestamp: 0xfe_123456, body: Uint8Array.of(1, 2, 3) };
const hex = "09000003123456fe0000000102030000000e";

test("tags are read and written with the high byte of the time behind the low ones", () => {
  expect(encodeTag(tag).toHex()).toBe(hex);
  expect(readTag(new ByteReader(Uint8Array.fromHex(hex)))).toEqual(tag);
});

test("the last back pointer may be missing, a body may not", () => {
  expect(readTag(new ByteReader(Uint8Array.fromHex(hex.slice(0, -8))))).toEqual(tag);
  expect(() => readTag(new ByteReader(Uint8Array.fromHex(hex.slice(0, -10))))).toThrow(MalformedError);
});

test("a file begins with what it contains", () => {
  expect(encodeFileHeader({ audio: true, video: true }).toHex()).toBe("464c5601050000000900000000");
});
