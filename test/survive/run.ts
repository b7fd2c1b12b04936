import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { isThere } from "../support/requires.ts";
import { Matrix, type Row } from "./matrix.ts";
import { PLAYER_NEEDS, PLAYERS } from "./players.ts";
import { details, isClean, markdownTable } from "./report.ts";
import { FORMATS, SCENARIOS } from "./scenarios.ts";

const USAGE = `bun test/survive/run.ts [--scenario NAME]... [--player NAME]... [--format cmaf|mpegts]...
                        [--seconds N] [--at-once N] [--json FILE]
Plays scenarios with real players and prints how they came through.
  --seconds   how long the players are watched after the event (25)
  --at-once   scenarios side by side (2); a busy machine makes players stall
scenarios: ${[...new Set(SCENARIOS.map(({ name }) => name))].join(" ")}
players:   ${PLAYERS.join(" ")}`;

const { values } = parseArgs({
  options: {
    scenario: { type: "string", multiple: true, default: SCENARIOS.map(({ name }) => name) },
    player: { type: "string", multiple: true, default: [...PLAYERS] },
    format: { type: "string", multiple: true, default: [...FORMATS] },
    seconds: { type: "string", default: "25" },
    "at-once": { type: "string", default: "2" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const players = PLAYERS.filter((name) => values.player.includes(name));
const rows = FORMATS.filter((format) => values.format.includes(format)).flatMap((format) =>
  SCENARIOS.filter(({ name, formats }) => values.scenario.includes(name) && (formats ?? FORMATS).includes(format)).map(
    (scenario) => ({ scenario, format }),
  ),
);
if (values.help || rows.length === 0 || players.length === 0) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
for (const player of players) if (!isThere(PLAYER_NEEDS[player])) throw new Error(`${player} is not on this machine`);

const [seconds, atOnce] = [Number(values.seconds), Number(values["at-once"])];
await using matrix = new Matrix({ players, seconds, ageSeconds: 8, timing: true, atOnce });
const played = await Promise.all(
  rows.map(async ({ scenario, format }) => {
    const row = await matrix.play(scenario, format);
    console.log(details(row));
    return row;
  }),
);
console.log(`\n${markdownTable(played)}`);
if (values.json) writeFileSync(values.json, JSON.stringify(played, null, 2));
const isThrough = (row: Row) =>
  row.cells.every((cell) => cell.faults.length === 0 || cell.cannot) && isClean(row.findings);
process.exitCode = played.every(isThrough) ? 0 : 1;
