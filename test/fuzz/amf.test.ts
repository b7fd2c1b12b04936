import { expect, test } from "bun:test";
import { decodeAmf0, encodeAmf0 } from "../../src/formats/amf/amf0.ts";
import { decodeAmf3, encodeAmf3 } from "../../src/formats/amf/amf3.ts";
import { AmfDate, AmfEcmaArray, type AmfValue } from "../../src/formats/amf/value.ts";
import { Noise } from "./random.ts";
import { survives } from "./survives.ts";

const noise = new Noise(0xa3f0);
const tree: AmfValue = {
  name: "onMetaData",
  list: [1, "two", null, [true, { deep: -7 }]],
  when: new AmfDate(1e12),
  bytes: Uint8Array.of(1, 2, 3),
  more: new AmfEcmaArray({ a: 1, b: undefined, "": false }),
};
const amf0 = encodeAmf0("connect", 1, tree, "end");
const amf3 = encodeAmf3(tree);
/** References, traits, vectors and a dictionary, which the encoder does not write. */
const amf3More = Uint8Array.fromHex(
  "09090103060361" + "0a1303430361030a0102" + "0d0500ffffffff00000001" + "11050006036101040105",
);

test("mutated AMF gives values or MalformedError, and values can be written again", () => {
  let malformed = 0;
  for (let n = 0; n < 4000; n++) {
    const zero = noise.mutate(amf0);
    if (!survives(() => encodeAmf0(...decodeAmf0(zero)))) malformed++;
    survives(() => decodeAmf0(zero, 2));
    if (!survives(() => encodeAmf3(decodeAmf3(noise.mutate(noise.pick([amf3, amf3More])))))) malformed++;
  }
  expect(malformed).toBeGreaterThan(500);
  expect(malformed).toBeLessThan(7500);
});

test("noise behind each marker gives values or MalformedError", () => {
  for (let n = 0; n < 4000; n++) {
    const bytes = noise.bytes(1 + noise.below(40));
    bytes[0] = noise.below(20);
    survives(() => decodeAmf0(bytes));
    survives(() => decodeAmf3(bytes));
  }
});
