import { expect, test } from "bun:test";
import { decodeJob, encodeResult, type PictureResult } from "./messages.ts";
import { PictureQueue, type PictureTask, type WorkerEvents } from "./picture-queue.ts";

const keyframe = { codec: "h264", record: new Uint8Array([1]), data: new Uint8Array([2, 3]) } as const;
const task: PictureTask = { type: "thumbnail", keyframe, width: 480, format: "jpeg" };
const picture = { format: "jpeg", width: 2, height: 2, bytes: new Uint8Array([9]) } as const;

class Bench {
  now = 0;
  readonly workers: { events: WorkerEvents; jobs: number[]; ended: boolean; killed: boolean }[] = [];
  readonly troubles: [string, string | undefined][] = [];
  readonly done: string[] = [];
  #cpu = 0;
  readonly queue = new PictureQueue({
    cpu: 0.1,
    now: () => this.now,
    onTrouble: (reason, path) => this.troubles.push([reason, path]),
    start: (events) => {
      const worker = { events, jobs: [] as number[], ended: false, killed: false };
      this.workers.push(worker);
      this.#cpu = 0;
      return {
        write: (job) => worker.jobs.push(decodeJob(job).id),
        end: () => (worker.ended = true),
        kill: () => (worker.killed = true),
      };
    },
  });

  get worker() {
    const worker = this.workers[this.workers.length - 1];
    if (!worker) throw new Error("no worker");
    return worker;
  }

  add(path: string, name: string, made: PictureTask | undefined = task): void {
    this.queue.add(
      path,
      () => made,
      (result) => this.done.push(result ? `${name} ${result.type}` : `${name} nothing`),
    );
  }

  /** The worker answers the job it is at, `cpu` ms of its time later. */
  answer(cpu: number): void {
    this.#cpu += cpu;
    const id = this.worker.jobs[this.worker.jobs.length - 1] ?? 0;
    const result: PictureResult = { type: "picture", id, cpu: this.#cpu, picture };
    this.worker.events.result(encodeResult(result));
  }

  /** Ticks until then. */
  until(now: number): void {
    for (; this.now < now; this.now += 100) this.queue.tick();
    this.queue.tick();
  }
}

test("one job at a time, each stream in its turn", () => {
  const bench = new Bench();
  for (const name of ["a1", "a2", "a3"]) bench.add("live/a", name);
  bench.add("live/b", "b1");
  expect(bench.worker.jobs).toHaveLength(1);
  for (let n = 0; n < 4; n++) bench.answer(1);
  expect(bench.done).toEqual(["a1 picture", "a2 picture", "b1 picture", "a3 picture"]);
  expect(bench.workers).toHaveLength(1);
});

test("what has become pointless is passed over", () => {
  const bench = new Bench();
  bench.queue.add(
    "live/a",
    () => undefined,
    (result) => bench.done.push(String(result)),
  );
  bench.add("live/a", "a");
  bench.answer(1);
  expect(bench.done).toEqual(["undefined", "a picture"]);
});

test("no more CPU than the share, in the long run", () => {
  const bench = new Bench();
  let answered = 0;
  for (let n = 0; n < 1000; n++) bench.add(`live/${n % 7}`, String(n));
  for (; bench.now < 20_000; bench.now += 50) {
    bench.queue.tick();
    while (bench.worker.jobs.length > answered) {
      answered++;
      bench.answer(30);
    }
  }
  // 0.1 of 20 s and what was saved up, half a second's worth; one job beyond it.
  expect(bench.queue.cpu).toBeGreaterThan(2400);
  expect(bench.queue.cpu).toBeLessThanOrEqual(2500 + 30);
});

test("a process without work ends, and another begins with the next", () => {
  const bench = new Bench();
  bench.add("live/a", "a1");
  bench.answer(1);
  bench.until(19_900);
  expect(bench.worker.ended).toBe(false);
  bench.until(20_200);
  expect(bench.worker.ended).toBe(true);
  const { events } = bench.worker;
  bench.add("live/a", "a2");
  expect(bench.workers).toHaveLength(2);
  events.exited("ended with exit code 0");
  expect(bench.troubles).toEqual([]);
  bench.answer(1);
  expect(bench.done).toEqual(["a1 picture", "a2 picture"]);
});

test("a crash costs the picture that was being made; a second one costs its stream its turn for a while", () => {
  const bench = new Bench();
  for (const name of ["bad1", "bad2", "bad3"]) bench.add("live/bad", name);
  bench.add("live/good", "good");
  bench.worker.events.exited("ended by SIGSEGV");
  expect(bench.done).toEqual(["bad1 nothing"]);
  expect(bench.troubles).toEqual([["ended by SIGSEGV", "live/bad"]]);
  expect(bench.workers).toHaveLength(1);
  bench.until(1000);
  expect(bench.workers).toHaveLength(2);
  bench.worker.events.exited("ended by SIGSEGV");
  bench.until(3000);
  bench.answer(1);
  expect(bench.done).toEqual(["bad1 nothing", "bad2 nothing", "good picture", "bad3 nothing"]);
  bench.add("live/bad", "bad4");
  expect(bench.done[4]).toBe("bad4 nothing");
  bench.until(31_100);
  bench.add("live/bad", "bad5");
  bench.answer(1);
  expect(bench.done[5]).toBe("bad5 picture");
});

test("crashes in a row are tried again ever more slowly", () => {
  const bench = new Bench();
  for (let n = 0; n < 8; n++) bench.add(`live/${n}`, String(n));
  const starts: number[] = [];
  for (; bench.now < 200_000 && bench.done.length < 8; bench.now += 100) {
    const before = bench.workers.length;
    bench.queue.tick();
    if (bench.workers.length === before && starts.length > 0) continue;
    starts.push(bench.now);
    bench.worker.events.exited("ended by SIGSEGV");
  }
  const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
  expect(gaps).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]);
});

test("one that hangs is killed", () => {
  const bench = new Bench();
  bench.add("live/a", "a");
  bench.until(10_000);
  expect(bench.worker.killed).toBe(false);
  bench.until(10_200);
  expect(bench.worker.killed).toBe(true);
  bench.worker.events.exited("ended by SIGKILL");
  expect(bench.done).toEqual(["a nothing"]);
});

test("a result that comes too late is nobody's", () => {
  const bench = new Bench();
  bench.add("live/a", "a");
  const { events } = bench.worker;
  events.exited("ended by SIGSEGV");
  events.result(encodeResult({ type: "picture", id: 1, cpu: 1, picture }));
  events.exited("again");
  expect(bench.done).toEqual(["a nothing"]);
  expect(bench.troubles).toHaveLength(1);
});

test("closing ends the process and what waits", () => {
  const bench = new Bench();
  bench.add("live/a", "a");
  bench.add("live/a", "b");
  bench.queue.close();
  expect(bench.worker.ended).toBe(true);
  bench.worker.events.exited("ended with exit code 0");
  bench.add("live/a", "c");
  expect(bench.done).toEqual(["a nothing", "b nothing", "c nothing"]);
  expect(bench.troubles).toEqual([]);
  bench.queue.tick();
  expect(bench.workers).toHaveLength(1);
});
