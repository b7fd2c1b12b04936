import { describe, expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeAmf0, encodeAmf0 } from "./amf0.ts";
import { AmfDate, AmfEcmaArray, type AmfValue, isAmfObject } from "./value.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

const CASES: readonly { name: string; hex: string; value: AmfValue }[] = [
  { name: "number", hex: "00 3ff0000000000000", value: 1 },
  { name: "NaN", hex: "00 7ff8000000000000", value: Number.NaN },
  { name: "negative infinity", hex: "00 fff0000000000000", value: Number.NEGATIVE_INFINITY },
  { name: "true", hex: "01 01", value: true },
  { name: "string", hex: "02 0003 ed959c", value: "한" },
  { name: "empty string", hex: "02 0000", value: "" },
  { name: "null", hex: "05", value: null },
  { name: "undefined", hex: "06", value: undefined },
  { name: "object", hex: "03 0001 61 05 000009", value: { a: null } },
  { name: "strict array", hex: "0a 00000002 0101 0100", value: [true, false] },
  { name: "date", hex: "0b 4270000000000000 0000", value: new AmfDate(2 ** 40) },
];

describe("AMF0", () => {
  for (const { name, hex, value } of CASES) {
    test(`decodes and encodes ${name}`, () => {
      expect(decodeAmf0(bytes(hex))).toEqual([value]);
      expect(encodeAmf0(value).toHex()).toBe(hex.replaceAll(" ", ""));
    });
  }

  const DECODED: readonly { name: string; hex: string; value: AmfValue }[] = [
    { name: "an ECMA array whatever its count", hex: "08 000003e8 0001 61 0101 000009", value: { a: true } },
    { name: "an ECMA array without terminator", hex: "08 00000001 0001 61 0101", value: { a: true } },
    { name: "an ECMA array with half a terminator", hex: "08 00000001 0001 61 0101 0000", value: { a: true } },
    { name: "a typed object without its class", hex: "10 0001 43 0001 61 0101 000009", value: { a: true } },
    { name: "the last of repeated keys", hex: "03 0001 61 0101 0001 61 0100 000009", value: { a: false } },
    { name: "an empty key", hex: "03 0000 0101 000009", value: { "": true } },
    {
      name: "a key named as the prototype",
      hex: "03 0009 5f5f70726f746f5f5f 0101 000009",
      value: JSON.parse('{"__proto__":true}'),
    },
    { name: "unsupported as undefined", hex: "0d", value: undefined },
    { name: "XML as text", hex: "0f 00000004 3c612f3e", value: "<a/>" },
    { name: "a long string", hex: "0c 00000001 61", value: "a" },
    { name: "NUL in a string", hex: "02 0002 6100", value: "a\0" },
    { name: "latin-1 as replacement characters", hex: "02 0001 e9", value: "\ufffd" },
    { name: "an AMF3 value behind its marker", hex: "11 06 03 61", value: "a" },
    { name: "a reference", hex: "03 0001 61 0a 00000000 0001 62 07 0001 000009", value: { a: [], b: [] } },
  ];
  for (const { name, hex, value } of DECODED) {
    test(`decodes ${name}`, () => expect(decodeAmf0(bytes(hex))).toEqual([value]));
  }

  test("objects have no prototype", () => {
    const [value] = decodeAmf0(bytes("03 0009 5f5f70726f746f5f5f 03 000009 000009"));
    expect(isAmfObject(value) && Object.keys(value)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("writes ECMA arrays, long strings and bytes", () => {
    expect(encodeAmf0(new AmfEcmaArray({ a: true })).toHex()).toBe("08000000010001610101000009");
    expect(decodeAmf0(encodeAmf0("x".repeat(70_000)))).toEqual(["x".repeat(70_000)]);
    expect(decodeAmf0(encodeAmf0(Uint8Array.of(1, 2)))).toEqual([Uint8Array.of(1, 2)]);
  });

  const MALFORMED: readonly { name: string; hex: string }[] = [
    { name: "a number cut short", hex: "00 3ff0" },
    { name: "a string longer than its message", hex: "02 ffff 61" },
    { name: "an array longer than its message", hex: "0a ffffffff" },
    { name: "a marker that is none", hex: "7f" },
    { name: "a movie clip", hex: "04" },
    { name: "a reference to nothing", hex: "07 0000" },
    { name: "a reference to the object around it", hex: "03 0001 61 07 0000 000009" },
  ];
  for (const { name, hex } of MALFORMED) {
    test(`refuses ${name}`, () => expect(() => decodeAmf0(bytes(hex))).toThrow(MalformedError));
  }

  test("refuses values nested 10,000 deep, in all kinds of nests", () => {
    for (const hex of ["03000161", "0a00000001", "0800000000000161", "11 09 03 01"]) {
      const nest = bytes(hex);
      const deep = new Uint8Array(nest.length * 10_000);
      for (let i = 0; i < 10_000; i++) deep.set(nest, i * nest.length);
      expect(() => decodeAmf0(deep)).toThrow(MalformedError);
    }
  });

  test("refuses references that would multiply", () => {
    // Each array holds the one before it sixteen times: 16^8 values in 400 bytes.
    const levels = ["0a 00000001 05"];
    for (let i = 0; i < 8; i++) levels.push(`0a 00000010 ${`07 000${i}`.repeat(16)}`);
    expect(() => decodeAmf0(bytes(levels.join("")))).toThrow(/more than/);
  });

  test("ends at garbage behind the values that are required", () => {
    expect(decodeAmf0(bytes("05 05 7f7f"), 2)).toEqual([null, null]);
    expect(() => decodeAmf0(bytes("05 7f7f"), 2)).toThrow(MalformedError);
  });
});
