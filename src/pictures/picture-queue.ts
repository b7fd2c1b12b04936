import type { Millis } from "../media/time.ts";
import { CpuBudget } from "./cpu-budget.ts";
import { decodeResult, encodeJob, type PictureJob, type PictureResult } from "./messages.ts";

/** The process that does the jobs, as the queue sees it. */
export interface PictureWorker {
  write(job: Uint8Array): void;
  /** Nothing more will come: it may end. */
  end(): void;
  /** It is to be gone at once. */
  kill(): void;
}

/** What a worker tells; `exited` is the last, also when it never ran. */
export type WorkerEvents = {
  readonly result: (message: Uint8Array) => void;
  readonly exited: (reason: string) => void;
};

export type PictureQueueOptions = {
  /** Share of a CPU core. */
  readonly cpu: number;
  readonly start: (events: WorkerEvents) => PictureWorker;
  /** Monotonic. */
  readonly now: () => Millis;
  /** The worker has failed; `path` is the stream whose picture it was making. */
  readonly onTrouble: (reason: string, path: string | undefined) => void;
};

/** A job without its number. */
export type PictureTask = PictureJob extends infer Job ? (Job extends PictureJob ? Omit<Job, "id"> : never) : never;

type Entry = {
  /** Called when its turn comes, so that what waits holds no media; undefined when there is nothing to do any more. */
  readonly make: () => PictureTask | undefined;
  readonly done: (result: PictureResult | undefined) => void;
};

type Running = { readonly path: string; readonly entry: Entry; readonly id: number; readonly since: Millis };

/** A process without work ends after this. */
const IDLE: Millis = 20_000;
/** A job that takes longer hangs; the first has the start of the process in it. */
const JOB_LIMIT: Millis = 10_000;
/** A stream whose pictures have ended the process twice in this time may do so again, and is left out as long. */
const SHUN: Millis = 30_000;
const FIRST_BACKOFF: Millis = 1_000;
const MAX_BACKOFF: Millis = 60_000;
/** Of all streams together. */
const MAX_WAITING = 10_000;

/**
 * Has a worker do jobs one at a time, in turn for each stream, within a budget of CPU time. The worker is started when there is
 * something to do and ends when there is nothing; one that crashes or hangs costs the picture it was making.
 */
export class PictureQueue {
  readonly #options: PictureQueueOptions;
  /** By stream, in the order of their turns. */
  readonly #waiting = new Map<string, Entry[]>();
  /** Until when a second crash counts as the stream's fault, and until when that is so. */
  readonly #suspected = new Map<string, Millis>();
  readonly #shunned = new Map<string, Millis>();
  #count = 0;
  #budget: CpuBudget;
  #worker: PictureWorker | undefined;
  #running: Running | undefined;
  #nextId = 1;
  /** CPU time that the worker has taken since it started, as it said last. */
  #workerCpu: Millis = 0;
  #cpu: Millis = 0;
  #idleSince: Millis = 0;
  #failures = 0;
  #startAt: Millis = Number.NEGATIVE_INFINITY;

  constructor(options: PictureQueueOptions) {
    this.#options = options;
    this.#budget = new CpuBudget(options.cpu, options.now());
  }

  /** CPU time taken so far by all workers, in ms. */
  get cpu(): Millis {
    return this.#cpu;
  }

  /** Jobs that wait. */
  get waiting(): number {
    return this.#count;
  }

  /** Share of a CPU core from now on. */
  setShare(cpu: number): void {
    this.#budget = new CpuBudget(cpu, this.#options.now());
  }

  /** Calls `done` once, later, or at once when it cannot be; undefined stands for a job that came to nothing. */
  add(path: string, make: Entry["make"], done: Entry["done"]): void {
    if (this.#count >= MAX_WAITING || this.#isShunned(path) || this.#isClosed) {
      done(undefined);
      return;
    }
    const waiting = this.#waiting.get(path);
    if (waiting) waiting.push({ make, done });
    else this.#waiting.set(path, [{ make, done }]);
    this.#count++;
    this.#next();
  }

