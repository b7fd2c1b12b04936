import { afterAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RenditionEvent } from "../../hls/rendition.ts";
import type { Log } from "../../log.ts";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import { HlsDirectory, type HlsDirectoryOptions } from "./hls-directory.ts";
import type { HlsWriter } from "./hls-writer.ts";

const START = Date.UTC(2026, 0, 1);
const root = mkdtempSync(join(tmpdir(), "naru-hls-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

describe("HLS files", () => {
  test("are nginx-rtmp's, with times", async () => {
    const { path, directory } = setUp();
    await play(directory.open("test"), 4);
    expect(readdirSync(path).sort()).toEqual(["test-0.ts", "test-1.ts", "test-2.ts", "test-3.ts", "test.m3u8"]);
    expect(readFileSync(join(path, "test-2.ts"), "latin1")).toBe("segment 2, in two pieces");
    expect(lines(path)).toEqual([
      "#EXTM3U",
      "#EXT-X-VERSION:3",
      "#EXT-X-MEDIA-SEQUENCE:1",
      "#EXT-X-TARGETDURATION:3",
      "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:03.000Z",
      "#EXTINF:3.000,",
      "test-1.ts",
      "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:06.000Z",
      "#EXTINF:3.000,",
      "test-2.ts",
      "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:09.000Z",
      "#EXTINF:3.000,",
      "test-3.ts",
    ]);
  });

  test("are numbered from 0 whatever the rendition's sequence is", async () => {
    const { path, directory } = setUp();
    await play(directory.open("test"), 2, { firstMsn: 41_000 });
    expect(uris(path)).toEqual(["test-0.ts", "test-1.ts"]);
  });

  test.each([
    ["timestamp", 0, [0, 270_000, 540_000]],
    ["timestamp", 500_000, [0, 0, 500_000]],
    ["system", 0, [START, START + 3000, START + 6000]],
  ] as const)("can be numbered by %s, in multiples of %i", async (naming, namingGranularity, ids) => {
    const { path, directory } = setUp({ naming, namingGranularity });
    await play(directory.open("test"), 3);
    expect(uris(path)).toEqual(ids.map((id) => `test-${id}.ts`));
    for (const id of ids) expect(existsSync(join(path, `test-${id}.ts`))).toBe(true);
    // The next run goes on with them.
    const again = new HlsDirectory(
      { ...setUp({ naming, namingGranularity }).options, directory: path },
      recordingLog([]),
    );
    await play(again.open("test"), 1);
    expect(uris(path).slice(0, -1)).toEqual(ids.slice(1).map((id) => `test-${id}.ts`));
    expect(readFileSync(join(path, "test.m3u8"), "utf8")).toContain("#EXT-X-MEDIA-SEQUENCE:1\n");
  });

  test("can be nested, with a base URL", async () => {
    const { path, directory } = setUp({ nested: true, baseUrl: "http://cdn.test/x/" });
    await play(directory.open("test"), 2);
    expect(readdirSync(join(path, "test")).sort()).toEqual(["0.ts", "1.ts", "index.m3u8"]);
    expect(readFileSync(join(path, "test/index.m3u8"), "utf8")).toContain("\nhttp://cdn.test/x/1.ts\n");
  });

  test("a segment is complete before the playlist names it, and the playlist is never half there", async () => {
    const operations: string[] = [];
    const files: FileSystem = {
      ...nodeFileSystem,
      async writeFile(path, pieces) {
        operations.push(`write ${path.split("/").at(-1)}`);
        await nodeFileSystem.writeFile(path, pieces);
        operations.push("done");
      },
      async rename(from, to) {
        operations.push(`rename ${from.split("/").at(-1)} ${to.split("/").at(-1)}`);
        await nodeFileSystem.rename(from, to);
      },
    };
    const { directory } = setUp({}, files);
    await play(directory.open("test"), 1);
    const playlist = ["write test.m3u8.bak", "done", "rename test.m3u8.bak test.m3u8"];
    expect(operations).toEqual(["write test-0.ts", "done", ...playlist]);
  });

  test("continue after a restart, with a discontinuity", async () => {
    const { path, directory, options } = setUp();
    await play(directory.open("test"), 5);
    const again = new HlsDirectory(options, recordingLog([]));
    await play(again.open("test"), 2);
    expect(uris(path)).toEqual(["test-4.ts", "test-5.ts", "test-6.ts"]);
    expect(lines(path).filter((line) => line.includes("DISCONTINUITY"))).toEqual([
      "#EXT-X-DISCONTINUITY-SEQUENCE:0",
      "#EXT-X-DISCONTINUITY",
    ]);
    await play(again.open("test"), 3);
    expect(uris(path)).toEqual(["test-7.ts", "test-8.ts", "test-9.ts"]);
    expect(lines(path).filter((line) => line.includes("DISCONTINUITY"))).toEqual([
      "#EXT-X-DISCONTINUITY-SEQUENCE:1",
      "#EXT-X-DISCONTINUITY",
    ]);
  });

  test("continue without the segments that are gone, and keep the target duration", async () => {
    const { path, directory } = setUp();
    writeFileSync(join(path, "test-8.ts"), "old");
    writeFileSync(
      join(path, "test.m3u8"),
      "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\ntest-7.ts\n#EXTINF:9,\ntest-8.ts\n",
    );
    await play(directory.open("test"), 1);
    expect(uris(path)).toEqual(["test-8.ts", "test-9.ts"]);
    expect(lines(path)).toContain("#EXT-X-TARGETDURATION:9");
  });

  test("start over where that is asked for, or where the playlist is garbage", async () => {
    for (const continuous of [false, true]) {
      const { path, directory } = setUp({ continuous });
      writeFileSync(join(path, "test.m3u8"), continuous ? "\u0000garbage" : "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n");
      await play(directory.open("test"), 1);
      expect(uris(path)).toEqual(["test-0.ts"]);
      expect(lines(path)).not.toContain("#EXT-X-DISCONTINUITY");
    }
  });

  test("of a stream that is published again at once wait for the earlier ones", async () => {
    const { path, directory } = setUp({}, slowFileSystem(5));
    const first = directory.open("test");
    feed(first, 3);
    const second = directory.open("test");
    feed(second, 2);
    await Promise.all([first?.flush(), second?.flush()]);
    expect(uris(path)).toEqual(["test-2.ts", "test-3.ts", "test-4.ts"]);
  });

  test("of a rendition after the end go on, even when the old files are gone", async () => {
    const { path, directory } = setUp();
    const writer = directory.open("test");
    await play(writer, 2);
    for (const name of readdirSync(path)) touch(join(path, name), 999, true);
    await directory.sweep();
    expect(readdirSync(path)).toEqual([]);
    await play(writer, 2, { end: false });
    expect(uris(path)).toEqual(["test-2.ts", "test-3.ts"]);
    expect(lines(path)).toContain("#EXT-X-DISCONTINUITY");
    for (const name of readdirSync(path)) touch(join(path, name), 999, true);
    await directory.sweep();
    expect(readdirSync(path).sort()).toEqual(["test-2.ts", "test-3.ts", "test.m3u8"]);
  });

  test("a stream whose name is no file name has none, and a line in the log", async () => {
    const { path, directory, log } = setUp();
    for (const name of ["../evil", "a/b", "x".repeat(2000), "nul\u0000"]) expect(directory.open(name)).toBeUndefined();
    expect(readdirSync(join(path, ".."))).not.toContain("evil-0.ts");
    expect(log.length).toBe(4);
  });
});

describe("HLS files that cannot be written", () => {
  test("a full disk loses segments, is logged once, and is over when there is room", async () => {
    let full = false;
    const files: FileSystem = {
      ...nodeFileSystem,
      async writeFile(path, pieces) {
        if (full) await nodeFileSystem.writeFile(path, [Uint8Array.of(1)]);
        if (full) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        await nodeFileSystem.writeFile(path, pieces);
      },
    };
    const { path, directory, log } = setUp({}, files);
    const writer = directory.open("test");
    await play(writer, 2, { end: false });
    full = true;
    await play(writer, 3, { firstMsn: 2, end: false });
    expect(readdirSync(path).sort()).toEqual(["test-0.ts", "test-1.ts", "test.m3u8"]);
    full = false;
    await play(writer, 1, { firstMsn: 5 });
    expect(uris(path)).toEqual(["test-0.ts", "test-1.ts", "test-2.ts"]);
    expect(lines(path).indexOf("#EXT-X-DISCONTINUITY")).toBe(lines(path).length - 4);
    expect(readFileSync(join(path, "test-2.ts"), "latin1")).toBe("segment 5, in two pieces");
    expect(writer?.stats).toEqual({ written: 3, failed: 3, dropped: 0 });
    expect(log.map((line) => line.replace(path, ""))).toEqual([
      'error cannot write HLS files {"playlist":"/test.m3u8","reason":"ENOSPC"}',
      'info HLS files are written again {"playlist":"/test.m3u8","failed":3,"dropped":0}',
    ]);
  });

  test("a directory that somebody removes is made again", async () => {
    const { path, directory, log } = setUp();
    const writer = directory.open("test");
    await play(writer, 1, { end: false });
    rmSync(path, { recursive: true });
    await play(writer, 1, { firstMsn: 1 });
    expect(readdirSync(path).sort()).toEqual(["test-1.ts", "test.m3u8"]);
    expect(log).toEqual([]);
  });

  test("a directory that cannot be made is tried again with each segment", async () => {
    const { path, directory, log } = setUp();
    rmSync(path, { recursive: true });
    writeFileSync(path, "a file in its place");
    const writer = directory.open("test");
    await play(writer, 2, { end: false });
    expect(log.length).toBe(1);
    rmSync(path);
    await play(writer, 1, { firstMsn: 2 });
    expect(uris(path)).toEqual(["test-0.ts"]);
    expect(writer?.stats).toEqual({ written: 1, failed: 2, dropped: 0 });
  });

  test("a disk that hangs holds a few segments and no more", async () => {
    let release = () => {};
    const hung = new Promise<void>((resolve) => {
      release = resolve;
    });
    const files: FileSystem = {
      ...nodeFileSystem,
      async writeFile(path, pieces) {
        await hung;
        await nodeFileSystem.writeFile(path, pieces);
      },
    };
    const { path, directory, log } = setUp({ window: 60_000 }, files);
    const writer = directory.open("test");
    feed(writer, 20);
    await Bun.sleep(5);
    expect(writer?.stats.dropped).toBe(15);
    release();
    await writer?.flush();
    expect(writer?.stats).toEqual({ written: 5, failed: 0, dropped: 15 });
    expect(lines(path).filter((line) => line.startsWith("#EXT-X-DISCONTINUITY") || line.endsWith(".ts"))).toEqual([
      "#EXT-X-DISCONTINUITY-SEQUENCE:0",
      "test-0.ts",
      "#EXT-X-DISCONTINUITY",
      "test-1.ts",
      "test-2.ts",
      "test-3.ts",
      "test-4.ts",
    ]);
    expect(log.length).toBe(2);
  });

  const mounts = canMount();
  test.skipIf(!mounts)(
    `a disk that is really full${mounts ? "" : " [needs a run as root that may mount]"}`,
    async () => {
      const { path, directory, log } = setUp({ window: 60_000 });
      Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path]);
      try {
        const writer = directory.open("test");
        feed(writer, 5, { bytes: 300_000, end: false });
        await writer?.flush();
        expect(writer?.stats).toEqual({ written: 3, failed: 2, dropped: 0 });
        expect(uris(path)).toEqual(["test-0.ts", "test-1.ts", "test-2.ts"]);
        expect(existsSync(join(path, "test-3.ts"))).toBe(false);
        expect(log.length).toBe(1);
        rmSync(join(path, "test-0.ts"));
        feed(writer, 1, { bytes: 300_000, firstMsn: 5 });
        await writer?.flush();
        expect(statSync(join(path, "test-3.ts")).size).toBe(600_000 / 2);
        expect(uris(path).at(-1)).toBe("test-3.ts");
      } finally {
        Bun.spawnSync(["umount", path]);
      }
    },
  );
});

