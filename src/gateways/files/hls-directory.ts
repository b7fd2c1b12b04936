import { join } from "node:path";
import type { Log } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import { errorCode, type FileSystem, nodeFileSystem } from "./file-system.ts";
import { HlsWriter, type HlsWriterOptions } from "./hls-writer.ts";
import { type HlsVariant, toVariantPlaylist } from "./variant-playlist.ts";

export type HlsDirectoryOptions = Omit<HlsWriterOptions, "name" | "after"> & {
  /** Remove old files. */
  readonly cleanup: boolean;
  /** Names of streams that are qualities of others. */
  readonly variants: readonly HlsVariant[];
};

/** How often old files are looked for. */
const MIN_SWEEP_INTERVAL: Millis = 5000;
const MAX_SWEEP_INTERVAL: Millis = 60_000;

/**
 * A directory of HLS files (nginx-rtmp's `hls_path`): hands out a writer for each stream, and removes what is old, as nginx's
 * cache manager does: segments twice the window after they were written, playlists once the window after. Files of streams
 * that are live and listed stay, however old. Only names that could be a stream's are touched. One object per directory.
 */
export class HlsDirectory {
  /** Those that are live or still have something to write, by name. */
  readonly #writers = new Map<string, HlsWriter>();
  #timer: ReturnType<typeof setInterval> | undefined;
  /** One after the other: several streams write the same one. */
  #variantsWritten: Promise<void> = Promise.resolve();
  #sweeping: Promise<void> | undefined;
  #failing: string | undefined;

  constructor(
    private readonly options: HlsDirectoryOptions,
    private readonly log: Log,
    private readonly files: FileSystem = nodeFileSystem,
    private readonly wallclock: () => Millis = Date.now,
  ) {}

  /** Begins to remove old files, also those that an earlier run has left. */
  start(): void {
    if (!this.options.cleanup || this.#timer) return;
    const interval = Math.min(Math.max(this.options.window / 2, MIN_SWEEP_INTERVAL), MAX_SWEEP_INTERVAL);
    this.#timer = setInterval(() => void this.sweep(), interval);
    this.#timer.unref();
    void this.sweep();
  }

  /**
   * The writer of a stream, to be given its rendition events. Undefined for a name that cannot be a file's.
   * @param name the stream's name below its application
   */
  open(name: string): HlsWriter | undefined {
    const after = this.#writers.get(name)?.flush();
    const writer = HlsWriter.create({ ...this.options, name, after }, this.files, this.log, (live) => {
      if (!writer) return;
      if (live) {
        this.#writers.set(name, writer);
        this.#variantsWritten = this.#variantsWritten.then(() => this.#writeVariants(name));
      } else void this.#forget(name, writer);
    });
    return writer;
  }

  /** Writes out what waits, and stops removing files. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await Promise.all([...this.#writers.values()].map((writer) => writer.flush()));
    await this.#variantsWritten;
    await this.#sweeping;
  }

  /** Removes old files now. Never throws. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepAll().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #writeVariants(name: string): Promise<void> {
    const playlist = toVariantPlaylist(name, this.options);
    if (!playlist) return;
    const { path, unfinished, text } = playlist;
    try {
      await this.files.makeDirectory(this.options.directory);
      await this.files.writeFile(unfinished, [new TextEncoder().encode(text)]);
      await this.files.rename(unfinished, path);
    } catch (error) {
      this.log.warn("cannot write the playlist of the variants", { file: path, reason: errorCode(error) });
    }
  }

  async #forget(name: string, writer: HlsWriter): Promise<void> {
    await writer.flush();
    if (!writer.live && this.#writers.get(name) === writer) this.#writers.delete(name);
  }

  async #sweepAll(): Promise<void> {
    const { directory } = this.options;
    const kept = new Set([...this.#writers.values()].flatMap((writer) => writer.kept()));
    for (const name of this.#writers.keys()) {
      const variants = toVariantPlaylist(name, this.options);
      if (variants) kept.add(variants.path);
    }
    const keys = this.options.keys?.path;
    try {
      await this.#sweepDirectory(directory, kept);
      if (keys !== undefined && keys !== directory) await this.#sweepDirectory(keys, kept);
      this.#failing = undefined;
    } catch (error) {
      const reason = errorCode(error);
      // Nobody has published yet, or somebody tidied up.
      if (reason === "ENOENT" || reason === this.#failing) return;
      this.#failing = reason;
      this.log.warn("cannot remove old HLS files", { directory, reason });
    }
  }

  async #sweepDirectory(directory: string, kept: ReadonlySet<string>): Promise<void> {
    const { nested } = this.options;
    for (const { name, isDirectory } of await this.files.list(directory)) {
      if (isDirectory === nested)
        await (nested ? this.#sweepStream(join(directory, name), kept) : this.#sweepFile(directory, name, kept));
    }
  }

  async #sweepStream(directory: string, kept: ReadonlySet<string>): Promise<void> {
    const entries = await this.files.list(directory);
    let removed = 0;
    for (const { name } of entries) if (await this.#sweepFile(directory, name, kept)) removed++;
    if (removed > 0 && removed === entries.length) await this.files.removeDirectory(directory).catch(() => {});
  }

  /** True when it was removed. */
  async #sweepFile(directory: string, name: string, kept: ReadonlySet<string>): Promise<boolean> {
    const age = this.#maxAge(name);
    const path = join(directory, name);
    if (age === undefined || kept.has(path)) return false;
    try {
      if (this.wallclock() - (await this.files.modifiedAt(path)) <= age) return false;
      await this.files.removeFile(path);
      return true;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return true;
      throw error;
    }
  }

  #maxAge(name: string): Millis | undefined {
    const { nested, window } = this.options;
    if ((nested ? /^\d+\.(ts|key)$/ : /-\d+\.(ts|key)$/).test(name)) return 2 * window;
    if ((nested ? /^index\.m3u8(\.bak)?$/ : /\.m3u8(\.bak)?$/).test(name)) return window;
    return undefined;
  }
}
