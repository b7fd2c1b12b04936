import { expect, test } from "bun:test";
import { fitTracks } from "./track-limits.ts";

const track = (height: number, bitrate: number) => ({ width: (height * 16) / 9, height, frameDivisor: 1, bitrate });
const LADDER = [
  track(1080, 6_000_000),
  track(720, 3_000_000),
  track(480, 1_500_000),
  track(360, 800_000),
  track(240, 400_000),
];
const shown = (limits: Parameters<typeof fitTracks>[1], ladder = LADDER) =>
  fitTracks(ladder, limits).map(({ height, bitrate }) => `${height}@${bitrate / 1000}`);

for (const { name, limits, fits } of [
  { name: "all where there are none", limits: {}, fits: ["1080@6000", "720@3000", "480@1500", "360@800", "240@400"] },
  { name: "three tracks", limits: { maxTracks: 3 }, fits: ["1080@6000", "360@800", "240@400"] },
  { name: "one track", limits: { maxTracks: 1 }, fits: ["1080@6000"] },
  {
    name: "a rate that leaves room between",
    limits: { maxBitrate: 9_000_000 },
    fits: ["1080@6000", "480@1500", "360@800", "240@400"],
  },
  { name: "a rate below that of the first", limits: { maxBitrate: 4_000_000 }, fits: ["1080@3600", "240@400"] },
  { name: "a rate for hardly one", limits: { maxBitrate: 600_000 }, fits: ["1080@600"] },
]) {
  test(`limits of a user: ${name}`, () => {
    expect(shown(limits)).toEqual(fits);
  });
}

test("there are never more than OBS can send", () => {
  expect(
    shown(
      {},
      Array.from({ length: 14 }, (_, i) => track(1080 - i * 60, 1_000_000)),
    ).length,
  ).toBe(10);
  expect(shown({}, [])).toEqual([]);
});
