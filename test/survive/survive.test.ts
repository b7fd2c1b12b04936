import { afterAll, describe, expect } from "bun:test";
import type { Severity } from "../../src/validate/finding.ts";
import { isThere, testWith } from "../support/requires.ts";
import { Matrix, type Row } from "./matrix.ts";
import { PLAYER_NEEDS, PLAYERS } from "./players.ts";
import { FORMATS, type Format, SCENARIOS, type Scenario } from "./scenarios.ts";

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

/** What the tests of a scenario fail for. */
function faultsIn({ cells, findings }: Row): string[] {
  return [
    ...cells.flatMap(({ player, faults, cannot }) => (cannot ? [] : faults.map((fault) => `${player}: ${fault}`))),
    ...findings.filter(({ severity }) => JUDGED.includes(severity)).map(({ finding }) => `validate: ${finding}`),
  ];
}

/** What else the machine does can make a player stand still: a scenario with faults is played once more, and the run says so. */
async function playUpToTwice(matrix: Matrix, scenario: Scenario, format: Format): Promise<Row> {
  const row = await matrix.play(scenario, format);
  const faults = faultsIn(row);
  if (faults.length === 0) return row;
  console.log(`${format}, ${scenario.event}: is played once more, after\n  ${faults.join("\n  ")}`);
  return matrix.play(scenario, format);
}

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
      const played = playUpToTwice(matrix, scenario, format);
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
