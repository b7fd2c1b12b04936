import { afterAll, expect, test } from "bun:test";
import { createDecipheriv } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../log.ts";
import { HlsDirectory, type HlsDirectoryOptions } from "./hls-directory.ts";
import { type HlsKeysOptions, toKeyNames } from "./hls-keys.ts";
import type { HlsWriter } from "./hls-writer.ts";

const root = mkdtempSync(join(tmpdir(), "naru-keys-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

function setUp(keys: Partial<HlsKeysOptions> = {}, changed: Partial<HlsDirectoryOptions> = {}) {
  const path = join(root, String(count++));
  const options: HlsDirectoryOptions = {
    directory: path,
    nested: false,
    baseUrl: "",
    segment: 3000,
    window: 12_000,
    naming: "sequential",
    namingGranularity: 0,
    event: false,
    continuous: true,
    cleanup: true,
    variants: [],
    keys: { url: "", segments: 0, ...keys },
    ...changed,
  };
  return { path, options, directory: new HlsDirectory(options, silentLog) };
}

async function play(writer: HlsWriter | undefined, segments: number): Promise<void> {
  for (let msn = 0; msn < segments; msn++) {
    writer?.write({ type: "open", msn, start: 0, wallclock: 0, discontinuity: false, init: undefined });
    const bytes = ["segment ", String(msn)].map((text) => new TextEncoder().encode(text));
    writer?.write({ type: "segment", msn, bytes, duration: 3, independent: true });
    await writer?.flush();
  }
}

/** What each listed segment decrypts to, by what the playlist says. */
function decrypted(path: string): readonly string[] {
  let [key, iv] = [Buffer.alloc(0), Buffer.alloc(0)];
  return readFileSync(join(path, "test.m3u8"), "utf8")
    .split("\n")
    .flatMap((line) => {
      const written = /^#EXT-X-KEY:METHOD=AES-128,URI="(.*)",IV=0x([0-9A-F]{32})$/.exec(line);
      if (written) {
        key = readFileSync(join(path, written[1] ?? ""));
        iv = Buffer.from(written[2] ?? "", "hex");
      }
      if (!line.endsWith(".ts")) return [];
      const decipher = createDecipheriv("aes-128-cbc", key, iv);
      return [Buffer.concat([decipher.update(readFileSync(join(path, line))), decipher.final()]).toString()];
    });
}

const keysIn = (path: string) =>
  readdirSync(path)
    .filter((name) => name.endsWith(".key"))
    .sort();
const segments = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `segment ${from + n}`);

test.each([
  [0, ["test-0.key"]],
  [1, ["test-0.key", "test-1.key", "test-2.key", "test-3.key"]],
  [3, ["test-0.key", "test-3.key"]],
])("a new key every %d segments", async (every, files) => {
  const { path, directory } = setUp({ segments: every });
  await play(directory.open("test"), 4);
  expect(keysIn(path)).toEqual(files);
  expect(decrypted(path)).toEqual(segments(0, 4));
  for (const name of readdirSync(path).filter((file) => file.endsWith(".ts"))) {
    expect(readFileSync(join(path, name), "latin1")).not.toContain("segment");
  }
});

test("a restart goes on with a key of its own, and what was listed keeps its", async () => {
  const { path, directory, options } = setUp();
  await play(directory.open("test"), 2);
  await play(new HlsDirectory(options, silentLog).open("test"), 2);
  expect(keysIn(path)).toEqual(["test-0.key", "test-2.key"]);
  expect(decrypted(path)).toEqual(["segment 0", "segment 1", "segment 0", "segment 1"]);
});

test("a key is kept while a segment needs it, however old, and then removed", async () => {
  const { path, directory } = setUp({ segments: 6 });
  const writer = directory.open("test");
  await play(writer, 12);
  for (const name of keysIn(path)) utimesSync(join(path, name), 0, 0);
  await directory.sweep();
  // Four are listed, and four more were lately: 4 to 11.
  expect(keysIn(path)).toEqual(["test-0.key", "test-6.key"]);
  await play(writer, 2);
  for (const name of keysIn(path)) utimesSync(join(path, name), 0, 0);
  await directory.sweep();
  expect(keysIn(path)).toEqual(["test-12.key", "test-6.key"]);
  expect(decrypted(path)).toEqual([...segments(10, 12), ...segments(0, 2)]);
});

test("a directory of their own is swept, too", async () => {
  const keys = join(root, "keys");
  const { path, directory } = setUp({ path: keys, url: "http://keys.test/" });
  const writer = directory.open("test");
  await play(writer, 1);
  expect(readFileSync(join(path, "test.m3u8"), "utf8")).toContain('URI="http://keys.test/test-0.key"');
  expect(keysIn(path)).toEqual([]);
  writer?.write({ type: "end" });
  await writer?.flush();
  await Bun.sleep(0);
  utimesSync(join(keys, "test-0.key"), 0, 0);
  await directory.sweep();
  expect(keysIn(keys)).toEqual([]);
});

test.each([
  [false, "", "/h/a b-3.key", "a%20b-3.key"],
  [false, "/k/", "/h/a b-3.key", "/k/a%20b-3.key"],
  [true, "", "/h/a b/3.key", "3.key"],
  [true, "/k/", "/h/a b/3.key", "/k/a%20b/3.key"],
])("names as nginx-rtmp's: nested %s, url %j", (nested, url, file, uri) => {
  const names = toKeyNames({ url, segments: 0 }, { directory: "/h", nested, name: "a b" });
  expect([names.file(3), names.uri(3)]).toEqual([file, uri]);
});
