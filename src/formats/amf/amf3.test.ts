import { describe, expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeAmf3, encodeAmf3 } from "./amf3.ts";
import { AmfDate, AmfEcmaArray, type AmfValue } from "./value.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

const CASES: readonly { name: string; hex: string; value: AmfValue }[] = [
  { name: "undefined", hex: "00", value: undefined },
  { name: "null", hex: "01", value: null },
  { name: "false", hex: "02", value: false },
  { name: "true", hex: "03", value: true },
  { name: "integer of one byte", hex: "04 7f", value: 127 },
  { name: "integer of two bytes", hex: "04 8100", value: 128 },
  { name: "integer of three bytes", hex: "04 818000", value: 16_384 },
  { name: "integer of four bytes", hex: "04 80c08000", value: 2_097_152 },
  { name: "greatest integer", hex: "04 bfffffff", value: 268_435_455 },
  { name: "negative integer", hex: "04 ffffffff", value: -1 },
  { name: "least integer", hex: "04 c0808000", value: -268_435_456 },
  { name: "number past the integers", hex: "05 41b0000000000000", value: 268_435_456 },
  { name: "double", hex: "05 3fe0000000000000", value: 0.5 },
  { name: "string", hex: "06 07 ed959c", value: "한" },
  { name: "empty string", hex: "06 01", value: "" },
  { name: "date", hex: "08 01 4270000000000000", value: new AmfDate(2 ** 40) },
  { name: "dense array", hex: "09 05 01 03 02", value: [true, false] },
  { name: "dynamic object", hex: "0a 0b 01 03 61 03 01", value: { a: true } },
  { name: "byte array", hex: "0c 05 0102", value: Uint8Array.of(1, 2) },
];

describe("AMF3", () => {
  for (const { name, hex, value } of CASES) {
    test(`decodes and encodes ${name}`, () => {
      expect(decodeAmf3(bytes(hex))).toEqual(value);
      expect(encodeAmf3(value).toHex()).toBe(hex.replaceAll(" ", ""));
    });
  }

  const DECODED: readonly { name: string; hex: string; value: AmfValue }[] = [
    { name: "an associative array with a dense part", hex: "09 03 03 61 03 01 02", value: { a: true, 0: false } },
    { name: "string references", hex: "09 05 01 06 03 61 06 00", value: ["a", "a"] },
    { name: "object references", hex: "09 05 01 0a 0b 01 01 0a 02", value: [{}, {}] },
    { name: "sealed members", hex: "0a 13 03 43 03 61 03", value: { a: true } },
    { name: "traits references", hex: "09 05 01 0a 13 03 43 03 61 03 0a 01 02", value: [{ a: true }, { a: false }] },
    { name: "XML", hex: "0b 09 3c612f3e", value: "<a/>" },
    { name: "a vector of int", hex: "0d 05 00 ffffffff 00000001", value: [-1, 1] },
    { name: "a vector of uint", hex: "0e 03 00 ffffffff", value: [4_294_967_295] },
    { name: "a vector of double", hex: "0f 03 00 3ff0000000000000", value: [1] },
    { name: "a vector of objects", hex: "10 03 00 01 03", value: [true] },
    { name: "a dictionary", hex: "11 05 00 06 03 61 03 01 03", value: { a: true } },
  ];
  for (const { name, hex, value } of DECODED) {
    test(`decodes ${name}`, () => expect(decodeAmf3(bytes(hex))).toEqual(value));
  }

  test("writes associative arrays", () => {
    expect(decodeAmf3(encodeAmf3(new AmfEcmaArray({ a: 1, b: "x" })))).toEqual({ a: 1, b: "x" });
  });

  const MALFORMED: readonly { name: string; hex: string }[] = [
    { name: "nothing", hex: "" },
    { name: "a marker that is none", hex: "12" },
    { name: "a string reference to nothing", hex: "06 00" },
    { name: "an object reference to nothing", hex: "0a 00" },
    { name: "a traits reference to nothing", hex: "0a 01" },
    { name: "an array that holds itself", hex: "09 03 01 09 00" },
    { name: "an externalizable object", hex: "0a 07 01" },
    { name: "a class of very many members", hex: "0a ffffffff 01" },
    { name: "an array longer than its message", hex: "09 ffffffff 01" },
    { name: "a vector longer than its message", hex: "0f 85 01 00" },
    { name: "a byte array longer than its message", hex: "0c 7f" },
  ];
  for (const { name, hex } of MALFORMED) {
    test(`refuses ${name}`, () => expect(() => decodeAmf3(bytes(hex))).toThrow(MalformedError));
  }

  test("refuses text that references would multiply", () => {
    const text = "61".repeat(60_000);
    const references = "06 00".repeat(100);
    expect(() => decodeAmf3(bytes(`09 814b 01 06 87 a9 41 ${text} ${references}`))).toThrow(/of text/);
  });
});