describe("old HLS files", () => {
  test("go: segments after two windows, playlists after one; nothing else is touched", async () => {
    const { path, directory } = setUp();
    const ages: [string, number][] = [
      ["gone-1.ts", 19],
      ["gone-2.ts", 17],
      ["gone.m3u8", 10],
      ["gone.m3u8.bak", 10],
      ["late.m3u8", 8],
      ["film.ts", 999],
      ["readme.txt", 999],
      ["gone-1.mp4", 999],
    ];
    for (const [name, age] of ages) touch(join(path, name), age);
    mkdirSync(join(path, "stream"));
    touch(join(path, "stream", "1.ts"), 999);
    await directory.sweep();
    expect(readdirSync(path).sort()).toEqual([
      "film.ts",
      "gone-1.mp4",
      "gone-2.ts",
      "late.m3u8",
      "readme.txt",
      "stream",
    ]);
    expect(existsSync(join(path, "stream", "1.ts"))).toBe(true);
  });

  test("of a live stream stay while they are listed, and a while after", async () => {
    const { path, directory } = setUp();
    const writer = directory.open("test");
    await play(writer, 9, { end: false });
    for (const name of readdirSync(path)) touch(join(path, name), 999, true);
    await directory.sweep();
    expect(readdirSync(path).sort()).toEqual([
      "test-3.ts",
      "test-4.ts",
      "test-5.ts",
      "test-6.ts",
      "test-7.ts",
      "test-8.ts",
      "test.m3u8",
    ]);
    writer?.write({ type: "end" });
    await Bun.sleep(1);
    await directory.sweep();
    expect(readdirSync(path)).toEqual([]);
  });

  test("nested: go with their directory", async () => {
    const { path, directory } = setUp({ nested: true });
    for (const name of ["ended", "mixed"]) {
      mkdirSync(join(path, name));
      touch(join(path, name, "7.ts"), 999);
      touch(join(path, name, "index.m3u8"), 999);
    }
    touch(join(path, "mixed", "poster.jpg"), 999);
    touch(join(path, "flat-1.ts"), 999);
    await directory.sweep();
    expect(readdirSync(path).sort()).toEqual(["flat-1.ts", "mixed"]);
    expect(readdirSync(join(path, "mixed"))).toEqual(["poster.jpg"]);
  });

  test("a directory that is not there, or cannot be read, is no fault", async () => {
    const { path, directory, log } = setUp();
    rmSync(path, { recursive: true });
    await directory.sweep();
    expect(log).toEqual([]);
    writeFileSync(path, "");
    await directory.sweep();
    await directory.sweep();
    expect(log.length).toBe(1);
  });
});

