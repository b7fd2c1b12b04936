import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ScriptedPublisher } from "../support/clients/scripted-publisher.ts";
import { startNaru } from "../support/naru.ts";
import { stampedClip } from "./stamped-clip.ts";
import { downAndUp, SWITCHERS, type Switcher, type Trial, watchThrough } from "./trial.ts";
import { ViewerRoom } from "./viewer.ts";

const USAGE = `bun test/switch/run.ts [--player NAME]... [--minutes N] [--seconds N] [--always] [--format cmaf|mpegts] [--json FILE]
Real players watch a stream in two qualities through a network that becomes narrow and wide again (Chromium's emulation), again and
again, and it is measured what a viewer saw of the switches.
  --minutes   how long the players, all at the same time, are watched (1)
  --seconds   how long the network stays as it is (20)
  --always    the lesser quality is made all the time, not only while it is watched
players: ${SWITCHERS.join(" ")}`;

const { values } = parseArgs({
  options: {
    player: { type: "string", multiple: true, default: [...SWITCHERS] },
    minutes: { type: "string", default: "1" },
    seconds: { type: "string", default: "20" },
    always: { type: "boolean", default: false },
    format: { type: "string", default: "cmaf" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const players = values.player.map((name) => {
  const player = SWITCHERS.find((known) => known === name);
  if (!player) throw new RangeError(`no player ${name}\n${USAGE}`);
  return player;
});

const abr = { rungs: [{ height: 180, bitrate: "350k" }], always: values.always };
await using naru = await startNaru({ config: { applications: { live: { abr, hls: { format: values.format } } } } });
await using _ = await ScriptedPublisher.publish({
  port: naru.ports.rtmp,
  path: "live/switch",
  tags: await stampedClip(),
});
const stream = { playlist: await naru.live("live/switch"), page: `${naru.http}/live/switch` };
await using room = new ViewerRoom();
const seconds = Number(values.seconds);
const phases = Array.from({ length: Math.max(1, Math.round((Number(values.minutes) * 60) / (2.5 * seconds))) }, () =>
  downAndUp(seconds),
).flat();
console.log("| player | heights | pause | starved | displacement | jumped | latency |\n|---|---|---|---|---|---|---|");
const trials = await Promise.all(players.map((player) => watchThrough(room, stream, player, phases)));
for (const trial of trials) console.log(rowOf(trial));
for (const { switcher, complaints } of trials) {
  for (const complaint of complaints) console.error(`${switcher}: ${complaint.slice(0, 400)}`);
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(trials, undefined, 2)}\n`);

function rowOf(trial: Trial): string {
  const { switcher, heights, longestPause, starved, displacement, jumped, latencyAfter } = trial;
  const cells: (string | Switcher)[] = [
    switcher,
    heights.join(" "),
    `${longestPause.toFixed(2)} s`,
    String(starved),
    `${(displacement * 1000).toFixed(0)} ms`,
    `${jumped.toFixed(1)} s`,
    `${latencyAfter.at(-1)?.toFixed(1) ?? "?"} s`,
  ];
  return `| ${cells.join(" | ")} |`;
}
