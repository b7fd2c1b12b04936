import { describe, expect, test } from "bun:test";
import { avcRecords } from "../../../test/support/codec-samples.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeAvcConfig } from "../../codecs/h264/config.ts";
import { decodeTfdt, decodeTfhd, decodeTrun, findBox, findBoxes, walkBoxes } from "./boxes.ts";
import { encodeFragment, type FragmentTrack, type Sample } from "./fragment.ts";
import { encodeStill } from "./keyframe-file.ts";
import { decodeSamples } from "./samples.ts";

type SampleFields = { duration?: number; offset?: number; key?: boolean; size?: number };

function track(kind: "video" | "audio", base: number, fields: readonly SampleFields[], trackId = 1): FragmentTrack {
  const samples: Sample[] = fields.map(({ duration = 10, offset = 0, key = true, size = 2 }, index) => {
    return { duration, compositionOffset: offset, key, data: new Uint8Array(size).fill(16 * trackId + index) };
  });
  return { trackId, kind, baseDecodeTime: base, samples };
}

function headers(fragment: Uint8Array, index = 0) {
  const tfhd = findBoxes(fragment, "moof/traf/tfhd")[index];
  const trun = findBoxes(fragment, "moof/traf/trun")[index];
  const none = new Uint8Array(0);
  return { tfhd: decodeTfhd(tfhd?.payload ?? none), trun: decodeTrun(trun?.payload ?? none) };
}

const BASE_IS_MOOF = 0x2_0000;

describe("columns", () => {
  const key = { key: true };
  const delta = { key: false };
  const cases: readonly [name: string, kind: "video" | "audio", fields: SampleFields[], tfhd: number, trun: number][] =
    [
      ["audio of one size", "audio", [{}, {}, {}], 0x38, 0x1],
      ["audio of several sizes", "audio", [{ size: 1 }, { size: 2 }], 0x28, 0x201],
      ["video: key, then deltas", "video", [key, { ...delta, size: 3 }, delta], 0x28, 0x205],
      ["video: deltas only", "video", [delta, delta], 0x38, 0x1],
      ["video: keys only", "video", [key, key], 0x38, 0x1],
      ["video: one key", "video", [key], 0x38, 0x1],
      ["video: a key among deltas", "video", [delta, key, delta], 0x18, 0x401],
      ["video: two keys among deltas", "video", [key, delta, key], 0x18, 0x401],
      ["composition offsets", "video", [{ offset: 20 }, delta], 0x38, 0x805],
      ["several durations", "video", [{ duration: 11 }, delta], 0x30, 0x105],
      [
        "all columns",
        "video",
        [
          { ...delta, duration: 3 },
          { size: 5, offset: -7 },
          { ...delta, duration: 9 },
        ],
        0x00,
        0xf01,
      ],
    ];
  for (const [name, kind, fields, tfhdFlags, trunFlags] of cases) {
    test(name, () => {
      const input = track(kind, 1000, fields);
      const fragment = encodeFragment(1, [input]);
      const { tfhd, trun } = headers(fragment);
      expect((tfhd.flags ^ BASE_IS_MOOF).toString(16)).toBe(tfhdFlags.toString(16));
      expect(trun.flags.toString(16)).toBe(trunFlags.toString(16));
      let dts = 1000;
      const expected = input.samples.map((sample) => {
        const { duration, compositionOffset, key: isKey, data } = sample;
        const out = { trackId: 1, dts, pts: dts + compositionOffset, duration, key: isKey, data };
        dts += duration;
        return out;
      });
      expect(decodeSamples(fragment)).toEqual(expected);
    });
  }
});

test("the bytes of a small fragment", () => {
  const fragment = encodeFragment(7, [track("video", 2 ** 32 + 5, [{ offset: -1 }, { key: false, size: 1 }])]);
  const moof = [
    "00000074 6d6f6f66",
    "00000010 6d666864 00000000 00000007",
    "0000005c 74726166",
    "00000018 74666864 00020028 00000001 0000000a 01010000",
    "00000014 74666474 01000000 00000001 00000005",
    "00000028 7472756e 01000a05 00000002 0000007c 02000000 00000002 ffffffff 00000001 00000000",
  ];
  const mdat = "0000000b 6d646174 1010 11";
  expect(fragment.toHex()).toBe([...moof, mdat].join("").replaceAll(" ", ""));
});

