import { describe, expect, test } from "bun:test";
import { vp9Records } from "../../../test/support/codec-samples.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeVp9Config, vp9ConfigFromKeyFrame, withVp9KeyFrame } from "./config.ts";
import { decodeVp9KeyFrame, isKeyFrame, type Vp9KeyFrame } from "./frame.ts";

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(" ", ""));

function keyFrameOf(bytes: string): Vp9KeyFrame {
  const frame = decodeVp9KeyFrame(hex(bytes));
  if (!frame) throw new Error("no key frame");
  return frame;
}

for (const { clip, hex: record, keyFrame, colour, width, height, codecString } of vp9Records) {
  describe(clip, () => {
    const config = decodeVp9Config(hex(record));

    test("record, with and without the FullBox fields", () => {
      expect(config).toMatchObject({ codec: "vp9", codecString, width: 0, height: 0 });
      expect(config.colour).toEqual(colour);
      expect(config.record.toHex()).toBe(record);
      expect(decodeVp9Config(hex(`01000000${record}`))).toEqual(config);
    });

    test("key frame", () => {
      const sized = withVp9KeyFrame(config, keyFrameOf(keyFrame));
      expect(sized).toEqual({ ...config, width, height });
      expect(withVp9KeyFrame(sized, keyFrameOf(keyFrame))).toBe(sized);
      expect(vp9ConfigFromKeyFrame(keyFrameOf(keyFrame))).toMatchObject({ codecString, width, height });
    });
  });
}

test("a record without a level gets one from the picture size", () => {
  const config = decodeVp9Config(hex("0000820202020000"));
  expect(config.codecString).toBe("vp09.00.41.08");
  const frame = { ...keyFrameOf(vp9Records[0]?.keyFrame ?? ""), width: 1280, height: 720 };
  const sized = withVp9KeyFrame(config, frame);
  expect([sized.codecString, sized.record[1]]).toEqual(["vp09.00.31.08", 31]);
});

describe("isKeyFrame", () => {
  const cases: readonly [name: string, data: string, key: boolean][] = [
    ["inter frame", "86004092", false],
    ["inter frame of profile 2", "96004092", false],
    ["key frame of profile 3", "b124c1a1", true],
    ["show_existing_frame", "88", false],
    ["no frame marker", "42498342", false],
    ["nothing", "", false],
  ];
  for (const [name, data, key] of cases) {
    test(name, () => expect([isKeyFrame(hex(data)), isKeyFrame(hex(data))]).toEqual([key, key]));
  }
  test("an inter frame has no key frame header", () => expect(decodeVp9KeyFrame(hex("86004092"))).toBeUndefined());
});

const broken: readonly [name: string, run: () => unknown][] = [
  ["short record", () => decodeVp9Config(hex("00148202020200"))],
  ["profile 4", () => decodeVp9Config(hex("0414820202020000"))],
  ["bit depth 9", () => decodeVp9Config(hex("0014920202020000"))],
  ["sync code", () => decodeVp9KeyFrame(hex("82498343001a900ef606"))],
  ["cut header", () => decodeVp9KeyFrame(hex("82498342001a"))],
  ["RGB in profile 0", () => decodeVp9KeyFrame(hex("82498342e01a900ef60638"))],
];
for (const [name, run] of broken) test(`${name} is malformed`, () => expect(run).toThrow(MalformedError));
