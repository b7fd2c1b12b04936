import { describe, expect, test } from "bun:test";
import type { Renditions } from "./player.ts";
import type { Quality } from "./quality.ts";
import { audioChoices, qualityChoices, shownText } from "./quality-text.ts";

const MAIN: Quality = { name: "main", width: 1280, height: 720, frameRate: 30, bitrate: 2_600_000 };
const LOW: Quality = { name: "360p", width: 640, height: 360, frameRate: 30, bitrate: 700_000 };

const lines = (...args: Parameters<typeof qualityChoices>) =>
  qualityChoices(...args).map(
    ({ label, detail, disabled }) => `${label} (${detail.replaceAll("\u00a0", " ")})${disabled ? " -" : ""}`,
  );

describe("the menu of qualities", () => {
  test("has automatic, and what can be chosen with rate and bitrate", () => {
    expect(lines([MAIN, LOW], [], LOW)).toEqual([
      "Automatic (360p)",
      "720p (30 fps \u00b7 2.6 Mbit/s \u00b7 as sent)",
      "360p (30 fps \u00b7 700 kbit/s)",
    ]);
  });

  test("is none where there is nothing to choose", () => expect(lines([MAIN], [], MAIN)).toEqual([]));

  test("names frame rates where they make the difference", () => {
    expect(
      lines(
        [
          { ...MAIN, frameRate: 60 },
          { ...MAIN, name: "720p30" },
        ],
        [],
        undefined,
      )[1],
    ).toStartWith("720p60 (");
  });

  test("says what cannot be had now, whether the player knows of it or not", () => {
    const rung = { kind: "video", bitrate: 1 } as const;
    const rungs = [
      { ...rung, name: "360p", state: "shed" },
      { ...rung, name: "240p", state: "failed" },
      { ...rung, name: "160p", state: "idle" },
    ] as const;
    expect(lines([MAIN, LOW], rungs, MAIN).slice(2)).toEqual(["360p (the server is busy) -", "240p (not available) -"]);
  });
});

test("the menu of sounds names the language where the name does not", () => {
  const tracks = [
    { name: "Deutsch", language: "de" },
    { name: "Commentary", language: "en" },
    { name: "Stage", language: "" },
  ];
  expect(audioChoices(tracks).map(({ label, detail }) => [label, detail])).toEqual([
    ["Deutsch", ""],
    ["Commentary", "English"],
    ["Stage", ""],
  ]);
  expect(audioChoices(tracks.slice(1, 2))).toEqual([]);
});

describe("what is shown, and why", () => {
  const state: Omit<Renditions, "choose" | "chooseAudio"> = {
    ...{ qualities: [MAIN, LOW], shown: LOW, chosen: undefined, lastSwitch: undefined },
    ...{ bandwidth: undefined, audioTracks: [], heard: undefined },
  };
  const text = (changes: Partial<Renditions>) =>
    shownText({ ...state, choose() {}, chooseAudio() {}, ...changes }).replaceAll("\u00a0", " ");
  const switched = (reason: NonNullable<Renditions["lastSwitch"]>["reason"]) => ({
    lastSwitch: { from: MAIN, to: LOW, reason },
  });

  test("from the beginning", () => {
    expect(text({})).toBe("Showing 360p: automatic");
    expect(text({ chosen: "360p" })).toBe("Showing 360p: your choice");
    expect(text({ shown: undefined })).toBe("");
    expect(text({ qualities: [LOW] })).toBe("");
  });

  test("after a switch", () => {
    expect(text(switched({ why: "bandwidth", bandwidth: 1.24e6 }))).toBe(
      "Showing 360p: the network carries 1.2 Mbit/s",
    );
    expect(text(switched({ why: "buffer", seconds: 0.42 }))).toBe("Showing 360p: it came too slowly, 0.4 s were left");
    expect(text(switched({ why: "dropped" }))).toBe("Showing 360p: this device missed pictures");
    expect(text(switched({ why: "failed" }))).toBe("Showing 360p: the other could not be loaded");
  });
});
