import { describe, expect, test } from "bun:test";
import { audioFor, bestFirst, type Quality, qualityFor } from "./quality.ts";

const quality = (name: string, width: number, height: number, bitrate = 1e6): Quality => ({
  name,
  width,
  height,
  frameRate: 30,
  bitrate,
});
const LADDER = [quality("360p", 640, 360), quality("main", 1280, 720), quality("480p", 854, 480)];

test("best first: by size, then by bitrate", () => {
  const thin = quality("720p-low", 1280, 720, 5e5);
  expect(bestFirst([...LADDER, thin]).map(({ name }) => name)).toEqual(["main", "720p-low", "480p", "360p"]);
});

describe("the quality of an earlier visit", () => {
  for (const [size, name] of [
    [720, "main"],
    [1080, "main"],
    [500, "480p"],
    [240, "360p"],
  ] as const) {
    test(`${size} is ${name}`, () => expect(qualityFor(size, LADDER)?.name).toBe(name));
  }

  test("is measured on the lesser side", () => {
    expect(qualityFor(480, [quality("main", 720, 1280), quality("480p", 480, 854)])?.name).toBe("480p");
  });

  test("is none of nothing", () => expect(qualityFor(480, [])).toBeUndefined());
});

test("the sound of an earlier visit: by language and name, else by language", () => {
  const tracks = [
    { name: "English", language: "en" },
    { name: "Deutsch", language: "de" },
    { name: "Deutsch, leise", language: "de" },
    { name: "Saal", language: "" },
  ];
  expect(audioFor({ language: "de", name: "Deutsch, leise" }, tracks)?.name).toBe("Deutsch, leise");
  expect(audioFor({ language: "de", name: "German" }, tracks)?.name).toBe("Deutsch");
  expect(audioFor({ language: "fr", name: "English" }, tracks)).toBeUndefined();
  expect(audioFor({ language: "", name: "Saal" }, tracks)?.name).toBe("Saal");
  expect(audioFor({ language: "", name: "Bühne" }, tracks)).toBeUndefined();
});
