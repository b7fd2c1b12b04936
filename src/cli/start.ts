import { defineCommand } from "citty";
import { isExecutable } from "../app/executable.ts";
import { startServer } from "../app/server.ts";
import { stateDirectory } from "../app/state-directory.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { ConfigError } from "../config/mistake.ts";
import { createLog } from "../log.ts";
import { CONFIG_FLAGS, loadOptions, wrongFlag } from "./flags.ts";
import { formatMistakes, formatNotice } from "./mistakes.ts";
import { readyText } from "./ready.ts";
import { hangupMeans, reloader } from "./reload.ts";
import { type Io, processIo } from "./terminal.ts";

export default defineCommand({
  meta: {
    name: "start",
    description: `Start the server. Without a configuration it takes RTMP on 1935 and serves viewers on HTTP 8080 and HTTPS 8443.

  naru start                            naru.config.* in this directory, or the defaults
  naru start -c nginx.conf              an nginx.conf with an rtmp block, as it is
  naru start --rtmp 1936 --http 127.0.0.1:8081
  NARU_HTTP_LISTEN=80 naru start        any setting from the environment (docs/configuration.md)
  kill -HUP PID                         read the configuration again, without disturbing what is live
`,
  },
  args: CONFIG_FLAGS,
  async run({ args }) {
    const began = performance.now();
    const io = processIo();
    const wrong =
      wrongFlag(args, CONFIG_FLAGS) ??
      (args._[0] === undefined ? undefined : `"${args._[0]}" is not expected here; a configuration is given with -c`);
    if (wrong) {
      io.err(`naru start: ${wrong}\n`);
      process.exit(2);
    }
    const loaded = await load(args, io);
    const log = createLog(loaded.config.log, io.err, () => new Date());
    for (const notice of loaded.notices) log.warn(formatNotice(notice).trimEnd());
    const server = await startServer(loaded.config, { log, stateDirectory: stateDirectory() }).catch(
      (error: unknown) => {
        io.err(`naru: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(1);
      },
    );
    const command = isExecutable() ? process.execPath : "npm run";
    io.out(readyText(server, loaded, io.style, { tookMs: performance.now() - began, command }));

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
    const reload = reloader({ server, log, io, load: () => loadConfig(loadOptions(args, io)) });
    const inTerminal = process.stdin.isTTY;
    process.on("SIGHUP", () => {
      if (hangupMeans(inTerminal) === "stop") stop();
      else void reload();
    });
  },
});

async function load(args: Parameters<typeof loadOptions>[0], io: Io): Promise<LoadedConfig> {
  try {
    return await loadConfig(loadOptions(args, io));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    io.err(formatMistakes(error, io.style));
    process.exit(1);
  }
}
