import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hlsSchema } from "../hls/config.ts";
import { createLog, silentLog } from "../log.ts";
import { memoryFiles, remember, StreamMemory } from "./stream-memory.ts";

let directory = "";
let file = "";
let lines: string[] = [];
const log = createLog(
  "info",
  (line) => lines.push(line),
  () => new Date(0),
);
const config = hlsSchema.parse({});
const TARGETS = { duration: 4, part: 0.5 };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "naru-memory-"));
  file = join(directory, "deep", "streams-1935.json");
  lines = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("what is live", () => {
  test("is known after a restart, with what its players were told", () => {
    new StreamMemory(file, log).update(
      new Map([
        ["live/a", remember(config, TARGETS)],
        ["live/b", remember(config, undefined)],
      ]),
    );
    const after = new StreamMemory(file, log);
    expect(after.mayHaveBeenLive("live/a")).toBe(true);
    expect(after.mayHaveBeenLive("live/c")).toBe(false);
    expect(after.announcedBefore("live/a", config)).toEqual(TARGETS);
    expect(after.announcedBefore("live/b", config)).toBeUndefined();
    expect(after.announcedBefore("live/c", config)).toBeUndefined();
    expect(readdirSync(join(directory, "deep"))).toEqual(["streams-1935.json"]);
    expect(lines).toEqual([]);
  });

  test("was announced under settings, and does not hold under others", () => {
    new StreamMemory(file, log).update(new Map([["live/a", remember(config, TARGETS)]]));
    const after = new StreamMemory(file, log);
    for (const [changed, held] of [
      [{ segment: 4 }, false],
      [{ part: 0.2 }, false],
      [{ maxSegment: 20 }, false],
      [{ lowLatency: false }, false],
      [{ format: "mpegts" }, false],
      [{ window: 60, grace: 5 }, true],
    ] as const) {
      expect([changed, after.announcedBefore("live/a", hlsSchema.parse(changed)) !== undefined]).toEqual([
        changed,
        held,
      ]);
    }
  });

  test("is nothing at the first start", () => {
    expect(new StreamMemory(file, log).mayHaveBeenLive("live/a")).toBe(false);
    expect(lines).toEqual([]);
  });

  test.each([
    ["", "not JSON"],
    ['{"version":1,"streams":{"live/a":', "half of it"],
    ['{"version":2,"streams":{}}', "another version"],
    ['{"version":1,"streams":{"live/a":{"settings":"x","announced":{"duration":-1,"part":1}}}}', "nonsense"],
    ["[]", "a list"],
  ])("may be anything when the file is damaged: %s (%s)", (text) => {
    mkdirSync(join(directory, "deep"));
    writeFileSync(file, text);
    const memory = new StreamMemory(file, log);
    expect(memory.mayHaveBeenLive("live/a")).toBe(true);
    expect(lines.length).toBe(1);
    memory.update(new Map());
    expect(new StreamMemory(file, silentLog).mayHaveBeenLive("live/a")).toBe(false);
  });

  test("may be anything where nothing is remembered", () => {
    const memory = new StreamMemory(undefined, log);
    expect(memory.mayHaveBeenLive("live/a")).toBe(true);
    memory.update(new Map([["live/a", remember(config, undefined)]]));
    expect(readdirSync(directory)).toEqual([]);
  });

  test("is written only when it changes, and a disk that cannot be written is said once", () => {
    const memory = new StreamMemory(file, log);
    const live = new Map([["live/a", remember(config, undefined)]]);
    memory.update(live);
    writeFileSync(file, "mine");
    memory.update(live);
    expect(readFileSync(file, "utf8")).toBe("mine");

    writeFileSync(join(directory, "flat"), "");
    const unwritable = new StreamMemory(join(directory, "flat", "streams.json"), log);
    lines = [];
    unwritable.update(live);
    unwritable.update(new Map());
    expect(lines.length).toBe(1);
  });
});

test("each server of a machine has files of its own", () => {
  for (const [listen, name] of [
    [[{ host: "::", port: 1935 }], "streams-1935.json"],
    [
      [
        { host: "127.0.0.1", port: 1936 },
        { host: "::", port: 1 },
      ],
      "streams-127.0.0.1-1936.json",
    ],
    [[{ host: "::1", port: 1935 }], "streams--1-1935.json"],
  ] as const) {
    expect(memoryFiles("/s", listen)).toEqual({
      streams: `/s/${name}`,
      media: `/s/${name.replace("streams", "media").replace(".json", "")}`,
    });
  }
  expect(memoryFiles("/s", [{ host: "::", port: 0 }])).toBeUndefined();
  expect(memoryFiles("/s", [])).toBeUndefined();
  expect(memoryFiles(undefined, [{ host: "::", port: 1935 }])).toBeUndefined();
});