describe("streams that are qualities of another", () => {
  const variants = [
    { suffix: "_low", attributes: ["BANDWIDTH=160000", 'CODECS="avc1.42c01e"'] },
    { suffix: "_hi", attributes: ["BANDWIDTH=2000000"] },
  ];

  test.each([
    [false, "http://cdn/a_low.m3u8", "http://cdn/a_hi.m3u8"],
    [true, "http://cdn/a_low/index.m3u8", "http://cdn/a_hi/index.m3u8"],
  ])("have a playlist of all of them, as long as one is live (nested: %p)", async (nested, low, high) => {
    const { path, directory } = setUp({ nested, variants, baseUrl: "http://cdn/" });
    const writer = directory.open("a_hi");
    await play(writer, 2, { end: false });
    const playlist = join(path, "a.m3u8");
    await directory.close();
    expect(readFileSync(playlist, "utf8").trimEnd().split("\n").slice(2)).toEqual([
      '#EXT-X-STREAM-INF:BANDWIDTH=160000,CODECS="avc1.42c01e"',
      low,
      "#EXT-X-STREAM-INF:BANDWIDTH=2000000",
      high,
    ]);
    touch(playlist, 999, true);
    await directory.sweep();
    expect(existsSync(playlist)).toBe(true);
  });

  test("others have none", async () => {
    const { path, directory } = setUp({ variants });
    for (const name of ["a", "_hi", "a_mid"]) await play(directory.open(name), 1);
    await directory.close();
    expect(
      readdirSync(path)
        .filter((name) => name.endsWith(".m3u8"))
        .sort(),
    ).toEqual(["_hi.m3u8", "a.m3u8", "a_mid.m3u8"]);
  });
});

