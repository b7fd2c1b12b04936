import { describe, expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { type AudioTag, decodeAudioTag, encodeAudioTag } from "./audio-tag.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));
const data = Uint8Array.of(0xaa, 0xbb);
const opus = "4f707573";
const frame = { type: "frames", track: 0, codec: "mp4a", nanos: 0, data } as const;

/** Both directions. */
const CASES: readonly { name: string; hex: string; tag: Exclude<AudioTag, { type: "unsupported" }> }[] = [
  { name: "AAC config", hex: "af 00 aabb", tag: { type: "config", track: 0, codec: "mp4a", record: data } },
  { name: "AAC frame", hex: "af 01 aabb", tag: frame },
  { name: "MP3 frame", hex: "2f aabb", tag: { ...frame, codec: ".mp3" } },
  { name: "Opus config", hex: `90 ${opus} aabb`, tag: { type: "config", track: 0, codec: "Opus", record: data } },
  { name: "Opus frame", hex: `91 ${opus} aabb`, tag: { ...frame, codec: "Opus" } },
  { name: "end", hex: `92 ${opus}`, tag: { type: "end", track: 0, codec: "Opus" } },
  { name: "AAC on another track", hex: "95 01 6d703461 01 aabb", tag: { ...frame, track: 1 } },
  {
    name: "channels as a mask",
    hex: `95 04 ${opus} 01 01 01 00000004`,
    tag: { type: "channels", track: 1, codec: "Opus", count: 1, mask: 4 },
  },
  {
    name: "channels as a list",
    hex: `94 ${opus} 02 02 0001`,
    tag: { type: "channels", track: 0, codec: "Opus", count: 2, map: Uint8Array.of(0, 1) },
  },
  {
    name: "channels in no order",
    hex: `94 ${opus} 00 06`,
    tag: { type: "channels", track: 0, codec: "Opus", count: 6 },
  },
  { name: "nanoseconds", hex: `97 02 000001 01 ${opus} aabb`, tag: { ...frame, codec: "Opus", nanos: 1 } },
];

describe("audio tags", () => {
  for (const { name, hex, tag } of CASES) {
    test(`decodes and encodes ${name}`, () => {
      expect(decodeAudioTag(bytes(hex))).toEqual([tag]);
      expect(encodeAudioTag(tag).toHex()).toBe(hex.replaceAll(" ", ""));
    });
  }

  const DECODED: readonly { name: string; hex: string; tags: AudioTag[] }[] = [
    { name: "nothing", hex: "", tags: [] },
    { name: "AAC cut to its first byte, as silence", hex: "af", tags: [] },
    { name: "an AAC frame without bytes", hex: "af01", tags: [{ ...frame, data: new Uint8Array(0) }] },
    { name: "MP3 at 8 kHz", hex: "e2 aabb", tags: [{ ...frame, codec: ".mp3" }] },
    { name: "Speex as not supported", hex: "b2 aabb", tags: [{ type: "unsupported", track: 0, what: "Speex" }] },
    {
      name: "an Opus config without a head",
      hex: `90 ${opus}`,
      tags: [{ type: "config", track: 0, codec: "Opus", record: new Uint8Array(0) }],
    },
    {
      name: "many tracks of many codecs",
      hex: `95 21 ${opus} 00 000002 aabb 6d703461 01 000002 aabb`,
      tags: [
        { ...frame, codec: "Opus" },
        { ...frame, track: 1 },
      ],
    },
  ];
  for (const { name, hex, tags } of DECODED) {
    test(`decodes ${name}`, () => expect(decodeAudioTag(bytes(hex))).toEqual(tags));
  }

  for (const hex of ["90", "91 4f70", `94 ${opus} 01`, `94 ${opus} 02 08 00`, "95 15", "97"]) {
    test(`refuses ${hex}`, () => expect(() => decodeAudioTag(bytes(hex))).toThrow(MalformedError));
  }
});
