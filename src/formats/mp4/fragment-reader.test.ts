import { expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { findBox } from "./boxes.ts";
import { encodeFragment, type Sample } from "./fragment.ts";
import { decodeFragments } from "./fragment-reader.ts";

const sample = (size: number, key = false, compositionOffset = 0): Sample => ({
  duration: 3000,
  compositionOffset,
  key,
  data: new Uint8Array(size).fill(size),
});

const fragment = () =>
  encodeFragment(7, [
    { trackId: 1, kind: "video", baseDecodeTime: 9000, samples: [sample(10, true, 3000), sample(20), sample(30)] },
    { trackId: 2, kind: "audio", baseDecodeTime: 4800, samples: [sample(5, true), sample(5, true)] },
  ]);

test("samples with their places", () => {
  const bytes = fragment();
  const media = decodeFragments(bytes);
  expect(media.boxes).toEqual(["moof", "mdat"]);
  expect(media.fragments).toHaveLength(1);
  const [first] = media.fragments;
  expect(first).toMatchObject({ offset: 0, sequence: 7 });
  expect(first?.tracks.map(({ header, decodeTime }) => [header.trackId, decodeTime])).toEqual([
    [1, 9000],
    [2, 4800],
  ]);
  const video = first?.tracks[0]?.samples ?? [];
  expect(video.map(({ dts, compositionOffset, sync, size }) => [dts, compositionOffset, sync, size])).toEqual([
    [9000, 3000, true, 10],
    [12_000, 0, false, 20],
    [15_000, 0, false, 30],
  ]);
  const { start, end } = media.data[0] ?? { start: 0, end: 0 };
  expect(end - start).toBe(70);
  expect(video[0]?.start).toBe(start);
  expect(first?.tracks[1]?.samples[0]?.start).toBe(start + 60);
  expect(bytes[video[1]?.start ?? 0]).toBe(20);
});

test("what the fragment leaves out comes from trex", () => {
  const bytes = encodeFragment(1, [{ trackId: 1, kind: "audio", baseDecodeTime: 0, samples: [sample(5), sample(5)] }]);
  const tfhd = findBox(bytes, "moof/traf/tfhd");
  if (!tfhd) throw new Error("no tfhd");
  // default-base-is-moof alone: duration, size and flags behind the track_ID are then not read.
  tfhd.payload.set([0, 2, 0, 0]);
  const defaults = new Map([[1, { sampleDescriptionIndex: 1, duration: 11, size: 5, flags: 0x1_0000 }]]);
  const [first] = decodeFragments(bytes, defaults).fragments;
  expect(first?.tracks[0]?.samples.map(({ dts, size, sync }) => [dts, size, sync])).toEqual([
    [0, 5, false],
    [11, 5, false],
  ]);
});

test("runs without columns are bounded", () => {
  const bytes = encodeFragment(1, [{ trackId: 1, kind: "audio", baseDecodeTime: 0, samples: [sample(5), sample(5)] }]);
  const trun = findBox(bytes, "moof/traf/trun");
  trun?.payload.set([0xff, 0xff, 0xff, 0xff], 4);
  expect(() => decodeFragments(bytes)).toThrow(MalformedError);
});
