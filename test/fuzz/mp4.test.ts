import { expect, test } from "bun:test";
import { MalformedError } from "../../src/bytes/errors.ts";
import { decodeAacConfig } from "../../src/codecs/aac/config.ts";
import { decodeAvcConfig } from "../../src/codecs/h264/config.ts";
import { decodeTfdt, decodeTfhd, decodeTrun, findBox, walkBoxes } from "../../src/formats/mp4/boxes.ts";
import { encodeFragment, type Sample } from "../../src/formats/mp4/fragment.ts";
import { decodeFragments } from "../../src/formats/mp4/fragment-reader.ts";
import { encodeInit } from "../../src/formats/mp4/init.ts";
import { decodeInit } from "../../src/formats/mp4/init-reader.ts";
import { decodeSamples } from "../../src/formats/mp4/samples.ts";
import { aacRecords, avcRecords } from "../support/codec-samples.ts";
import { mutate, random } from "../support/mutations.ts";

const CASES = 3_000;

const init = encodeInit([
  {
    id: 0,
    kind: "video",
    timescale: 90_000,
    config: decodeAvcConfig(Uint8Array.fromHex(avcRecords[2]?.hex ?? "")),
  },
  {
    id: 1,
    kind: "audio",
    timescale: 48_000,
    config: decodeAacConfig(Uint8Array.fromHex(aacRecords[0]?.hex ?? "")),
    language: "ko",
  },
]);

function samples(next: () => number, count: number): Sample[] {
  return Array.from({ length: count }, () => ({
    duration: 3000 + Math.floor(next() * 3),
    compositionOffset: Math.floor(next() * 3) * 3000 - 3000,
    key: next() < 0.3,
    data: new Uint8Array(Math.floor(next() * 5)).fill(7),
  }));
}

/** Runs `decode` over mutations: only MalformedError may come out. Gives how many were decoded. */
function fuzz(sample: Uint8Array, decode: (bytes: Uint8Array) => void): number {
  const next = random(sample.length);
  let decoded = 0;
  for (let i = 0; i < CASES; i++) {
    const bytes = mutate(sample, next);
    try {
      decode(bytes);
      decoded++;
    } catch (error) {
      if (!(error instanceof MalformedError)) throw new Error(`of ${bytes.toHex()}`, { cause: error });
    }
  }
  return decoded;
}

const next = random(1);
const fragment = encodeFragment(1, [
  { trackId: 1, kind: "video", baseDecodeTime: 2 ** 33, samples: samples(next, 5) },
  { trackId: 2, kind: "audio", baseDecodeTime: 2 ** 33, samples: samples(next, 4).map((s) => ({ ...s, key: true })) },
]);

const decoders: readonly [name: string, sample: Uint8Array, decode: (bytes: Uint8Array) => void][] = [
  ["boxes of an init section", init, (bytes) => void [...walkBoxes(bytes)]],
  ["an init section", init, (bytes) => void decodeInit(bytes)],
  ["fragments with their places", fragment, (bytes) => void decodeFragments(bytes)],
  ["samples of a fragment", fragment, (bytes) => void decodeSamples(bytes)],
  ["tfhd", findBox(fragment, "moof/traf/tfhd")?.payload ?? init, (bytes) => void decodeTfhd(bytes)],
  ["tfdt", findBox(fragment, "moof/traf/tfdt")?.payload ?? init, (bytes) => void decodeTfdt(bytes)],
  ["trun", findBox(fragment, "moof/traf/trun")?.payload ?? init, (bytes) => void decodeTrun(bytes)],
];

for (const [name, sample, decode] of decoders) {
  test(`${name}: nothing but MalformedError`, () => {
    const decoded = fuzz(sample, decode);
    expect(decoded).toBeGreaterThan(0);
    expect(decoded).toBeLessThan(CASES);
  });
}

test("fragments of any samples decode to the same", () => {
  const any = random(2);
  for (let i = 0; i < 1_000; i++) {
    const list = samples(any, 1 + Math.floor(any() * 6));
    const base = Math.floor(any() * 2 ** 53);
    let dts = base;
    const expected = list.map(({ duration, compositionOffset, key, data }) => {
      const sample = { trackId: 1, dts, pts: dts + compositionOffset, duration, key, data };
      dts += duration;
      return sample;
    });
    const bytes = encodeFragment(i, [{ trackId: 1, kind: "video", baseDecodeTime: base, samples: list }]);
    expect(decodeSamples(bytes)).toEqual(expected);
  }
});
