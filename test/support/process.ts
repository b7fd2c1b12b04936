import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

type StartOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Runs as this user; for programs that refuse root. */
  readonly uid?: number;
};

/** The newest output of a process that is kept for assertions and failure messages. */
const KEPT_CHARACTERS = 2_000_000;

/** A child process whose output is collected. It is killed at the end of its scope (`await using`), and with the tests. */
export class RunningProcess implements AsyncDisposable {
  readonly exited: Promise<number>;
  #output = "";
  #exitCode: number | undefined;
  #watchers = new Set<() => void>();

  constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    const collect = (text: string) => {
      this.#output = (this.#output + text).slice(-KEPT_CHARACTERS);
      for (const watcher of this.#watchers) watcher();
    };
    child.stdout?.setEncoding("utf8").on("data", collect);
    child.stderr?.setEncoding("utf8").on("data", collect);
    this.exited = new Promise((resolve) => {
      const end = (code: number) => {
        this.#exitCode ??= code;
        running.delete(child);
        resolve(this.#exitCode);
        for (const watcher of this.#watchers) watcher();
      };
      child.on("error", (error) => {
        collect(`${error.message}\n`);
        end(127);
      });
      child.on("close", (code, signal) => end(code ?? (signal ? 128 : 1)));
    });
  }

  /** Standard output and standard error so far, as they came. */
  get output(): string {
    return this.#output;
  }

  /** Undefined while it runs; 128 when a signal ended it. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Waits until the output matches. Fails when the process ends before, or time is up. */
  async waitFor(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpMatchArray> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const match = this.#output.match(pattern);
      if (match) return match;
      if (this.#exitCode !== undefined) throw this.failure(`ended with exit code ${this.#exitCode} before ${pattern}`);
      const left = deadline - performance.now();
      if (left <= 0) throw this.failure(`did not print ${pattern} within ${timeoutMs} ms`);
      await this.#change(left);
    }
  }

  /** Waits for the end and returns the exit code. Kills it when time is up, and fails. */
  async end(timeoutMs: number): Promise<number> {
    const code = await withTimeout(this.exited, timeoutMs);
    if (code !== undefined) return code;
    await this.stop("SIGKILL");
    throw this.failure(`did not end within ${timeoutMs} ms`);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Asks the process to end, and kills it when it does not within five seconds. Harmless when it has ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
    if (this.#exitCode === undefined) {
      this.child.kill(signal);
      if ((await withTimeout(this.exited, 5000)) === undefined) this.child.kill("SIGKILL");
    }
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** An error that shows the end of the output. */
  failure(what: string): ProcessFailure {
    return new ProcessFailure(`${this.name} ${what}; its output ended with:\n${this.#output.slice(-3000)}`);
  }

  async #change(timeoutMs: number): Promise<void> {
    let wake = () => {};
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#watchers.add(wake);
    await withTimeout(changed, timeoutMs);
    this.#watchers.delete(wake);
  }
}

/** A process did something else than the test needs; waiting longer does not help. */
export class ProcessFailure extends Error {
  override readonly name = "ProcessFailure";
}

const running = new Set<ChildProcess>();

/** Starts a program without a shell. */
export function start(command: string, args: readonly string[], options: StartOptions = {}): RunningProcess {
  const spawnOptions: SpawnOptions = {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  };
  const child = spawn(command, args, spawnOptions);
  if (running.size === 0) process.once("exit", killAll);
  running.add(child);
  return new RunningProcess(command.split("/").at(-1) as string, child);
}

/** Runs a program to its end. @returns its output @throws when it fails or takes too long */
export async function run(
  command: string,
  args: readonly string[],
  options: StartOptions & { readonly timeoutMs?: number } = {},
): Promise<string> {
  const child = start(command, args, options);
  const code = await child.end(options.timeoutMs ?? 60_000);
  if (code !== 0) throw child.failure(`${args.join(" ")}: exit code ${code}`);
  return child.output;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Polls until `check` returns something; fails with `what` when time is up. An error that it throws counts as "not yet",
 * but for a `ProcessFailure`.
 */
export async function until<T>(what: string, timeoutMs: number, check: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined) return value;
    } catch (error) {
      if (error instanceof ProcessFailure) throw error;
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms${last ? ` (${last})` : ""}`);
    await sleep(100);
  }
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined);
  });
  const result = await Promise.race([promise, timeout]);
  clearTimeout(timer);
  return result;
}

function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}
