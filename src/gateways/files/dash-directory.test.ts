import { expect, test } from "bun:test";
import { synthesize } from "../../../test/hls/synthetic.ts";
import { hlsSchema } from "../../hls/config.ts";
import { EPOCH } from "../../hls/names.ts";
import { HlsOutput } from "../../hls/output.ts";
import { silentLog } from "../../log.ts";
import { DashDirectory, type DashDirectoryOptions } from "./dash-directory.ts";
import type { FileSystem } from "./file-system.ts";

const START = EPOCH + 50_000_000_000;

/** Files and when they were written, in memory. */
class MemoryFiles implements FileSystem {
  readonly files = new Map<string, { readonly bytes: Uint8Array; readonly at: number }>();
  readonly directories = new Set<string>();
  readonly renamed: string[] = [];
  broken: string | undefined;

  constructor(private readonly now: () => number) {}

  async makeDirectory(path: string): Promise<void> {
    this.directories.add(path);
  }
  async writeFile(path: string, pieces: readonly Uint8Array[]): Promise<void> {
    if (!this.directories.has(parentOf(path))) throw failure("ENOENT");
    if (this.broken !== undefined) throw failure(this.broken);
    this.files.set(path, { bytes: Buffer.concat(pieces), at: this.now() });
  }
  async rename(from: string, to: string): Promise<void> {
    const file = this.files.get(from);
    if (!file) throw failure("ENOENT");
    this.files.delete(from);
    this.files.set(to, file);
    this.renamed.push(`${from} > ${to}`);
  }
  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(this.files.get(path)?.bytes);
  }
  async exists(path: string): Promise<boolean> {
    return this.files.has(path);
  }
  async modifiedAt(path: string): Promise<number> {
    const file = this.files.get(path);
    if (!file) throw failure("ENOENT");
    return file.at;
  }
  async list(directory: string) {
    const files = [...this.files.keys()].filter((path) => parentOf(path) === directory);
    const below = [...this.directories].filter((path) => parentOf(path) === directory);
    const named = (isDirectory: boolean) => (path: string) => ({ name: path.slice(directory.length + 1), isDirectory });
    return [...files.map(named(false)), ...below.map(named(true))];
  }
  async removeFile(path: string): Promise<void> {
    if (!this.files.delete(path)) throw failure("ENOENT");
  }
  async removeDirectory(path: string): Promise<void> {
    this.directories.delete(path);
  }
}

const parentOf = (path: string) => path.slice(0, path.lastIndexOf("/"));
const failure = (code: string) => Object.assign(new Error(code), { code });

function stage(more: Partial<DashDirectoryOptions> = {}) {
  let now = 0;
  const wallclock = () => START + now;
  const files = new MemoryFiles(wallclock);
  const lines: string[] = [];
  const log = {
    ...silentLog,
    error: (message: string) => lines.push(message),
    info: (message: string) => lines.push(message),
  };
  const options = { directory: "/dash", nested: false, cleanup: true, window: 10_000, ...more };
  const directory = new DashDirectory(options, log, files, wallclock);
  const writer = directory.open("test", { epoch: EPOCH, windowMs: options.window, clock: "none" });
  const config = { separateAudio: true, standIn: false, grace: 0, window: "10s" };
  const output = new HlsOutput({
    path: "live/test",
    config: hlsSchema.parse(config),
    firstMsn: 100,
    wallclockAt: (at) => START + at,
  });
  const play = async (from: number, to: number) => {
    for (const { at, event } of synthesize({ seconds: to, fps: 30, gop: 60, audio: true })) {
      if (at < from * 1000 || (at === 0 && from > 0)) continue;
      now = at;
      output.write(event, now);
      writer?.update(output, wallclock());
      await writer?.flush();
    }
  };
  const names = (ending: string) => [...files.files.keys()].filter((path) => path.endsWith(ending));
  const manifest = (path = "/dash/test.mpd") => new TextDecoder().decode(files.files.get(path)?.bytes);
  return {
    directory,
    files,
    lines,
    play,
    names,
    manifest,
    later: (seconds: number) => (now += seconds * 1000),
    writer,
  };
}