function setUp(changed: Partial<HlsDirectoryOptions> = {}, files: FileSystem = nodeFileSystem) {
  const path = join(root, String(count++));
  mkdirSync(path);
  const log: string[] = [];
  const options: HlsDirectoryOptions = {
    directory: path,
    nested: false,
    baseUrl: "",
    segment: 3000,
    window: 9000,
    naming: "sequential",
    namingGranularity: 0,
    event: false,
    continuous: true,
    cleanup: true,
    variants: [],
    ...changed,
  };
  return { path, log, options, directory: new HlsDirectory(options, recordingLog(log), files) };
}

type Feed = { firstMsn?: number; end?: boolean; bytes?: number };

/** One segment after the other, each written before the next comes. */
async function play(
  writer: HlsWriter | undefined,
  segments: number,
  { firstMsn = 0, end = true }: Feed = {},
): Promise<void> {
  for (let n = 0; n < segments; n++) {
    feed(writer, 1, { firstMsn: firstMsn + n, end: false });
    await writer?.flush();
  }
  if (end) writer?.write({ type: "end" });
}

function feed(
  writer: HlsWriter | undefined,
  segments: number,
  { firstMsn = 0, end = true, bytes = 0 }: Feed = {},
): void {
  for (let msn = firstMsn; msn < firstMsn + segments; msn++) {
    const events: RenditionEvent[] = [
      { type: "open", msn, start: msn * 270_000, wallclock: START + msn * 3000, discontinuity: false, init: undefined },
      { type: "segment", msn, bytes: content(msn, bytes), duration: 3, independent: true },
    ];
    for (const event of events) writer?.write(event);
  }
  if (end) writer?.write({ type: "end" });
}

function content(msn: number, bytes: number): Uint8Array[] {
  if (bytes > 0) return [new Uint8Array(bytes / 2), new Uint8Array(bytes / 2)];
  return [`segment ${msn},`, " in two pieces"].map((text) => new TextEncoder().encode(text));
}

function lines(path: string): string[] {
  return readFileSync(join(path, "test.m3u8"), "utf8").trimEnd().split("\n");
}

function uris(path: string): string[] {
  return lines(path).filter((line) => !line.startsWith("#"));
}

function touch(file: string, ageSeconds: number, there = false): void {
  if (!there) writeFileSync(file, "");
  const time = Date.now() / 1000 - ageSeconds;
  utimesSync(file, time, time);
}

function slowFileSystem(ms: number): FileSystem {
  return {
    ...nodeFileSystem,
    async writeFile(path, pieces) {
      await Bun.sleep(ms);
      await nodeFileSystem.writeFile(path, pieces);
    },
  };
}

function recordingLog(lines: string[]): Log {
  const at = (level: string) => (message: string, fields?: object) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function canMount(): boolean {
  const path = join(root, "probe");
  mkdirSync(path, { recursive: true });
  if (!Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", path]).success) return false;
  return Bun.spawnSync(["umount", path]).success;
}