  /** To be called a few times a second. */
  tick(): void {
    const now = this.#options.now();
    for (const paths of [this.#suspected, this.#shunned]) {
      for (const [path, until] of paths) if (now >= until) paths.delete(path);
    }
    const running = this.#running;
    if (running && now - running.since > JOB_LIMIT) this.#worker?.kill();
    if (!running && this.#count === 0 && now - this.#idleSince > IDLE) this.#dismiss();
    this.#next();
  }

  /** Ends the worker; what waits comes to nothing. */
  close(): void {
    const unfinished = [...(this.#running ? [this.#running.entry] : []), ...[...this.#waiting.values()].flat()];
    this.#waiting.clear();
    this.#count = 0;
    this.#running = undefined;
    this.#startAt = Number.POSITIVE_INFINITY;
    this.#dismiss();
    for (const entry of unfinished) entry.done(undefined);
  }

  /** Nothing that it does or says matters from now on. */
  #dismiss(): void {
    this.#worker?.end();
    this.#worker = undefined;
  }

  #next(): void {
    const now = this.#options.now();
    while (!this.#running && this.#count > 0 && now >= this.#startAt && this.#budget.isOpen(now)) {
      const [path, entry] = this.#take();
      const task = this.#isShunned(path) ? undefined : entry.make();
      if (!task) {
        entry.done(undefined);
        continue;
      }
      const id = this.#nextId++;
      this.#running = { path, entry, id, since: now };
      this.#worker ??= this.#start();
      this.#worker.write(encodeJob({ ...task, id }));
    }
  }

  /** The next in turn; its stream goes to the end. */
  #take(): [path: string, entry: Entry] {
    for (const [path, entries] of this.#waiting) {
      const entry = entries.shift();
      this.#waiting.delete(path);
      if (entries.length > 0) this.#waiting.set(path, entries);
      if (!entry) continue;
      this.#count--;
      return [path, entry];
    }
    throw new Error("nothing waits");
  }

  #start(): PictureWorker {
    this.#workerCpu = 0;
    const worker: PictureWorker = this.#options.start({
      result: (message) => {
        if (worker === this.#worker) this.#finished(message);
      },
      exited: (reason) => {
        if (worker === this.#worker) this.#exited(reason);
      },
    });
    return worker;
  }

  #finished(message: Uint8Array): void {
    const now = this.#options.now();
    const result = decodeResult(message);
    const running = this.#running;
    if (!running || running.id !== result.id) return;
    this.#running = undefined;
    this.#failures = 0;
    this.#idleSince = now;
    this.#spend(result.cpu - this.#workerCpu, now);
    this.#workerCpu = result.cpu;
    running.entry.done(result);
    this.#next();
  }

  #exited(reason: string): void {
    const now = this.#options.now();
    const running = this.#running;
    this.#worker = undefined;
    this.#running = undefined;
    this.#startAt = now + Math.min(MAX_BACKOFF, FIRST_BACKOFF * 2 ** this.#failures++);
    this.#options.onTrouble(reason, running?.path);
    if (!running) return;
    // It can no longer say what it took.
    this.#spend(now - running.since, now);
    if (this.#suspected.has(running.path)) this.#shunned.set(running.path, now + SHUN);
    this.#suspected.set(running.path, now + SHUN);
    running.entry.done(undefined);
    this.#next();
  }

  #spend(cpu: Millis, now: Millis): void {
    this.#cpu += cpu;
    this.#budget.spend(cpu, now);
  }

  get #isClosed(): boolean {
    return this.#startAt === Number.POSITIVE_INFINITY;
  }

  #isShunned(path: string): boolean {
    return (this.#shunned.get(path) ?? Number.NEGATIVE_INFINITY) > this.#options.now();
  }
}
