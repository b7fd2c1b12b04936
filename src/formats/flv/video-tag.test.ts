import { describe, expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeVideoTag, encodeVideoTag, type VideoTag } from "./video-tag.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));
const data = Uint8Array.of(0xaa, 0xbb);
const hvc1 = "68766331";
const av01 = "61763031";
const frame = { type: "frames", track: 0, codec: "avc1", key: true, compositionTime: 0, nanos: 0, data } as const;

/** Both directions. */
const CASES: readonly { name: string; hex: string; tag: Exclude<VideoTag, { type: "unsupported" }> }[] = [
  {
    name: "classic H.264 config",
    hex: "17 00 000000 aabb",
    tag: { type: "config", track: 0, codec: "avc1", record: data },
  },
  { name: "classic H.264 key frame", hex: "17 01 000042 aabb", tag: { ...frame, compositionTime: 66 } },
  { name: "classic H.264 inter frame", hex: "27 01 000000 aabb", tag: { ...frame, key: false } },
  { name: "negative composition time", hex: "27 01 ffffdf aabb", tag: { ...frame, key: false, compositionTime: -33 } },
  { name: "classic end of sequence", hex: "17 02 000000", tag: { type: "end", track: 0, codec: "avc1" } },
  { name: "classic command", hex: "57 01", tag: { type: "command", command: 1 } },
  {
    name: "enhanced HEVC config",
    hex: `90 ${hvc1} aabb`,
    tag: { type: "config", track: 0, codec: "hvc1", record: data },
  },
  {
    name: "enhanced HEVC frame with composition time",
    hex: `91 ${hvc1} 000042 aabb`,
    tag: { ...frame, codec: "hvc1", compositionTime: 66 },
  },
  { name: "enhanced HEVC frame without", hex: `a3 ${hvc1} aabb`, tag: { ...frame, codec: "hvc1", key: false } },
  {
    name: "enhanced AV1 frame, which has no composition time",
    hex: `91 ${av01} aabb`,
    tag: { ...frame, codec: "av01" },
  },
  { name: "enhanced end of sequence", hex: `92 ${hvc1}`, tag: { type: "end", track: 0, codec: "hvc1" } },
  { name: "metadata", hex: `94 ${hvc1} aabb`, tag: { type: "metadata", track: 0, codec: "hvc1", values: data } },
  {
    name: "one track of several",
    hex: `a6 01 ${hvc1} 03 000042 aabb`,
    tag: { ...frame, codec: "hvc1", key: false, track: 3, compositionTime: 66 },
  },
  { name: "nanoseconds", hex: `97 02 07a120 01 ${av01} aabb`, tag: { ...frame, codec: "av01", nanos: 500_000 } },
  { name: "H.264 with nanoseconds", hex: "97 02 07a120 03 61766331 aabb", tag: { ...frame, nanos: 500_000 } },
];

describe("video tags", () => {
  for (const { name, hex, tag } of CASES) {
    test(`decodes and encodes ${name}`, () => {
      expect(decodeVideoTag(bytes(hex))).toEqual([tag]);
      expect(encodeVideoTag(tag).toHex()).toBe(hex.replaceAll(" ", ""));
    });
  }

  const DECODED: readonly { name: string; hex: string; tags: VideoTag[] }[] = [
    { name: "nothing", hex: "", tags: [] },
    { name: "the end of a sequence in two bytes", hex: "1702", tags: [{ type: "end", track: 0, codec: "avc1" }] },
    {
      name: "HEVC by its classic number",
      hex: "1c 01 000021 aabb",
      tags: [{ ...frame, codec: "hvc1", compositionTime: 33 }],
    },
    {
      name: "AV1 by its classic number",
      hex: "1d 00 000000 aabb",
      tags: [{ type: "config", track: 0, codec: "av01", record: data }],
    },
    { name: "a generated key frame", hex: "47 01 000000 aabb", tags: [frame] },
    { name: "H.264 in the enhanced form", hex: "91 61766331 ffffff aabb", tags: [{ ...frame, compositionTime: -1 }] },
    {
      name: "metadata whose frame type is a command's",
      hex: `d4 ${hvc1} aabb`,
      tags: [{ type: "metadata", track: 0, codec: "hvc1", values: data }],
    },
    { name: "an enhanced command", hex: "d1 01", tags: [{ type: "command", command: 1 }] },
    {
      name: "many tracks of one codec",
      hex: `96 11 ${av01} 00 000002 aabb 01 000001 aa`,
      tags: [
        { ...frame, codec: "av01" },
        { ...frame, codec: "av01", track: 1, data: Uint8Array.of(0xaa) },
      ],
    },
    {
      name: "many tracks of many codecs",
      hex: `96 21 ${av01} 00 000002 aabb ${hvc1} 01 000005 000042 aabb`,
      tags: [
        { ...frame, codec: "av01" },
        { ...frame, codec: "hvc1", track: 1, compositionTime: 66 },
      ],
    },
    { name: "a modifier it does not know", hex: `97 00 ff 51 ${av01} aabb`, tags: [{ ...frame, codec: "av01" }] },
    {
      name: "a modifier with a long form",
      hex: `97 ff 0003 00000000 01 ${av01} aabb`,
      tags: [{ ...frame, codec: "av01" }],
    },
    {
      name: "a modifier before several tracks",
      hex: `97 02 000001 06 01 ${av01} 01 aabb`,
      tags: [{ ...frame, codec: "av01", track: 1, nanos: 1 }],
    },
    {
      name: "a codec that is not supported",
      hex: "22 aabb",
      tags: [{ type: "unsupported", track: 0, what: "Sorenson H.263" }],
    },
    {
      name: "a FourCC it does not know",
      hex: "91 78787878",
      tags: [{ type: "unsupported", track: 0, what: 'video codec "xxxx"' }],
    },
  ];
  for (const { name, hex, tags } of DECODED) {
    test(`decodes ${name}`, () => expect(decodeVideoTag(bytes(hex))).toEqual(tags));
  }

  for (const hex of [
    "17",
    "17 01 0000",
    "91 6876",
    `91 ${hvc1} 0000`,
    "97 ff",
    "96 31",
    "96 16 61763031",
    `96 11 ${av01} 00 0000ff aa`,
  ]) {
    test(`refuses ${hex}`, () => expect(() => decodeVideoTag(bytes(hex))).toThrow(MalformedError));
  }

  test("refuses very many tracks in a message", () => {
    expect(() => decodeVideoTag(bytes(`96 11 ${av01} ${"00 000000".repeat(1000)}`))).toThrow(/tracks in a message/);
  });

  test("gives views, not copies", () => {
    const body = bytes("17 01 000000 aabb");
    const [tag] = decodeVideoTag(body);
    expect(tag?.type === "frames" && tag.data.buffer).toBe(body.buffer);
  });
});
