import { describe, expect, test } from "bun:test";
import { readFrom } from "../../../test/support/read-media-file.ts";
import { recordedFile } from "../../../test/support/recorded-file.ts";
import { openFlv } from "../../formats/flv/file-reader.ts";
import type { Reading } from "../../formats/reading.ts";
import { createLog } from "../../log.ts";
import type { Client } from "../../streams/client.ts";
import { Sessions } from "../../streams/sessions.ts";
import { FilePlay } from "./file-play.ts";
import { Outbox } from "./outbox.ts";

const { bytes } = recordedFile("flv", { seconds: 20, fps: 25, gop: 50, audio: true, milliseconds: true });

const CLIENT: Client = {
  id: 1,
  protocol: "rtmp",
  address: "192.0.2.1",
  remote: "192.0.2.1:1",
  port: 1935,
  connectedAt: 0,
  app: "vod",
  flashVer: "",
  swfUrl: "",
  tcUrl: "",
  pageUrl: "",
};

/** A play of a file in memory, whose socket takes as much as it is told to, in virtual time. */
class Bench {
  now = 0;
  taken = 0;
  room = Number.POSITIVE_INFINITY;
  buffer: number | undefined;
  /** Reads give promises. */
  slow = false;
  fault: Error | undefined;
  reads = 0;
  closed = 0;
  readonly told: string[] = [];
  readonly sessions = new Sessions();
  readonly outbox = new Outbox({
    write: (data) => {
      const size = Math.min(this.room, data.length);
      this.room -= size;
      this.taken += size;
      return size;
    },
    clock: () => this.now,
  });
  readonly play: FilePlay;

  constructor(start = 0, duration = 0) {
    const media = readFrom(bytes, openFlv({ video: 0, audio: 0 }));
    const run = <T>(reading: Reading<T>): T | Promise<T> => {
      this.reads++;
      if (this.fault) throw this.fault;
      const read = readFrom(bytes, reading);
      return this.slow ? Promise.resolve().then(() => read) : read;
    };
    this.play = new FilePlay({
      file: { name: "film.flv", media, buffer: 1000, run, close: () => this.closed++ },
      range: { start, duration, reset: true },
      client: CLIENT,
      target: { path: "vod/film", app: "vod", name: "film", query: "" },
      streamId: 1,
      chunkSize: 60_000,
      fourCcs: undefined,
      bufferLength: () => this.buffer,
      outbox: this.outbox,
      sessions: this.sessions,
      counters: () => ({ bytesIn: 0, bytesOut: this.taken }),
      log: createLog(
        "error",
        () => {},
        () => new Date(0),
      ),
      clock: () => this.now,
      onSought: () => this.told.push("sought"),
      onComplete: (time) => this.told.push(`complete ${Math.round(time / 1000)}`),
      onFailed: (error) => this.told.push(`failed ${error instanceof Error ? error.message : error}`),
      drop: () => {},
      redirect: () => {},
    });
    this.play.start();
  }

  /** Time passes, in ticks. */
  async pass(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) {
      await Bun.sleep(0);
      this.now += 250;
      this.play.tick();
    }
    for (let i = 0; i < 20; i++) await Bun.sleep(0);
  }

  /** Of the file, that was sent last. */
  get time(): number {
    return this.sessions.list[0]?.stats().timestamp ?? -1;
  }
}

describe("a file", () => {
  test.each([false, true])(
    "is sent at the pace of its times, ahead by what is kept (reads take time: %p)",
    async (slow) => {
      const bench = new Bench();
      bench.slow = slow;
      await bench.pass(2000);
      expect(bench.time).toBeWithin(2800, 3300);
      bench.buffer = 5000;
      await bench.pass(1000);
      expect(bench.time).toBeWithin(7700, 8300);
      await bench.pass(20_000);
      expect(bench.told).toEqual(["complete 20"]);
      expect(bench.closed).toBe(0);
      bench.play.end("over");
      bench.play.end("over");
      expect(bench.closed).toBe(1);
      expect(bench.sessions.list).toEqual([]);
    },
  );

  test("is read no further than its player takes", async () => {
    const bench = new Bench();
    bench.buffer = 3_600_000;
    bench.room = 0;
    await bench.pass(2000);
    const { reads } = bench;
    await bench.pass(10_000);
    expect(bench.reads).toBe(reads);
    expect(bench.taken).toBeLessThan(1000);
    bench.room = Number.POSITIVE_INFINITY;
    bench.outbox.flush();
    bench.play.drained();
    await bench.pass(500);
    expect(bench.told).toEqual(["complete 20"]);
  });

  test("stands still while it is paused, and goes on from there", async () => {
    const bench = new Bench();
    await bench.pass(1000);
    bench.play.pause(true);
    const { time } = bench;
    await bench.pass(10_000);
    expect(bench.time).toBe(time);
    bench.play.pause(false);
    await bench.pass(1000);
    expect(bench.time - time).toBeWithin(1700, 2300);
  });

  test("goes on elsewhere, also while it is being read, and after its end", async () => {
    const bench = new Bench();
    bench.slow = true;
    await bench.pass(500);
    bench.play.seek(15_000);
    bench.play.seek(11_000);
    await bench.pass(250);
    expect(bench.told).toEqual(["sought"]);
    expect(bench.time).toBeWithin(10_000, 11_800);
    await bench.pass(20_000);
    bench.play.seek(0);
    await bench.pass(250);
    expect(bench.told).toEqual(["sought", "complete 20", "sought"]);
    expect(bench.time).toBeLessThan(2000);
  });

  test("is played from a place, for a while", async () => {
    const bench = new Bench(4100, 3000);
    await bench.pass(10_000);
    expect(bench.told).toEqual(["complete 7"]);
  });

  test("that cannot be read on says so", async () => {
    const bench = new Bench();
    await bench.pass(500);
    bench.fault = new Error("EIO");
    await bench.pass(500);
    expect(bench.told).toContain("failed EIO");
  });
});
