#!/usr/bin/env bun
import { version } from "../package.json";

const HELP = `naru ${version}: a live streaming server. Encoders come in by RTMP, viewers watch by HLS and Low-Latency HLS.

  naru                       start with the defaults: RTMP on 1935, HTTP on 8080
  naru start -c FILE         start with a configuration (naru.config.ts, JSON, YAML, TOML, or an nginx.conf)
  naru check -c FILE         say what a configuration means, or every mistake in it
  naru import nginx.conf     translate an nginx.conf into naru.config.ts
  naru demo                  publish a test picture, for when no encoder is at hand
  naru validate URL          follow an HLS stream, of any server, and say what is wrong with it
  naru load URL              watch a stream as many players at once, and say how that went
  naru latency               measure the time from a picture to its showing in a browser

A first stream, with OBS: Settings > Stream > Service "Custom", Server rtmp://THIS-HOST/live, Stream Key test.
With FFmpeg: ffmpeg -re -i video.mp4 -c copy -f flv rtmp://THIS-HOST/live/test
Then watch at http://THIS-HOST:8080/live/test, or give http://THIS-HOST:8080/live/test/index.m3u8 to any player.

naru COMMAND --help tells what a command takes.
`;

const commands = {
  start: () => import("./cli/start.ts").then((module) => module.default),
  check: () => import("./cli/check.ts").then((module) => module.default),
  import: () => import("./cli/import.ts").then((module) => module.default),
  demo: () => import("./cli/demo.ts").then((module) => module.default),
  validate: () => import("./cli/validate.ts").then((module) => module.default),
  load: () => import("./cli/load.ts").then((module) => module.default),
  latency: () => import("./cli/latency.ts").then((module) => module.default),
  "transcode-worker": () => import("./cli/transcode-worker.ts").then((module) => module.default),
  "picture-worker": () => import("./cli/picture-worker.ts").then((module) => module.default),
};

const given = process.argv.slice(2);
const [first] = given;
if (first === "--help" || first === "-h" || first === "help") {
  process.stdout.write(HELP);
} else if (first === "--version" || first === "-v") {
  process.stdout.write(`${version}\n`);
} else if (first !== undefined && !first.startsWith("-") && !Object.hasOwn(commands, first)) {
  process.stderr.write(`naru: there is no command "${first}"\n\n${HELP}`);
  process.exitCode = 2;
} else {
  // Without a command: start, so that the one executable does its job when it is simply run.
  const rawArgs = first === undefined || first.startsWith("-") ? ["start", ...given] : given;
  // First of all, since what is loaded before is loaded twice.
  if (rawArgs[0] === "start") (await import("./app/allocator.ts")).keepFreedMemory();
  // citty looks at this once, when it is loaded, and does not ask whether a terminal listens.
  if (!process.stdout.isTTY) process.env.NO_COLOR ??= "1";
  const { defineCommand, runMain } = await import("citty");
  await runMain(defineCommand({ meta: { name: "naru", version }, subCommands: commands }), { rawArgs });
}
