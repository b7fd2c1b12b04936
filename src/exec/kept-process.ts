import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { RunConfig } from "./config.ts";
import type { RunExit, RunningCommand, RunOptions } from "./run.ts";
import type { Variables } from "./substitute.ts";

/** Starts a process; `run` of run.ts. Undefined: there are too many. */
export type Launch = (options: RunOptions, onExit: (exit: RunExit) => void) => RunningCommand | undefined;

export type KeptProcessOptions = {
  readonly config: RunConfig;
  /** Undefined: `$` means nothing. */
  readonly variables: Variables | undefined;
  readonly launch: Launch;
  readonly now: () => Millis;
  readonly log: Log;
  /** Of the stream; undefined for one of the server. */
  readonly path: string | undefined;
  /** It was stopped and is gone. */
  readonly onGone: () => void;
};

/** How long one that was asked to end may take, before it is ended by force. */
export const END_PATIENCE: Millis = 5_000;

/** A process that runs until it is stopped: one that ends by itself is started again. */
export class KeptProcess {
  readonly #options: KeptProcessOptions;
  #running: RunningCommand | undefined;
  #startAt: Millis | undefined;
  #forceAt: Millis | undefined;
  #isStopped = false;
  #reported: string | undefined;

  /** Starts it. */
  constructor(options: KeptProcessOptions) {
    this.#options = options;
    this.#start();
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  tick(now: Millis): void {
    if (this.#startAt !== undefined && now >= this.#startAt) this.#start();
    if (this.#forceAt !== undefined && now >= this.#forceAt) {
      this.#forceAt = undefined;
      this.#running?.kill("SIGKILL");
    }
  }

  /** Ends it. Harmless when called twice. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#startAt = undefined;
    if (!this.#running) {
      this.#options.onGone();
      return;
    }
    this.#forceAt = this.#options.now() + END_PATIENCE;
    this.#running.kill(this.#options.config.killSignal);
  }

  #start(): void {
    const { config, variables, launch } = this.#options;
    this.#startAt = undefined;
    const { command, env, killSignal } = config;
    this.#running = launch({ command, variables, env, killSignal, withDescendants: true }, (exit) => this.#ended(exit));
    if (this.#running) this.#note("debug", "process started", { pid: this.#running.pid });
    else this.#failed("there are too many processes");
  }

  #ended({ reason, lastLine, code }: RunExit): void {
    this.#running = undefined;
    if (this.#isStopped) {
      this.#note("debug", "process stopped", {});
      this.#options.onGone();
    } else if (code === 0 && !this.#options.config.respawn) {
      this.#note("info", "process ended", {});
    } else {
      this.#failed(lastLine === "" ? reason : `${reason}: ${lastLine}`);
    }
  }

  /** The same reason again is not worth a line. */
  #failed(reason: string): void {
    const { respawn, respawnDelay } = this.#options.config;
    this.#note(this.#reported === reason ? "debug" : "warn", respawn ? "process started again soon" : "process ended", {
      reason,
    });
    this.#reported = reason;
    if (respawn) this.#startAt = this.#options.now() + respawnDelay;
  }

  #note(
    level: "debug" | "info" | "warn",
    message: string,
    fields: Readonly<Record<string, string | number | undefined>>,
  ) {
    const { config, log, path } = this.#options;
    // The arguments may hold secrets, such as stream keys of other services.
    log[level](message, { program: config.command[0], path, ...fields });
  }
}
