import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startNaru } from "../support/naru.ts";
import { isThere } from "../support/requires.ts";
import { type Cell, runScenario, type ScenarioOptions } from "./matrix.ts";
import { PLAYER_NEEDS, PLAYERS, PlayerRoom } from "./players.ts";
import { details, markdownTable } from "./report.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

const USAGE = `bun test/survive/run.ts [--scenario NAME]... [--player NAME]... [--format cmaf|mpegts] [--seconds N]
                        [--at-once N] [--json FILE]
scenarios: ${SCENARIOS.map(({ name }) => name).join(" ")}
players:   ${PLAYERS.join(" ")}`;

const { values } = parseArgs({
  options: {
    scenario: { type: "string", multiple: true, default: SCENARIOS.map(({ name }) => name) },
    player: { type: "string", multiple: true, default: [...PLAYERS] },
    format: { type: "string", default: "cmaf" },
    seconds: { type: "string", default: "25" },
    "at-once": { type: "string", default: "1" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const format = values.format === "cmaf" || values.format === "mpegts" ? values.format : undefined;
const scenarios = SCENARIOS.filter(({ name }) => values.scenario.includes(name));
const players = PLAYERS.filter((name) => values.player.includes(name));
if (values.help || !format || scenarios.length === 0 || players.length === 0) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
for (const player of players) if (!isThere(PLAYER_NEEDS[player])) throw new Error(`${player} is not on this machine`);

await using room = new PlayerRoom();
const options: ScenarioOptions = { players, format, seconds: Number(values.seconds) };
const cells: Cell[] = [];
const left = [...scenarios];
await Promise.all(Array.from({ length: Number(values["at-once"]) }, work));
cells.sort((a, b) => place(a) - place(b));
console.log(`\n${markdownTable(cells)}`);
if (values.json) writeFileSync(values.json, JSON.stringify(cells, null, 2));
process.exitCode = cells.some((cell) => cell.faults.length > 0 && !cell.cannot) ? 1 : 0;

async function work(): Promise<void> {
  for (let scenario = left.shift(); scenario; scenario = left.shift()) {
    const played = await play(scenario);
    console.log(details(played));
    cells.push(...played);
  }
}

async function play(scenario: Scenario): Promise<Cell[]> {
  await using naru = await startNaru({
    config: { applications: { cmaf: {}, mpegts: { hls: { format: "mpegts" } } } },
  });
  return await runScenario(scenario, naru, room, options);
}

function place(cell: Cell): number {
  return SCENARIOS.findIndex(({ name }) => name === cell.scenario);
}
