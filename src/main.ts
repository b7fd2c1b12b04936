#!/usr/bin/env bun
import { defineCommand, runMain, showUsage } from "citty";
import { version } from "../package.json";

const main = defineCommand({
  meta: {
    name: "naru",
    version,
    description: `A live streaming server: encoders come in by RTMP, viewers watch by HLS and Low-Latency HLS.

  naru                       start with the defaults: RTMP on 1935, HTTP on 8080
  naru start -c FILE         start with a configuration (naru.config.ts, JSON, YAML, TOML, or an nginx.conf)
  naru check -c FILE         say what a configuration means, or every mistake in it
  naru import nginx.conf     translate an nginx.conf into naru.config.ts
  naru demo                  publish a test picture, for when no encoder is at hand`,
  },
  subCommands: {
    start: () => import("./cli/start.ts").then((module) => module.default),
    check: () => import("./cli/check.ts").then((module) => module.default),
    import: () => import("./cli/import.ts").then((module) => module.default),
    demo: () => import("./cli/demo.ts").then((module) => module.default),
  },
});

// Without a command: start, so that the one executable does its job when it is simply run.
const [first] = process.argv.slice(2);
const isCommand =
  first !== undefined &&
  (first in (main.subCommands as object) || first === "--help" || first === "-h" || first === "--version");
if (first !== undefined && !isCommand && !first.startsWith("-")) {
  await showUsage(main);
  console.error(`\nUnknown command "${first}". The commands are start, check, import and demo.`);
  process.exit(2);
}
await runMain(main, { rawArgs: isCommand ? process.argv.slice(2) : ["start", ...process.argv.slice(2)] });
