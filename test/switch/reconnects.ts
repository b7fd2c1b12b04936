import { parseArgs } from "node:util";
import { startValidation } from "../support/clients/naru-validate.ts";
import { ScriptedPublisher } from "../support/clients/scripted-publisher.ts";
import { startNaru } from "../support/naru.ts";
import { sleep, until } from "../support/process.ts";
import { stampedClip } from "./stamped-clip.ts";

const USAGE = `bun test/switch/reconnects.ts [--minutes N] [--format cmaf|mpegts]
Follows a stream in three qualities with naru validate while its encoder is lost and comes back twice, and its time stamps jump once.
Ends with exit code 1 if an error or a warning was found.`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    format: { type: "string", default: "cmaf" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const quarterMs = (Number(values.minutes) * 60_000) / 4;
const AWAY_MS = 3_000;
const JUMP_MS = 3_600_000;

const abr = {
  rungs: [
    { height: 240, bitrate: "500k" },
    { height: 180, bitrate: "300k" },
  ],
};
await using naru = await startNaru({ config: { applications: { live: { abr, hls: { format: values.format } } } } });
const tags = await stampedClip();
const publish = () => ScriptedPublisher.publish({ port: naru.ports.rtmp, path: "live/lost", tags });

let encoder = await publish();
const playlist = await naru.live("live/lost");
// What nobody has asked for yet cannot be reported of.
await Promise.all(abr.rungs.map(({ height }) => untilThere(`${naru.http}/live/lost/${height}p.m3u8`)));
await using validation = startValidation(playlist, false);
await sleep(quarterMs);
encoder = await comeBack();
await sleep(quarterMs);
encoder.jump(JUMP_MS);
await sleep(quarterMs);
encoder = await comeBack();
await sleep(quarterMs);
const findings = await validation.end();
await encoder[Symbol.asyncDispose]();

for (const { finding } of findings) console.log(finding);
console.log(
  naru.process.output
    .split("\n")
    .filter((line) => /WARN|ERROR/.test(line))
    .join("\n"),
);
const faults = findings.filter(({ severity }) => severity !== "info");
console.log(`${values.minutes} min, ${faults.length} errors and warnings`);
process.exitCode = faults.length === 0 ? 0 : 1;

function untilThere(url: string): Promise<boolean> {
  return until(url, 20_000, async () => (await fetch(url)).ok || undefined);
}

async function comeBack(): Promise<ScriptedPublisher> {
  encoder.abort();
  await sleep(AWAY_MS);
  return publish();
}
