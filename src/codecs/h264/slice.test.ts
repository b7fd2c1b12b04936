import { expect, test } from "bun:test";
import { avcRecords } from "../../../test/support/codec-samples.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { avcParameterSets } from "./config.ts";
import { pictureParameterSetIds, sequenceParameterSetId, slicePictureParameterSet } from "./slice.ts";

test("ids of the parameter sets of real records", () => {
  for (const { hex } of avcRecords) {
    const { sps, pps } = avcParameterSets(Uint8Array.fromHex(hex));
    const known = new Set(sps.map(sequenceParameterSetId));
    for (const nal of pps) expect(known.has(pictureParameterSetIds(nal).sps)).toBe(true);
  }
});

test.each([
  // first_mb 0 (1), slice_type 7 (0001000), pps 0 (1)
  ["6588 80", 0],
  // pps 2 (011): 1 0001000 011
  ["6588 60", 2],
])("slice %s refers to picture parameter set %p", (hex, id) => {
  expect(slicePictureParameterSet(Uint8Array.fromHex(hex.replace(" ", "")))).toBe(id);
});

test("a cut slice is malformed", () => {
  expect(() => slicePictureParameterSet(Uint8Array.of(0x65))).toThrow(MalformedError);
});
