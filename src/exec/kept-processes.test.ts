import { beforeEach, describe, expect, test } from "bun:test";
import { createLog } from "../log.ts";
import type { Session } from "../streams/sessions.ts";
import { type RunConfig, runSchema, type StreamRunConfig, streamRunSchema } from "./config.ts";
import { END_PATIENCE } from "./kept-process.ts";
import { KeptProcesses, MAX_PROCESSES } from "./kept-processes.ts";
import type { RunExit, RunOptions } from "./run.ts";

type Fake = { readonly options: RunOptions; readonly signals: string[]; end(exit?: Partial<RunExit>): void };

let now = 0;
let started: Fake[] = [];
let lines: string[] = [];
let ofStream: readonly StreamRunConfig[] = [];
let ofServer: readonly RunConfig[] = [];
let kept: KeptProcesses;

beforeEach(() => {
  now = 0;
  started = [];
  lines = [];
  ofStream = [];
  ofServer = [];
  kept = new KeptProcesses({
    now: () => now,
    log: createLog(
      "info",
      (line) => lines.push(line.slice(25).trimEnd()),
      () => new Date(0),
    ),
    ofStream: () => ofStream,
    ofServer: () => ofServer,
    launch: (options, onExit) => {
      const signals: string[] = [];
      const end = (exit: Partial<RunExit> = {}) =>
        onExit({ code: 1, signal: undefined, lastLine: "", reason: "ended with exit code 1", ...exit });
      started.push({ options, signals, end });
      return { pid: 100 + started.length, kill: (signal) => void signals.push(signal) };
    },
  });
});

const published = (settings: object = {}) =>
  streamRunSchema.parse({ when: "published", command: ["ffmpeg", "$name"], ...settings });
const played = (settings: object = {}) =>
  streamRunSchema.parse({ when: "played", command: ["ffmpeg", "$name"], ...settings });

let lastId = 0;
function session(kind: Session["kind"], name = "test"): Session {
  const id = ++lastId;
  return {
    client: {
      id,
      protocol: "rtmp",
      address: `10.0.0.${id}`,
      remote: "",
      port: 1935,
      connectedAt: 0,
      app: "live",
      flashVer: "F",
      swfUrl: "S",
      tcUrl: "T",
      pageUrl: "P",
    },
    kind,
    target: { path: `live/${name}`, app: "live", name, query: "a=b&c=d", args: "c=d" },
    since: 0,
    stats: () => ({ bytesIn: 0, bytesOut: 0, dropped: 0, timestamp: 0, avSync: 0 }),
    drop: () => {},
    redirect: () => {},
  };
}

function pass(ms: number): void {
  now += ms;
  kept.tick(now);
}

