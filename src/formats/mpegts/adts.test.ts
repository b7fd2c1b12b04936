import { expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { adtsHeader, setAdtsLength } from "./adts.ts";

const CASES: readonly { readonly name: string; readonly config: string; readonly header: string }[] = [
  { name: "LC 48 kHz stereo", config: "1190", header: "fff14c80001ffc" },
  { name: "LC 44.1 kHz mono", config: "1208", header: "fff15040001ffc" },
  { name: "LC 48 kHz 5.1", config: "11b0", header: "fff14d80001ffc" },
  { name: "HE-AAC 24/48 kHz stereo, explicit", config: "2b11 8800", header: "fff15880001ffc" },
  { name: "HE-AAC v2 24/48 kHz mono core", config: "eb098800", header: "fff15840001ffc" },
];

for (const { name, config, header } of CASES) {
  test(`ADTS header of ${name}`, () => {
    const bytes = adtsHeader(Buffer.from(config.replaceAll(" ", ""), "hex"));
    expect(Buffer.from(bytes).toString("hex")).toBe(header);
  });
}

test("frame length counts the header", () => {
  const header = adtsHeader(Uint8Array.of(0x11, 0x90));
  setAdtsLength(header, 0, 0x1fff - 7);
  expect(Buffer.from(header).toString("hex")).toBe("fff14c83fffffc");
  setAdtsLength(header, 0, 341);
  expect(Buffer.from(header).toString("hex")).toBe("fff14c802b9ffc");
});

test("what ADTS cannot say is malformed", () => {
  // Cut short, frequency written out, channel configuration 0, xHE-AAC.
  for (const config of ["", "11", "17800000001000", "1180", "f95010"]) {
    expect(() => adtsHeader(Buffer.from(config, "hex"))).toThrow(MalformedError);
  }
});
