import { expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { decodePat, decodePmt, encodePat, encodePmt, type Pmt } from "./psi.ts";

test("the bytes of a PAT", () => {
  const section = encodePat([{ number: 1, pid: 0x1000 }]);
  expect(Buffer.from(section).toString("hex")).toBe("00b00d0001c100000001f0002ab104b2");
  expect(decodePat(section)).toEqual([{ number: 1, pid: 0x1000 }]);
});

test("a PMT is read as it was written", () => {
  const pmt: Pmt = {
    program: 1,
    version: 31,
    pcrPid: 0x100,
    descriptors: Uint8Array.of(0x25, 0),
    streams: [
      { streamType: 0x1b, pid: 0x100, descriptors: new Uint8Array(0) },
      { streamType: 0x81, pid: 0x101, descriptors: Uint8Array.of(5, 4, 65, 67, 45, 51) },
    ],
  };
  expect(decodePmt(encodePmt(pmt))).toEqual(pmt);
});

test("broken sections are malformed", () => {
  const good = encodePat([{ number: 1, pid: 0x1000 }]);
  expect(() => decodePmt(good)).toThrow(MalformedError);
  expect(() => decodePat(good.subarray(0, 11))).toThrow(MalformedError);
  for (let i = 0; i < good.length; i++) {
    const bad = Uint8Array.from(good);
    bad[i] = (bad[i] as number) ^ 0x10;
    expect(() => decodePat(bad)).toThrow(MalformedError);
  }
});
