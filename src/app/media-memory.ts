import { createHash } from "node:crypto";
import { readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { HlsConfig } from "../hls/config.ts";
import type { RenditionMemory } from "../hls/rendition-memory.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import { MediaJournal } from "./media-journal.ts";
import { decodeSegmentFile, type SegmentFile } from "./segment-file.ts";
import { settingsOf } from "./stream-memory.ts";

/** `0f3c...-17.segment`: the stream, then the segment's number. */
const NAME = /^([0-9a-f]{32})-(\d{1,15})\.segment$/;

/**
 * Keeps the latest media of all streams in a directory, and gives a stream back as an earlier process left it: so players
 * find the segments that they have, and the next one.
 */
export class MediaMemory {
  readonly #directory: string;
  readonly #log: Log;
  readonly #found = new Map<string, readonly SegmentFile[]>();
  /** Those that have files. */
  readonly #journals = new Set<MediaJournal>();
  #failing: string | undefined;

  constructor(directory: string, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /**
   * Reads what an earlier process has left, and removes what is of no use.
   * @param configOf of a stream, where it may still be gone on with
   * @returns paths of the streams that can be gone on with
   */
  async load(configOf: (path: string) => HlsConfig | undefined, wallclock: Millis): Promise<readonly string[]> {
    const names = await readdir(this.#directory).catch(() => []);
    const streams = Map.groupBy(
      names.filter((name) => NAME.test(name)),
      (name) => name.slice(0, name.indexOf("-")),
    );
    const loaded = await Promise.all(
      [...streams.values()].map((files) => this.#loadStream(files, configOf, wallclock)),
    );
    return loaded.flatMap((path) => path ?? []);
  }

  /** What can be gone on with at this path; only once. */
  resume(path: string): RenditionMemory | undefined {
    const files = this.#found.get(path);
    return files && toMemory(files);
  }

  /** Keeps the media of a stream from now on; behind that which was gone on with. */
  open(path: string, config: HlsConfig): MediaJournal {
    const kept = this.#found.get(path) ?? [];
    this.#found.delete(path);
    const journal = new MediaJournal({
      path,
      settings: settingsOf(config),
      fileOf: (msn) => this.#fileOf(path, msn),
      kept,
      onFailure: (reason) => this.#fail(reason),
      onLive: (live) => {
        if (live) this.#journals.add(journal);
        else this.#journals.delete(journal);
      },
    });
    if (kept.length > 0) this.#journals.add(journal);
    return journal;
  }

  /** Keeps nothing any more: what comes now is the end of the process. */
  async close(): Promise<void> {
    await Promise.all([...this.#journals].map((journal) => journal.close()));
  }

  async #loadStream(
    names: readonly string[],
    configOf: (path: string) => HlsConfig | undefined,
    wallclock: Millis,
  ): Promise<string | undefined> {
    const read = await Promise.all(names.map((name) => this.#read(name)));
    const files = lastInARow(read.flatMap((file) => file ?? []));
    const path = files.at(-1)?.start.path;
    const config = path === undefined ? undefined : configOf(path);
    const isOfUse =
      path !== undefined &&
      config !== undefined &&
      files.every(({ start }) => start.settings === settingsOf(config)) &&
      wallclock - endOf(files) < config.grace;
    const kept = isOfUse ? files : [];
    const keptNames = new Set(kept.map(({ start, msn }) => this.#fileOf(start.path, msn)));
    const useless = names.map((name) => join(this.#directory, name)).filter((name) => !keptNames.has(name));
    for (const name of useless) await unlink(name).catch(() => {});
    if (!isOfUse) return undefined;
    this.#found.set(path, kept);
    return path;
  }

  async #read(name: string): Promise<SegmentFile | undefined> {
    const bytes = await readFile(join(this.#directory, name)).catch(() => undefined);
    return bytes && decodeSegmentFile(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  #fileOf(path: string, msn: number): string {
    const stream = createHash("sha256").update(path).digest("hex").slice(0, 32);
    return join(this.#directory, `${stream}-${msn}.segment`);
  }

  #fail(reason: string): void {
    if (this.#failing === reason) return;
    this.#failing = reason;
    this.#log.warn("the latest media is not kept over a restart", { directory: this.#directory, reason });
  }
}

/** The latest segments that follow each other, all but the last one complete, with something to go on from. */
function lastInARow(files: readonly SegmentFile[]): readonly SegmentFile[] {
  const sorted = [...files].sort((a, b) => a.msn - b.msn);
  const kept: SegmentFile[] = [];
  for (let file = sorted.pop(); file; file = sorted.pop()) {
    const [next] = kept;
    if (next && (file.msn !== next.msn - 1 || !file.isComplete)) break;
    kept.unshift(file);
  }
  return kept.at(-1)?.position ? kept : [];
}

/** Wall clock of the end of the media. */
function endOf(files: readonly SegmentFile[]): Millis {
  let start = 0;
  let seconds = 0;
  for (const event of files.at(-1)?.events ?? []) {
    if (event.type === "open") start = event.wallclock;
    else if (event.type === "part") seconds += event.duration;
    else if (event.type === "segment") seconds = event.duration;
  }
  return start + seconds * 1000;
}

function toMemory(files: readonly SegmentFile[]): RenditionMemory | undefined {
  const [first] = files;
  const last = files.at(-1);
  if (!first || !last?.position) return undefined;
  let init: number | undefined;
  const events = files.flatMap(({ start, events }) => {
    if (!start.init || start.init.init === init) return events;
    init = start.init.init;
    return [start.init, ...events];
  });
  const { tracks, packets, discontinuitySequence } = last.start;
  const { announced, position } = last;
  return {
    events,
    discontinuitySequence: first.start.discontinuitySequence,
    state: { tracks, packets, discontinuitySequence, announced, position },
  };
}
