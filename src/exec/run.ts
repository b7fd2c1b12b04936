import { closeSync, openSync } from "node:fs";
import { readLines } from "../media-process/lines.ts";
import { type PlainCommand, toEnvironment, toPlainCommand } from "./command.ts";
import type { Variables } from "./substitute.ts";

export type RunOptions = {
  /** Program and arguments, with variables and redirections; there is no shell. */
  readonly command: readonly string[];
  /** Undefined: `$` means nothing. */
  readonly variables?: Variables;
  /** `NAME` or `NAME=value`; all of the server's when left out. */
  readonly env?: readonly string[];
  /** What it reads, unless that is redirected; nothing when left out. */
  readonly input?: string;
  /** What ends it when the server dies without having ended it, where the system can do that (Linux). */
  readonly killSignal?: NodeJS.Signals;
  /** It is over when the processes that it has started are, too: a script may leave its work to one in the background. */
  readonly withDescendants?: boolean;
};

export type RunExit = {
  /** Undefined when a signal ended it, or when it never ran. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** The last line that it wrote to stderr, unless that is redirected. */
  readonly lastLine: string;
  /** One line for the log. */
  readonly reason: string;
};

export type RunningCommand = {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Signals it and the processes that it has started. Harmless when it is over. */
  kill(signal: NodeJS.Signals): void;
};

/** Starts a command. Never throws. @param onExit called once; also, a moment later, when it could not be started at all */
export function run(options: RunOptions, onExit: (exit: RunExit) => void): RunningCommand {
  const command = toPlainCommand(options.command, options.variables);
  const opened: number[] = [];
  try {
    return startChild(command, options, opened, onExit);
  } catch (error) {
    const reason = `could not be started: ${error instanceof Error ? error.message : String(error)}`;
    queueMicrotask(() => onExit({ code: undefined, signal: undefined, lastLine: "", reason }));
    return { pid: undefined, kill: () => {} };
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

/** As nginx: what is not redirected reads and writes nothing. But stderr, whose last line says why it ended. */
function startChild(
  { program, args, redirections }: PlainCommand,
  { env, input, killSignal = "SIGKILL", withDescendants = false }: RunOptions,
  opened: number[],
  onExit: (exit: RunExit) => void,
): RunningCommand {
  type Target = "ignore" | "pipe" | number;
  const stdio: Target[] = ["ignore", "ignore", "pipe"];
  for (const { descriptor, to } of redirections) {
    while (stdio.length <= descriptor) stdio.push("ignore");
    if (to.type === "file") {
      const file = openSync(to.path, to.mode, 0o644);
      opened.push(file);
      stdio[descriptor] = file;
    } else {
      // A pipe cannot be shared: what goes to stderr goes nowhere then.
      const target = stdio[to.descriptor] ?? "ignore";
      stdio[descriptor] = target === "pipe" ? "ignore" : target;
    }
  }
  const environment = toEnvironment(env, process.env);
  const path = environment.PATH ?? DEFAULT_PATH;
  const found = Bun.which(program, { PATH: path }) ?? Bun.which(program);
  if (found === null) throw new Error(`${program} was not found`);
  const isInput = input !== undefined && stdio[0] === "ignore";
  const [, stdout = "ignore", stderr = "ignore", ...more] = stdio;
  const child = Bun.spawn([...diesWithServer(killSignal), found, ...args], {
    env: environment,
    stdio: [isInput ? new TextEncoder().encode(input) : (stdio[0] as "ignore"), stdout, stderr, ...more] as [
      "ignore",
      "ignore",
      "pipe",
    ],
    // A group of its own, so that what it starts ends with it; and Ctrl+C in the server's terminal is for the server.
    detached: true,
  });
  let lastLine = "";
  const note = (line: string): void => {
    lastLine = line.slice(line.lastIndexOf("\r") + 1).trim() || lastLine;
  };
  const output: unknown = child.stderr;
  const lines = output instanceof ReadableStream ? readLines(output, note) : undefined;
  let isOver = false;
  let isForced = false;
  void child.exited.then(async () => {
    while (withDescendants && !isForced && signalGroup(child.pid, 0)) await Bun.sleep(LOOK_MS);
    isOver = true;
    // What it has started may hold its stderr open.
    await Promise.race([lines?.catch(() => {}), Bun.sleep(LAST_LINE_MS)]);
    const { exitCode, signalCode } = child;
    const signal = signalCode === null ? undefined : String(signalCode);
    const reason = signal === undefined ? `ended with exit code ${exitCode}` : `ended by ${signal}`;
    onExit({ code: signal === undefined ? (exitCode ?? undefined) : undefined, signal, lastLine, reason });
  });
  return {
    pid: child.pid,
    kill: (signal) => {
      if (isOver) return;
      isForced = signal === "SIGKILL";
      signalGroup(child.pid, signal);
    },
  };
}

/** Where programs are looked for when there is no PATH (execvp of glibc). */
const DEFAULT_PATH = "/bin:/usr/bin";
/** How long the end of a process waits for its last line. */
const LAST_LINE_MS = 100;

/** How often it is looked whether the rest of a group is gone. */
const LOOK_MS = 100;

/** False when there is nobody in it. Its number is not given to others before. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

let pdeathsig: string | undefined | "unknown" = "unknown";

/** Makes the kernel end a process with its parent, by setpriv of util-linux (prctl PR_SET_PDEATHSIG). */
function diesWithServer(signal: NodeJS.Signals): readonly string[] {
  if (pdeathsig === "unknown") pdeathsig = findSetpriv();
  return pdeathsig === undefined ? [] : [pdeathsig, "--pdeathsig", signal.replace(/^SIG/, ""), "--"];
}

/** Busybox has one that does not know the option. */
function findSetpriv(): string | undefined {
  const found = Bun.which("setpriv");
  if (found === null) return undefined;
  const { exitCode } = Bun.spawnSync([found, "--pdeathsig", "KILL", "--", found, "--version"]);
  return exitCode === 0 ? found : undefined;
}
