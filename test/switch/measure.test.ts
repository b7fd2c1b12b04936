import { describe, expect, test } from "bun:test";
import { measureSwitching, type ShownPicture } from "./measure.ts";
import { readStamp, STAMP } from "./stamped-clip.ts";

const CLIP = { frameRate: 25, pictures: 800 };

/** Two rounds of the clip and more, with another rendition from the 10th second to the 20th. */
const played = (change: (picture: ShownPicture) => ShownPicture | undefined = (picture) => picture): ShownPicture[] =>
  Array.from({ length: 2000 }, (_, i) => ({
    at: 1e6 + i * 40,
    mediaTime: 31.5 + i / 25,
    height: i >= 250 && i < 500 ? 180 : 360,
    stamp: (i + 700) % 800,
  })).flatMap((picture) => change(picture) ?? []);

const measure = (shown: readonly ShownPicture[]) => measureSwitching(shown, CLIP);

describe("what a viewer saw of switches", () => {
  test("nothing: every picture in its time, also over the clip's end", () => {
    const { displacement, longestPause, ...rest } = measure(played());
    expect(displacement).toBeCloseTo(0);
    expect(longestPause).toBeCloseTo(0.04);
    expect(rest).toEqual({ pictures: 2000, unreadable: 0, heights: [360, 180, 360], jumped: 0, backwards: 0 });
  });

  test("a rendition that is two pictures late", () => {
    const late = played((picture) =>
      picture.height === 180 ? { ...picture, stamp: ((picture.stamp ?? 0) + 798) % 800 } : picture,
    );
    expect(measure(late).displacement).toBeCloseTo(0.08);
  });

  test("a stall is a pause, and no jump", () => {
    const stalled = played((picture) => (picture.mediaTime > 45 ? { ...picture, at: picture.at + 3000 } : picture));
    expect(measure(stalled)).toMatchObject({ jumped: 0, backwards: 0 });
    expect(measure(stalled).longestPause).toBeCloseTo(3.04);
  });

  test("pictures that were not drawn are no displacement", () => {
    const dropped = played((picture) => ((picture.stamp ?? 0) % 7 < 3 ? undefined : picture));
    expect(measure(dropped).displacement).toBeCloseTo(0);
    expect(measure(dropped).jumped).toBe(0);
  });

  test("a jump ahead, and one back", () => {
    const ahead = played((picture) =>
      picture.mediaTime > 45 ? { ...picture, mediaTime: picture.mediaTime + 2 } : picture,
    );
    expect(measure(ahead).jumped).toBeCloseTo(2);
    const back = played((picture) =>
      picture.mediaTime > 45 ? { ...picture, mediaTime: picture.mediaTime - 2 } : picture,
    );
    expect(measure(back).backwards).toBe(1);
  });

  test("what cannot be read is counted", () => {
    const blurred = played((picture) => (picture.height === 180 ? { ...picture, stamp: undefined } : picture));
    expect(measure(blurred)).toMatchObject({ unreadable: 250 });
  });
});

test("a stamp is read when both halves say the same", () => {
  const levels = (number: number, change = 0): number[] => {
    const bits = Array.from({ length: 10 }, (_, i) => (number >> (9 - i)) & 1);
    return [235, 16, ...bits.map((bit) => 20 + 200 * bit), ...bits.map((bit) => 220 - 200 * bit + change * bit)];
  };
  expect(levels(0).length).toBe(STAMP.squares);
  for (const number of [0, 1, 512, 799, 1023]) expect(readStamp(levels(number))).toBe(number);
  expect(readStamp(levels(3, 200))).toBeUndefined();
  expect(readStamp([60, 50, ...levels(3).slice(2)])).toBeUndefined();
  expect(readStamp([])).toBeUndefined();
});
