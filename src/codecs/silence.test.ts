import { describe, expect, test } from "bun:test";
import { decodeAacConfig } from "./aac/config.ts";
import { decodeMp3Config } from "./mp3/frame.ts";
import { opusConfig } from "./opus/config.ts";
import { silenceFor } from "./silence.ts";

const NOTHING = new Uint8Array(0);
const MP3_FRAME = Uint8Array.fromHex(`fffa9464${"5a".repeat(100)}`);

describe("silence", () => {
  // AudioSpecificConfig, then the elements of its channels, all zero but for tags, and ID_END. FFmpeg decodes these in
  // test/interop/silence.test.ts.
  const aac: readonly [what: string, record: string, data: string][] = [
    ["mono", "1188", "00000007"],
    ["stereo", "1190", "21000000001c"],
    ["5.1", "11b0", "00000001080000000023000000000c000000e0"],
    ["HE-AAC, of which it is the core", "2b118800", "21000000001c"],
  ];
  test.each(aac)("AAC, %s", (_, record, data) => {
    const silence = silenceFor(decodeAacConfig(Uint8Array.fromHex(record)), NOTHING);
    expect(silence?.data.toHex()).toBe(data);
    expect(silence?.duration).toBe(1024);
  });

  test("Opus", () => {
    expect(silenceFor(opusConfig(2), NOTHING)).toEqual({ data: Uint8Array.of(0xf8, 0xff, 0xfe), duration: 960 });
    expect(silenceFor(opusConfig(6), NOTHING)).toBeUndefined();
  });

  test("MP3 has the header of what came before, without its CRC", () => {
    const silence = silenceFor(decodeMp3Config(MP3_FRAME), MP3_FRAME);
    expect(silence?.data.toHex()).toBe(`fffb9464${"00".repeat(100)}`);
    expect(silence?.duration).toBe(1152);
    expect(silenceFor(decodeMp3Config(MP3_FRAME), NOTHING)).toBeUndefined();
  });

  test("of other codecs, and of configurations that say nothing, there is none", () => {
    const other = { ...opusConfig(2), codec: "ac3" } as const;
    expect(silenceFor(other, NOTHING)).toBeUndefined();
    expect(silenceFor({ ...other, codec: "aac", record: NOTHING }, NOTHING)).toBeUndefined();
    // channelConfiguration 0
    const inBand = { ...decodeAacConfig(Uint8Array.fromHex("1190")), record: Uint8Array.fromHex("1180") };
    expect(silenceFor(inBand, NOTHING)).toBeUndefined();
  });
});
