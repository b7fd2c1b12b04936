import { constants, setPriority } from "node:os";
import { readLines } from "./lines.ts";

export type MediaProcessOptions = {
  /** Program and arguments; there is no shell. */
  readonly command: readonly string[];
  /** More environment variables than the server's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** From 0 to 19: how far it stands back where others want the CPU. */
  readonly nice: number;
  /** What it writes, in the pieces in which it comes. */
  readonly onData: (bytes: Uint8Array) => void;
  /** A line that it writes to its log (stderr). */
  readonly onLine: (line: string) => void;
  /** All that was written has been taken. */
  readonly onDrain?: () => void;
  /** Called once, behind the last data and line; also, a moment later, when it could not be started at all. */
  readonly onExit: (exit: ProcessExit) => void;
};

export type ProcessExit = {
  /** Undefined when a signal ended it, or when it never ran. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** One line for the log. */
  readonly reason: string;
};

/** How long one whose input has ended may take to end. */
const GRACE_MS = 2_000;

/**
 * A process that works on media, beside the server and at lower priority: what goes wrong in a codec ends it alone. It has to
 * end when its input does, and so ends with the server.
 */
export class MediaProcess {
  readonly #options: MediaProcessOptions;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe"> | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #flyingBytes = 0;
  #isOver = false;
  #isEnding = false;

  /** Starts it. Does not throw. */
  constructor(options: MediaProcessOptions) {
    this.#options = options;
    try {
      // A group of its own: Ctrl+C in the server's terminal is for the server.
      const env = { ...process.env, ...options.env };
      this.#child = Bun.spawn([...options.command], {
        env,
        stdin: "pipe",
        stdout: "pipe",
        stderr: "pipe",
        detached: true,
      });
    } catch (error) {
      const reason = `could not be started: ${error instanceof Error ? error.message : String(error)}`;
      queueMicrotask(() => this.#over({ code: undefined, signal: undefined, reason }));
      return;
    }
    standBack(this.#child.pid, options.nice);
    void this.#follow(this.#child);
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Bytes written and not yet taken by the process: a bound is the caller's. */
  get pendingBytes(): number {
    return this.#queuedBytes + this.#flyingBytes;
  }

  /** Never waits, and does not keep `bytes`. Goes nowhere when the process is gone or its input has ended. */
  write(bytes: Uint8Array): void {
    if (!this.#child || this.#isOver || this.#isEnding || bytes.length === 0) return;
    if (this.#flyingBytes > 0) {
      this.#queue.push(bytes.slice());
      this.#queuedBytes += bytes.length;
      return;
    }
    this.#send(this.#child, [bytes], bytes.length);
  }

  /** Ends its input, which ends it; by force when that takes too long. */
  end(graceMs = GRACE_MS): void {
    if (!this.#child || this.#isOver || this.#isEnding) return;
    this.#isEnding = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    void Promise.resolve(this.#child.stdin.end()).catch(() => {});
    setTimeout(() => this.kill(), graceMs).unref();
  }

  /** Ends it by force, at once. */
  kill(): void {
    if (!this.#isOver) this.#child?.kill("SIGKILL");
  }

  #send(child: Bun.Subprocess<"pipe", "pipe", "pipe">, chunks: readonly Uint8Array[], size: number): void {
    const { stdin } = child;
    let pending: Promise<unknown> | undefined;
    try {
      for (const chunk of chunks) {
        const written = stdin.write(chunk) as number | Promise<number>;
        if (written instanceof Promise) pending = written;
      }
      const flushed = stdin.flush();
      if (flushed instanceof Promise) pending = flushed;
    } catch {
      // It is gone, as its exit will say.
      return;
    }
    if (!pending) return;
    this.#flyingBytes = size;
    const taken = () => this.#taken(child);
    pending.then(taken, taken);
  }

  #taken(child: Bun.Subprocess<"pipe", "pipe", "pipe">): void {
    this.#flyingBytes = 0;
    if (this.#isOver || this.#isEnding) return;
    const queue = this.#queue;
    const size = this.#queuedBytes;
    this.#queue = [];
    this.#queuedBytes = 0;
    if (queue.length > 0) this.#send(child, queue, size);
    if (this.#flyingBytes === 0) this.#options.onDrain?.();
  }

  async #follow(child: Bun.Subprocess<"pipe", "pipe", "pipe">): Promise<void> {
    const { onData, onLine } = this.#options;
    const output = async () => {
      for await (const chunk of child.stdout) onData(chunk);
    };
    await Promise.allSettled([output(), readLines(child.stderr, onLine)]);
    // Who reads its output has no use for it any more.
    child.kill("SIGKILL");
    await child.exited;
    const { exitCode, signalCode } = child;
    const signal = signalCode === null ? undefined : String(signalCode);
    const reason = signal === undefined ? `ended with exit code ${exitCode}` : `ended by ${signal}`;
    this.#over({ code: exitCode ?? undefined, signal, reason });
  }

  #over(exit: ProcessExit): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#queue = [];
    this.#queuedBytes = this.#flyingBytes = 0;
    this.#options.onExit(exit);
  }
}

/** Threads that it starts later take it over. */
function standBack(pid: number, nice: number): void {
  try {
    setPriority(pid, Math.min(nice, constants.priority.PRIORITY_LOW));
  } catch {
    // It is gone already, as its exit will say.
  }
}
