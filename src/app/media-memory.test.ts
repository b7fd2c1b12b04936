import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OriginBench } from "../../test/hls/origin-bench.ts";
import { synthesize } from "../../test/hls/synthetic.ts";
import { hlsSchema } from "../hls/config.ts";
import { createLog, silentLog } from "../log.ts";
import { decodeRecords, encodeRecord } from "./journal-record.ts";
import { MediaMemory } from "./media-memory.ts";

const EPOCH = Date.UTC(2026, 0, 1);
const MEDIA = synthesize({ seconds: 60, fps: 30, gop: 60, audio: true, milliseconds: true });

type Settings = Record<string, unknown>;

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "naru-media-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("a record", () => {
  const values = [
    { a: 1, bytes: Uint8Array.of(1, 2, 3), list: [{ more: new Uint8Array(0) }, "text"], none: undefined },
    { text: "ü".repeat(1000), bytes: [Uint8Array.of(9), Uint8Array.of(8, 7)] },
  ];
  const file = new Uint8Array(Buffer.concat(values.flatMap((value) => encodeRecord(value))));

  test("is read as it was written", () => {
    const { values: read, size } = decodeRecords(file);
    expect(read).toEqual([
      { a: 1, bytes: Uint8Array.of(1, 2, 3), list: [{ more: new Uint8Array(0) }, "text"] },
      values[1],
    ]);
    expect(size).toBe(file.length);
  });

  test("that is not whole is left out, wherever it breaks off", () => {
    const { length } = Buffer.concat(encodeRecord(values[0]));
    for (let cut = 0; cut < file.length; cut++) {
      const { values: read, size } = decodeRecords(file.subarray(0, cut));
      expect([cut, read.length, size]).toEqual(cut < length ? [cut, 0, 0] : [cut, 1, length]);
    }
  });

  test("with a wrong bit is left out", () => {
    for (const at of [0, 5, 9, 30, file.length - 1]) {
      const broken = file.slice();
      broken[at] = (broken[at] as number) ^ 1;
      expect(decodeRecords(broken).values.length).toBe(at === file.length - 1 ? 1 : 0);
    }
  });
});

/** A stream that was played for so many seconds by a server that was killed then. */
async function killedAt(seconds: number, config: Settings = {}, path = "live/test"): Promise<OriginBench> {
  const journal = new MediaMemory(directory, silentLog).open(path, hlsSchema.parse(config));
  const bench = new OriginBench(MEDIA, config, { recorder: journal.record }).run(seconds);
  bench.playlist();
  await journal.close();
  return bench;
}

const load = async (config: Settings | undefined, seconds: number) => {
  const memory = new MediaMemory(directory, silentLog);
  return { memory, paths: await memory.load(() => config && hlsSchema.parse(config), EPOCH + seconds * 1000) };
};

describe("the latest media", () => {
  test.each([{}, { lowLatency: false }, { format: "mpegts" }])("is what it was, byte for byte: %p", async (config) => {
    const before = await killedAt(21.3, config);
    const { memory, paths } = await load(config, 21.5);
    expect(paths).toEqual(["live/test"]);
    const resumed = memory.resume("live/test");
    const after = new OriginBench([], config, { resume: resumed && { memory: resumed, now: 21_300 } });
    after.now = 21_300;
    const old = before.playlist();
    const fresh = after.playlist();
    expect(fresh.segments).toEqual(old.segments.slice(-fresh.segments.length));
    expect(fresh.targetDuration).toBe(old.targetDuration);
    expect(fresh.discontinuitySequence).toBe(old.discontinuitySequence);
    expect(fresh.preloadHint).toBe(old.preloadHint);
    const names = fresh.segments.flatMap(({ uri, map, parts }) => [uri, map, ...parts.map((part) => part.uri)]);
    for (const name of new Set(names)) {
      if (name === undefined) continue;
      expect(after.ask(name).answer?.body).toEqual(before.ask(name).answer?.body as Uint8Array);
    }
  });

  test("is a few segments, however long the stream", async () => {
    await killedAt(50.9);
    expect(readdirSync(directory).length).toBe(7);
  });

  test("is gone on with only when it may still be of use to somebody", async () => {
    const config: Settings = { grace: 20 };
    for (const [asked, after, expected] of [
      [config, 15, ["live/test"]],
      [config, 40, []],
      [{ part: 0.2 }, 15, []],
      [undefined, 15, []],
    ] as const) {
      await killedAt(14, config);
      const { paths, memory } = await load(asked, after);
      expect(paths).toEqual([...expected]);
      expect(memory.resume("live/test") !== undefined).toBe(expected.length > 0);
      // What is of no use does not stay.
      expect(readdirSync(directory).length > 0).toBe(expected.length > 0);
    }
  });

  test("goes on behind what was whole, when the last write was not", async () => {
    const before = await killedAt(21.3);
    const last = readdirSync(directory).sort().at(-1) ?? "";
    const file = join(directory, last);
    truncateSync(file, readFileSync(file).length - 1);
    const { memory } = await load({}, 21.5);
    const resumed = memory.resume("live/test");
    const parts = before.output && before.playlist().segments.at(-1)?.parts.length;
    const recorded = resumed?.events.filter(({ type }) => type === "open").length ?? 0;
    const events = resumed?.events ?? [];
    const open = events.slice(events.findLastIndex(({ type }) => type === "open") + 1);
    expect(recorded).toBeGreaterThan(5);
    expect(open.length).toBe((parts ?? 0) - 1);
    // The broken end is written over.
    const journal = memory.open("live/test", hlsSchema.parse({}));
    const part = open[0];
    if (part?.type !== "part" || !resumed) throw new Error("no part");
    journal.record({ ...part, part: open.length }, resumed.state);
    await journal.close();
    const again = (await load({}, 21.5)).memory.resume("live/test");
    expect(again?.events.length).toBe(events.length + 1);
  });

  test("with a hole begins behind the hole", async () => {
    await killedAt(30);
    const names = readdirSync(directory).sort();
    rmSync(join(directory, names[2] as string));
    const { memory } = await load({}, 30);
    expect(memory.resume("live/test")?.events.filter(({ type }) => type === "open").length).toBe(names.length - 3);
    expect(readdirSync(directory).sort()).toEqual(names.slice(3));
  });

  test("is removed when the stream ends", async () => {
    const journal = new MediaMemory(directory, silentLog).open("live/test", hlsSchema.parse({}));
    const bench = new OriginBench(MEDIA, {}, { recorder: journal.record }).run(20);
    bench.output.write({ type: "end" }, bench.now);
    await journal.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test("of each stream is its own", async () => {
    await killedAt(14, {}, "live/a");
    await killedAt(14, {}, "live/ü/b c");
    const { paths } = await load({}, 15);
    expect([...paths].sort()).toEqual(["live/a", "live/ü/b c"]);
  });

  test("that cannot be written is told once, and hurts nobody", async () => {
    const lines: string[] = [];
    const log = createLog(
      "info",
      (line) => lines.push(line),
      () => new Date(0),
    );
    writeFileSync(join(directory, "flat"), "");
    const memory = new MediaMemory(join(directory, "flat", "media"), log);
    const journals = ["live/a", "live/b"].map((path) => memory.open(path, hlsSchema.parse({})));
    for (const journal of journals) {
      const bench = new OriginBench(MEDIA, {}, { recorder: journal.record }).run(20);
      expect(bench.playlist().segments.length).toBeGreaterThan(5);
      await journal.close();
    }
    expect(lines.length).toBe(1);
  });
});
