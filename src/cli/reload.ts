import { closeSync, openSync } from "node:fs";
import type { AppliedChange } from "../app/reload.ts";
import type { Server } from "../app/server.ts";
import type { LoadedConfig } from "../config/load.ts";
import { ConfigError } from "../config/mistake.ts";
import { ListenError } from "../gateways/listen.ts";
import type { AdjustableLog } from "../log.ts";
import { formatMistakes, formatNotice } from "./mistakes.ts";
import type { Io } from "./terminal.ts";

export type ReloadContext = {
  readonly server: Pick<Server, "reload">;
  /** Reads the configuration again. @throws ConfigError */
  readonly load: () => Promise<LoadedConfig>;
  readonly log: AdjustableLog;
  readonly io: Pick<Io, "err" | "style">;
};

/** Reads the configuration again whenever it is called; a call while that is going on makes it be read once more. */
export function reloader(context: ReloadContext): () => Promise<void> {
  let going: Promise<void> | undefined;
  let again = false;
  const run = async (): Promise<void> => {
    do {
      again = false;
      await reload(context);
    } while (again);
    going = undefined;
  };
  return () => {
    if (going) again = true;
    else going = run();
    return going;
  };
}

async function reload({ server, load, log, io }: ReloadContext): Promise<void> {
  try {
    const { config, notices } = await load();
    const changes = await server.reload(config);
    log.level = config.log;
    for (const notice of notices) log.warn(formatNotice(notice).trimEnd());
    if (changes.length === 0) log.info("configuration reloaded: nothing has changed");
    for (const change of changes) logChange(log, change);
  } catch (error) {
    if (error instanceof ConfigError) io.err(formatMistakes(error, io.style));
    const reason = error instanceof ConfigError ? "see above" : error instanceof Error ? error.message : String(error);
    const known = error instanceof ConfigError || error instanceof ListenError;
    log.error("configuration not reloaded, the old one stays", {
      reason: known ? reason : `internal error: ${reason}`,
    });
  }
}

function logChange(log: AdjustableLog, { setting, effect, change, running }: AppliedChange): void {
  if (effect === "applied") log.info("configuration changed", { setting, change });
  else if (effect === "new-connections")
    log.info("configuration changed, for connections from now on", { setting, change });
  else if (effect === "restart") log.warn("configuration changed, but this needs a restart", { setting, change });
  else if (running)
    log.warn("configuration changed; running streams keep what they have", { setting, change, running });
  else log.info("configuration changed, for streams from now on", { setting, change });
}

/**
 * What a hangup means: a program without terminal is asked to read its configuration again, and one whose terminal was
 * closed is to end.
 */
export function hangupMeans(startedInTerminal: boolean): "reload" | "stop" {
  if (!startedInTerminal) return "reload";
  try {
    closeSync(openSync("/dev/tty", "r"));
    return "reload";
  } catch {
    return "stop";
  }
}
