import { expect, test } from "bun:test";
import { ac3Frames, eac3Frames } from "../../../test/support/codec-samples.ts";
import { BitWriter } from "../../bytes/bit-writer.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeAc3Config, decodeEac3Config } from "./config.ts";

for (const { clip, hex, record, sampleRate, channels } of ac3Frames) {
  test(`AC-3, ${clip}`, () => {
    const config = decodeAc3Config(Uint8Array.fromHex(hex));
    expect(config).toMatchObject({ codec: "ac3", codecString: "ac-3", sampleRate, channels, samplesPerPacket: 1536 });
    expect(config.record.toHex()).toBe(record);
  });
}

for (const { clip, hex, size, record, channels } of eac3Frames) {
  test(`E-AC-3, ${clip}`, () => {
    const frame = new Uint8Array(size);
    frame.set(Uint8Array.fromHex(hex));
    const config = decodeEac3Config(frame);
    expect(config).toMatchObject({ codec: "eac3", codecString: "ec-3", sampleRate: 48_000, channels });
    expect(config.samplesPerPacket).toBe(1536);
    expect(config.record.toHex()).toBe(record);
  });
}

type Substream = { dependent?: number; substream?: number; blocks?: number; acmod: number; lfe: number; size: number };

function eac3(...substreams: readonly Substream[]): Uint8Array {
  const frames = substreams.map(({ dependent, substream = 0, blocks = 3, acmod, lfe, size }) => {
    const bits = new BitWriter(size)
      .u(16, 0x0b77)
      .u(2, dependent === undefined ? 0 : 1)
      .u(3, substream);
    bits
      .u(11, size / 2 - 1)
      .u(2, 0)
      .u(2, blocks)
      .u(3, acmod)
      .u(1, lfe)
      .u(5, 16)
      .u(5, 31)
      .u(1, 0);
    if (dependent !== undefined) bits.u(1, 1).u(16, dependent);
    return bits.u(8, 0).take();
  });
  return Uint8Array.from(
    frames.flatMap((frame, i) => [...frame, ...new Uint8Array((substreams[i]?.size ?? 0) - frame.length)]),
  );
}

test("E-AC-3 7.1: the back surrounds are in a dependent substream", () => {
  // chanmap: Ls, Rs, Lrs/Rrs
  const unit = eac3({ acmod: 7, lfe: 1, size: 768 }, { dependent: 0x1a00, acmod: 6, lfe: 0, size: 256 });
  const config = decodeEac3Config(unit);
  expect([config.channels, config.samplesPerPacket]).toEqual([8, 1536]);
  // 256 kbit/s; one dependent substream at location 1, Lrs/Rrs
  expect(config.record.toHex()).toBe("0800200f0202");
});

test("E-AC-3 of two blocks a frame: an access unit has three, and samples of all", () => {
  const frame = { blocks: 1, acmod: 2, lfe: 0, size: 64 };
  const dependent = { ...frame, dependent: 0x0100, acmod: 1 };
  const config = decodeEac3Config(eac3(frame, dependent, frame, dependent, frame, dependent));
  expect([config.channels, config.samplesPerPacket]).toEqual([3, 1536]);
  expect(decodeEac3Config(eac3(frame)).samplesPerPacket).toBe(512);
});

test("E-AC-3 with a second program: the first one's channels, both in the record", () => {
  const config = decodeEac3Config(eac3({ acmod: 7, lfe: 1, size: 768 }, { substream: 1, acmod: 1, lfe: 0, size: 128 }));
  expect(config.channels).toBe(6);
  expect(config.record.length).toBe(2 + 3 + 3);
});

const broken: readonly [name: string, run: () => unknown][] = [
  ["empty AC-3", () => decodeAc3Config(new Uint8Array(0))],
  ["no AC-3 syncword", () => decodeAc3Config(Uint8Array.fromHex("0b781e8b1c40ebf8"))],
  ["reserved AC-3 rate", () => decodeAc3Config(Uint8Array.fromHex("0b771e8bdc40ebf8"))],
  ["reserved AC-3 frame size", () => decodeAc3Config(Uint8Array.fromHex("0b771e8b3f40ebf8"))],
  ["E-AC-3 as AC-3", () => decodeAc3Config(Uint8Array.fromHex("0b7700bf3487c00020fc210830c0"))],
  ["empty E-AC-3", () => decodeEac3Config(new Uint8Array(0))],
  ["dependent substream first", () => decodeEac3Config(eac3({ dependent: 0, acmod: 2, lfe: 0, size: 64 }))],
  ["a substream that is missing", () => decodeEac3Config(eac3({ substream: 2, acmod: 2, lfe: 0, size: 64 }))],
  ["cut header", () => decodeEac3Config(eac3({ acmod: 2, lfe: 0, size: 64 }).subarray(0, 6))],
];
for (const [name, run] of broken) test(`${name} is malformed`, () => expect(run).toThrow(MalformedError));
