import { describe, expect, test } from "bun:test";
import type { SyntheticStream } from "../../test/hls/synthetic.ts";
import { readFrom, readMedia } from "../../test/support/read-media-file.ts";
import { recordedFile } from "../../test/support/recorded-file.ts";
import type { Packet } from "../media/event.ts";
import type { Track } from "../media/track.ts";
import { openFlv } from "./flv/file-reader.ts";
import { openMp4 } from "./mp4/file-reader.ts";

const STREAM: SyntheticStream = { seconds: 12, fps: 25, gop: 50, audio: true, milliseconds: true };
const BOTH = { video: 0, audio: 0 };
const files = { flv: recordedFile("flv", STREAM), mp4: recordedFile("mp4", STREAM) };
const open = { flv: openFlv, mp4: openMp4 };
const kindOf = (found: readonly Track[], kind: string, packets: readonly Packet[]) => {
  const track = found.find((one) => one.kind === kind);
  return packets
    .filter((packet) => packet.track === track?.id)
    .map(({ dts, key, data }) => ({ ms: Math.round((dts * 1000) / (track?.timescale ?? 1)), key, size: data.length }));
};

describe.each(["flv", "mp4"] as const)("a recording as %s", (format) => {
  const { bytes, tracks, packets: written } = files[format];

  test("is read as it was written, with times from 0", () => {
    const file = readFrom(bytes, open[format](BOTH));
    const { tracks: found, packets } = readMedia(bytes, file);
    const start = (written[0]?.dts ?? 0) / 90;
    for (const kind of ["video", "audio"] as const) {
      const expected = kindOf(tracks, kind, written);
      const read = kindOf(found, kind, packets);
      expect(read.length).toBe(expected.length);
      for (const [index, { ms, key, size }] of expected.entries()) {
        expect(read[index]).toMatchObject({ key, size });
        expect(Math.abs((read[index]?.ms ?? 0) - (ms - start))).toBeLessThanOrEqual(1);
      }
    }
  });

  test.each([
    [0, 0],
    [1990, 0],
    [2000, 2000],
    [7300, 6000],
    [99_000, 10_000],
  ])("sought at %d ms goes on with the keyframe at %d ms", (time, expected) => {
    const file = readFrom(bytes, open[format](BOTH));
    readMedia(bytes, file, 200);
    readFrom(bytes, file.seek(time));
    const [packet] = readMedia(bytes, file, 50).packets.filter(({ track }) => track === 0);
    expect(packet?.key).toBe(true);
    expect(Math.round((packet?.dts ?? 0) / 90)).toBe(expected);
  });

  test("that is broken off is read up to there", () => {
    const half = bytes.subarray(0, Math.floor(bytes.length / 2));
    const { packets } = readMedia(half, readFrom(half, open[format](BOTH)));
    expect(packets.length).toBeGreaterThan(100);
    expect(packets.length).toBeLessThan(800);
  });

  test("is not read when its tracks are not those that are chosen", () => {
    const none = () => {
      const file = readFrom(bytes, open[format]({ video: 5, audio: 5 }));
      return readMedia(bytes, file).packets;
    };
    if (format === "flv") expect(none()).toEqual([]);
    else expect(none).toThrow("without media");
  });
});

test("what is no media file says so", () => {
  expect(() => readFrom(new Uint8Array(100), openFlv(BOTH))).toThrow("no FLV");
  expect(() => readFrom(new Uint8Array(0), openMp4(BOTH))).toThrow("without a moov");
});
