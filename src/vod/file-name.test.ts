import { describe, expect, test } from "bun:test";
import { fileNames, trackChoice } from "./file-name.ts";

describe("a file is looked for", () => {
  test.each<[name: string, isMp4: boolean, names: readonly string[]]>([
    ["film", false, ["film.flv", "film.mp4"]],
    ["a/film.mp4", false, ["a/film.mp4", "a/film.mp4.flv"]],
    ["film.v2", false, ["film.v2.flv", "film.v2.mp4"]],
    ["film", true, ["film.mp4", "film"]],
    ["film.MP4", true, ["film.MP4"]],
  ])("%s (mp4: %p) as %p", (name, isMp4, names) => {
    expect(fileNames(name, isMp4)).toEqual(names);
  });
});

test.each([
  ["", { video: 0, audio: 0 }],
  ["aindex=1", { video: 0, audio: 1 }],
  ["token=x&vindex=2&aindex=-1", { video: 2, audio: 0 }],
  ["aindex=x", { video: 0, audio: 0 }],
])("the arguments %p choose tracks", (args, choice) => {
  expect(trackChoice(args)).toEqual(choice);
});
