import { afterAll, describe, expect } from "bun:test";
import type { Severity } from "../../src/validate/finding.ts";
import { isThere, testWith } from "../support/requires.ts";
import { Matrix } from "./matrix.ts";
import { PLAYER_NEEDS, PLAYERS } from "./players.ts";
import { FORMATS, type Format, SCENARIOS } from "./scenarios.ts";

/** `TEST_FULL=1`: every scenario in both formats, watched for longer. */
const FULL = process.env.TEST_FULL === "1";
/** What an ordinary run plays: what differs in the way it goes wrong. */
const QUICK: Readonly<Record<Format, readonly string[]>> = {
  cmaf: [
    "first-viewer",
    "killed-1s",
    "killed-20s",
    "other-size",
    "no-keyframe",
    "audio-stops",
    "server-killed-relayed",
  ],
  mpegts: ["killed-1s", "other-size", "server-killed-relayed"],
};
/** Warnings depend on what else the machine does. */
const JUDGED: readonly Severity[] = FULL ? ["error", "warning"] : ["error"];
const TIMEOUT_MS = FULL ? 1_800_000 : 300_000;

describe("viewers survive", () => {
  const players = PLAYERS.filter((player) => isThere(PLAYER_NEEDS[player]) && isThere("ffmpeg"));
  const matrix = new Matrix({
    players,
    seconds: FULL ? 25 : 14,
    ageSeconds: FULL ? 8 : 6,
    timing: FULL,
    atOnce: FULL ? 2 : 3,
  });
  afterAll(() => matrix[Symbol.asyncDispose](), 30_000);

  for (const format of FORMATS) {
    for (const scenario of SCENARIOS) {
      const { name, event, formats = FORMATS, cannot = {} } = scenario;
      if (!formats.includes(format) || !(FULL || QUICK[format].includes(name))) continue;
      const played = matrix.play(scenario, format);
      // Every test of it tells.
      played.catch(() => {});
      for (const player of PLAYERS) {
        if (cannot[player] !== undefined) continue;
        testWith(PLAYER_NEEDS[player], "ffmpeg")(
          `${format}, ${event}: ${player} plays through`,
          async () => expect((await played).cells.find((cell) => cell.player === player)?.faults).toEqual([]),
          TIMEOUT_MS,
        );
      }
      testWith("ffmpeg")(
        `${format}, ${event}: naru validate finds nothing`,
        async () => expect((await played).findings.filter(({ severity }) => JUDGED.includes(severity))).toEqual([]),
        TIMEOUT_MS,
      );
    }
  }
});
