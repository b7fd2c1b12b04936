import { describe, expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeSpliceInfo, type SpliceInfo } from "./splice-info.ts";

/** Samples of the standard (SCTE 35 14), and variations. */
const CASES: readonly [name: string, base64: string, expected: SpliceInfo][] = [
  [
    "time_signal, placement opportunity start",
    "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==",
    { command: "time-signal", eventId: 0x4800008e, direction: "out", duration: 27_630_000 / 90_000 },
  ],
  [
    "splice_insert",
    "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=",
    { command: "splice-insert", eventId: 0x4800008f, direction: "out", duration: 5_426_421 / 90_000 },
  ],
  [
    "time_signal, placement opportunity end",
    "/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g=",
    { command: "time-signal", eventId: 0x4800008e, direction: "in", duration: undefined },
  ],
  ["splice_null", "/DARAAAAAAAAAP/wAAAAAHpPv/8=", { command: "other" }],
];

describe("decodeSpliceInfo", () => {
  test.each(CASES)("%s", (_, base64, expected) => {
    expect(decodeSpliceInfo(Uint8Array.fromBase64(base64))).toEqual(expected);
  });

  test.each(CASES)("%s, cut anywhere, is malformed or still said", (_, base64) => {
    const bytes = Uint8Array.fromBase64(base64);
    for (let length = 0; length < bytes.length; length++) {
      try {
        decodeSpliceInfo(bytes.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
      }
    }
  });

  test("another table is malformed", () => {
    expect(() => decodeSpliceInfo(Uint8Array.of(0x47, 0, 0))).toThrow(MalformedError);
  });
});