describe("while a stream is published", () => {
  test("it runs, knows the publisher, and ends with it", () => {
    ofStream = [published()];
    const encoder = session("publish");
    kept.began(encoder);
    expect(started.map(({ options }) => options.variables)).toEqual([
      {
        app: "live",
        name: "test",
        args: "c=d",
        addr: encoder.client.address,
        flashver: "F",
        swfurl: "S",
        tcurl: "T",
        pageurl: "P",
      },
    ]);
    kept.ended(encoder);
    expect(started[0]?.signals).toEqual(["SIGTERM"]);
    expect(kept.isEmpty).toBe(false);
    started[0]?.end({ signal: "SIGTERM", code: undefined });
    expect(kept.isEmpty).toBe(true);
    pass(60_000);
    expect(started).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  test("a second encoder of the same stream changes nothing", () => {
    ofStream = [published()];
    const [first, second] = [session("publish"), session("publish")];
    kept.began(first);
    kept.began(second);
    kept.ended(first);
    expect(started.map(({ signals }) => signals)).toEqual([[]]);
    kept.ended(second);
    expect(started.map(({ signals }) => signals)).toEqual([["SIGTERM"]]);
  });

  test("players do not matter, nor do other streams where names are given", () => {
    ofStream = [published({ streams: ["a", "b"] })];
    kept.began(session("play", "a"));
    kept.began(session("publish", "c"));
    expect(started).toHaveLength(0);
    kept.began(session("publish", "b"));
    expect(started).toHaveLength(1);
  });

  test("one that does not end when asked is ended by force", () => {
    ofStream = [published({ killSignal: "SIGINT" })];
    const encoder = session("publish");
    kept.began(encoder);
    kept.ended(encoder);
    pass(END_PATIENCE - 1);
    expect(started[0]?.signals).toEqual(["SIGINT"]);
    pass(1);
    expect(started[0]?.signals).toEqual(["SIGINT", "SIGKILL"]);
  });

  test("an encoder that is back at once has a process of its own", () => {
    ofStream = [published()];
    const first = session("publish");
    kept.began(first);
    kept.ended(first);
    kept.began(session("publish"));
    expect(started).toHaveLength(2);
    started[0]?.end();
    pass(60_000);
    expect(started).toHaveLength(2);
  });
});

describe("one that ends by itself", () => {
  test("is started again after the delay, and said so once for each reason", () => {
    ofStream = [published({ respawnDelay: "3s" })];
    kept.began(session("publish"));
    for (let time = 1; time <= 3; time++) {
      started.at(-1)?.end({ lastLine: "no such file" });
      pass(2999);
      expect(started).toHaveLength(time);
      pass(1);
      expect(started).toHaveLength(time + 1);
    }
    started.at(-1)?.end({ code: undefined, reason: "could not be started: ffmpeg was not found" });
    expect(lines).toEqual([
      'WARN  process started again soon program=ffmpeg path=live/test reason="ended with exit code 1: no such file"',
      'WARN  process started again soon program=ffmpeg path=live/test reason="could not be started: ffmpeg was not found"',
    ]);
  });

  test("is not started again when the stream has ended meanwhile", () => {
    ofStream = [published()];
    const encoder = session("publish");
    kept.began(encoder);
    started[0]?.end();
    kept.ended(encoder);
    pass(60_000);
    expect(started).toHaveLength(1);
    expect(kept.isEmpty).toBe(true);
  });

  test("stays away without respawn", () => {
    ofStream = [published({ respawn: false })];
    kept.began(session("publish"));
    started[0]?.end({ code: 0 });
    pass(60_000);
    expect(started).toHaveLength(1);
    expect(lines).toEqual(["INFO  process ended program=ffmpeg path=live/test"]);
  });
});

test("while a stream is played: from the first player to the last, who need not be the same", () => {
  ofStream = [played()];
  const [first, second] = [session("play"), session("play")];
  kept.began(first);
  kept.began(second);
  expect(started.map(({ options }) => options.variables)).toEqual([{ app: "live", name: "test" }]);
  kept.ended(first);
  expect(started[0]?.signals).toEqual([]);
  kept.ended(second);
  expect(started[0]?.signals).toEqual(["SIGTERM"]);
});

describe("with the server", () => {
  test("it runs without variables, the same command as often as it is written", () => {
    const same = runSchema.parse({ command: ["sleep", "$name"] });
    ofServer = [same, same];
    kept.start();
    kept.start();
    expect(started.map(({ options }) => options.variables)).toEqual([undefined, undefined]);
    kept.close();
    for (const process of started) process.end();
    expect(started.map(({ signals }) => signals)).toEqual([["SIGTERM"], ["SIGTERM"]]);
    expect(kept.isEmpty).toBe(true);
  });

  test("a change of the configuration concerns only what has changed", () => {
    ofServer = [runSchema.parse({ command: ["a"] }), runSchema.parse({ command: ["b"] })];
    ofStream = [published()];
    kept.start();
    kept.began(session("publish"));
    ofServer = [runSchema.parse({ command: ["b"] }), runSchema.parse({ command: ["c"] })];
    ofStream = [published(), published({ command: ["d"] })];
    kept.start();
    expect(started.map(({ options, signals }) => [options.command[0], signals])).toEqual([
      ["a", ["SIGTERM"]],
      ["b", []],
      ["ffmpeg", []],
      ["c", []],
      ["d", []],
    ]);
  });
});

test("the number of processes is bounded; one too many is tried again later", () => {
  ofStream = [published({ respawnDelay: "1s" })];
  const first = session("publish", "0");
  kept.began(first);
  for (let n = 1; n <= MAX_PROCESSES; n++) kept.began(session("publish", String(n)));
  expect(started).toHaveLength(MAX_PROCESSES);
  expect(lines.at(-1)).toContain("there are too many processes");
  kept.ended(first);
  started[0]?.end();
  pass(1000);
  expect(started).toHaveLength(MAX_PROCESSES + 1);
});