test("two tracks share one mdat, each run points at its own data", () => {
  const video = track("video", 90_000, [{ size: 4 }, { key: false, size: 3 }], 1);
  const audio = track("audio", 48_000, [{ size: 2 }, { size: 2 }, { size: 2 }], 2);
  const fragment = encodeFragment(2, [video, audio]);
  expect([...walkBoxes(fragment)].map(({ path }) => path)).toEqual([
    "moof",
    "moof/mfhd",
    ...["moof/traf", "moof/traf/tfhd", "moof/traf/tfdt", "moof/traf/trun"],
    ...["moof/traf", "moof/traf/tfhd", "moof/traf/tfdt", "moof/traf/trun"],
    "mdat",
  ]);
  expect(findBoxes(fragment, "moof/traf/tfdt").map((box) => decodeTfdt(box.payload))).toEqual([90_000, 48_000]);
  const mdat = findBox(fragment, "mdat")?.offset ?? 0;
  expect(headers(fragment, 0).trun.dataOffset).toBe(mdat + 8);
  expect(headers(fragment, 1).trun.dataOffset).toBe(mdat + 8 + 7);
  const samples = decodeSamples(fragment);
  expect(samples.filter(({ trackId }) => trackId === 1).map(({ data }) => data.toHex())).toEqual([
    "10101010",
    "111111",
  ]);
  expect(samples.filter(({ trackId }) => trackId === 2).map(({ data }) => data.toHex())).toEqual([
    "2020",
    "2121",
    "2222",
  ]);
});

test("tracks without samples are left out", () => {
  const fragment = encodeFragment(1, [track("video", 0, [], 1), track("audio", 5, [{}], 2)]);
  expect(findBoxes(fragment, "moof/traf").length).toBe(1);
  expect(headers(fragment).tfhd.trackId).toBe(2);
  expect(findBoxes(encodeFragment(1, []), "moof/traf")).toEqual([]);
});

test("a decode time beyond 32 bits, up to 2^53", () => {
  for (const base of [0, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
    const tfdt = findBox(encodeFragment(1, [track("audio", base, [{}])]), "moof/traf/tfdt");
    expect(decodeTfdt(tfdt?.payload ?? new Uint8Array(0))).toBe(base);
  }
});

test("a still: init section and one key frame of a second", () => {
  const config = decodeAvcConfig(Uint8Array.fromHex(avcRecords[0]?.hex ?? ""));
  const data = Uint8Array.fromHex("0000000265b8");
  const file = encodeStill({ id: 3, kind: "video", timescale: 90_000, config }, data);
  expect([...walkBoxes(file)].filter(({ path }) => !path.includes("/")).map(({ type }) => type)).toEqual([
    ...["ftyp", "moov", "moof", "mdat"],
  ]);
  expect(decodeSamples(file)).toEqual([{ trackId: 1, dts: 0, pts: 0, duration: 90_000, key: true, data }]);
});

describe("malformed fragments", () => {
  const run = (hex: string) => decodeTrun(Uint8Array.fromHex(hex.replaceAll(" ", "")));
  test("a run of too many samples", () => expect(() => run("00000000 ffffffff")).toThrow(MalformedError));
  test("a run that is cut", () => expect(() => run("00000200 00000002 00000001")).toThrow(MalformedError));
  test("unsigned offsets in version 0", () => {
    expect(run("00000800 00000001 ffffffff").samples[0]?.compositionOffset).toBe(0xffff_ffff);
  });
  test("samples outside the file", () => {
    const fragment = encodeFragment(1, [track("audio", 0, [{}, {}])]);
    const trun = findBox(fragment, "moof/traf/trun");
    if (trun) fragment[trun.offset + 18] = 0x7f;
    expect(() => decodeSamples(fragment)).toThrow(MalformedError);
  });
  test("no tfhd", () => {
    const fragment = encodeFragment(1, [track("audio", 0, [{}, {}])]);
    const tfhd = findBox(fragment, "moof/traf/tfhd");
    fragment.set([0x66, 0x72, 0x65, 0x65], (tfhd?.offset ?? 0) + 4);
    expect(() => decodeSamples(fragment)).toThrow(MalformedError);
  });
});