/** The files that a manifest lists, in its order. */
function listed(manifest: string): string[] {
  return [...manifest.matchAll(/<SegmentTemplate [^>]*>.*?<\/SegmentTemplate>/gs)].flatMap(([text]) => {
    const value = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? "";
    const found = [value("initialization")];
    let time = 0;
    for (const [, t, d, r] of text.matchAll(/<S(?: t="(\d+)")? d="(\d+)"(?: r="(\d+)")?\/>/g)) {
      if (t !== undefined) time = Number(t);
      for (let n = 0; n <= Number(r ?? 0); n++, time += Number(d)) {
        found.push(value("media").replace("$Time$", String(time)));
      }
    }
    return found;
  });
}

test.each([
  [false, "/dash/test.mpd", "/dash"],
  [true, "/dash/test/index.mpd", "/dash/test"],
])("all that the manifest lists is there, complete segments only (nested: %p)", async (nested, path, below) => {
  const { files, play, manifest } = stage({ nested });
  await play(0, 15);
  const text = manifest(path);
  const names = listed(text);
  expect(names.length).toBeGreaterThan(8);
  for (const name of names) expect(files.files.has(`${below}/${name}`)).toBe(true);
  expect(text).not.toContain("availabilityTimeOffset");
  expect(text).not.toContain("UTCTiming");
  expect(new Set(files.renamed)).toEqual(new Set([`${path}.bak > ${path}`]));
});

test("what left the manifest is kept as long again, and removed then", async () => {
  const { play, names, manifest } = stage();
  await play(0, 60);
  const video = listed(manifest()).filter((name) => /\d\.m4v$/.test(name));
  expect(names(".m4v").length - 1).toBeGreaterThan(video.length);
  expect(names(".m4v").length - 1).toBeLessThanOrEqual(2 * video.length + 2);
  expect(names(".m4v")).toContain("/dash/test-init.m4v");
});

test("a directory that somebody removes is made again; a full disk is told of once, and when it is over", async () => {
  const { files, lines, play, names, manifest } = stage();
  await play(0, 6);
  files.directories.clear();
  await play(6, 9);
  expect(files.directories.has("/dash")).toBe(true);
  files.broken = "ENOSPC";
  const before = manifest();
  await play(9, 15);
  expect(manifest()).toBe(before);
  expect(lines).toEqual(["cannot write DASH files"]);
  files.broken = undefined;
  await play(15, 18);
  expect(lines).toEqual(["cannot write DASH files", "DASH files are written again"]);
  for (const name of listed(manifest())) expect(names(name)).toHaveLength(1);
});

test("of an earlier run only what could be a stream's is removed, when it is old", async () => {
  const { directory, files, play, manifest, later, names } = stage();
  files.directories.add("/dash");
  for (const name of ["old-1234.m4v", "old-init.m4a", "old.mpd", "holiday.m4v", "notes.txt"]) {
    await files.writeFile(`/dash/${name}`, []);
  }
  await directory.sweep();
  expect(files.files.size).toBe(5);
  later(25);
  await directory.sweep();
  expect([...files.files.keys()]).toEqual(["/dash/holiday.m4v", "/dash/notes.txt"]);
  await play(0, 10);
  later(100);
  await directory.sweep();
  for (const name of listed(manifest())) expect(names(name)).toHaveLength(1);
});

test("a stream that is gone grows old; nobody's files are removed without cleanup", async () => {
  for (const cleanup of [true, false]) {
    const { directory, files, play, later, writer } = stage({ cleanup });
    await play(0, 10);
    if (writer) directory.release("test", writer);
    later(25);
    if (cleanup) await directory.sweep();
    else directory.start();
    expect(files.files.size === 0).toBe(cleanup);
  }
});

test("a name that is no file's has no files", () => {
  const { directory } = stage();
  for (const name of ["../up", "a/b", ".."]) {
    expect(directory.open(name, { epoch: EPOCH, windowMs: 1000 })).toBeUndefined();
  }
});
