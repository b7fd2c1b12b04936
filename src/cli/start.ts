import { defineCommand } from "citty";
import { startServer } from "../app/server.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError } from "../config/mistake.ts";
import { createLog } from "../log.ts";
import { formatMistakes } from "./mistakes.ts";
import { readyText } from "./ready.ts";

export default defineCommand({
  meta: {
    name: "start",
    description: `Start the server. Without a configuration it takes RTMP on 1935 and serves viewers on HTTP 8080.

  naru start                          the defaults, or naru.config.* in this directory
  naru start -c nginx.conf            an nginx.conf with an rtmp block, as it is
  naru start --rtmp 1936 --http 127.0.0.1:8081
  NARU_HTTP_LISTEN=80 naru start      any setting from the environment (docs/configuration.md)`,
  },
  args: {
    config: {
      type: "string",
      alias: "c",
      description: "Configuration file (.ts, .js, .json, .yaml, .toml, nginx.conf)",
      valueHint: "FILE",
    },
    rtmp: { type: "string", description: "Listen for RTMP here instead: a port or ADDRESS:PORT", valueHint: "ADDR" },
    http: { type: "string", description: "Listen for HTTP here instead: a port or ADDRESS:PORT", valueHint: "ADDR" },
    log: { type: "string", description: "Least severe lines to print: debug, info, warn, error", valueHint: "LEVEL" },
    "allow-unsupported": {
      type: "boolean",
      description: "Start although an nginx.conf restricts access in ways that are not supported yet",
    },
  },
  async run({ args }) {
    const began = performance.now();
    const loaded = await loadConfig({
      file: args.config,
      env: process.env,
      flags: { rtmp: args.rtmp, http: args.http, log: args.log },
      cwd: process.cwd(),
      allowUnsupported: args["allow-unsupported"],
    }).catch((error: unknown) => {
      if (!(error instanceof ConfigError)) throw error;
      console.error(formatMistakes(error));
      process.exit(1);
    });
    const log = createLog(
      loaded.config.log,
      (line) => process.stderr.write(line),
      () => new Date(),
    );
    const server = await startServer(loaded.config, { log }).catch((error: unknown) => {
      console.error(`naru: ${error instanceof Error ? error.message : String(error)}`);
      process.exit(1);
    });
    console.log(readyText(server, loaded, performance.now() - began));

    let stopping = false;
    const stop = () => {
      // A second signal means now.
      if (stopping) process.exit(130);
      stopping = true;
      server.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  },
});
