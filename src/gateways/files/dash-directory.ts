import { join } from "node:path";
import type { ManifestOptions } from "../../dash/manifest.ts";
import type { Log } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import { isDashFile, toDashNames } from "./dash-names.ts";
import { DashWriter } from "./dash-writer.ts";
import { errorCode, type FileSystem, nodeFileSystem } from "./file-system.ts";

export type DashDirectoryOptions = {
  readonly directory: string;
  readonly nested: boolean;
  /** Remove old files. */
  readonly cleanup: boolean;
  /** How much of the past manifests list. */
  readonly window: Millis;
};

const MIN_SWEEP_INTERVAL: Millis = 5000;
const MAX_SWEEP_INTERVAL: Millis = 60_000;

/**
 * A directory of DASH files (nginx-rtmp's `dash_path`). Files that no stream lists are removed when they are twice as old as the
 * window is long, also those that an earlier run has left. Only names that could be a stream's are touched.
 */
export class DashDirectory {
  readonly #writers = new Map<string, DashWriter>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #failing: string | undefined;

  constructor(
    private readonly options: DashDirectoryOptions,
    private readonly log: Log,
    private readonly files: FileSystem = nodeFileSystem,
    private readonly wallclock: () => Millis = Date.now,
  ) {}

  /** Begins to remove old files. */
  start(): void {
    if (!this.options.cleanup || this.#timer) return;
    const interval = Math.min(Math.max(this.options.window / 2, MIN_SWEEP_INTERVAL), MAX_SWEEP_INTERVAL);
    this.#timer = setInterval(() => void this.sweep(), interval);
    this.#timer.unref();
    void this.sweep();
  }

  /**
   * The writer of a stream, new for each of its outputs. Undefined for a name that cannot be a file's.
   * @param name the stream's name below its application
   */
  open(name: string, manifest: Omit<ManifestOptions, "names">): DashWriter | undefined {
    const { directory, nested, cleanup } = this.options;
    const names = toDashNames({ directory, name, nested });
    if (!names) {
      this.log.warn("no DASH files for this stream: its name is not usable as a file name", {
        name: name.slice(0, 100),
      });
      return undefined;
    }
    const options = { names, cleanup, manifest: { ...manifest, names: names.listed } };
    const writer = new DashWriter(options, this.files, this.log);
    this.#writers.set(name, writer);
    return writer;
  }

  /** The stream is gone: its files grow old from now on. */
  release(name: string, writer: DashWriter): void {
    if (this.#writers.get(name) === writer) this.#writers.delete(name);
  }

  /** Writes out what waits, and stops removing files. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await Promise.all([...this.#writers.values()].map((writer) => writer.flush()));
  }

  /** Removes old files now. Never throws. */
  async sweep(): Promise<void> {
    const { directory, nested } = this.options;
    const kept = new Set([...this.#writers.values()].flatMap((writer) => writer.kept()));
    try {
      for (const { name, isDirectory } of await this.files.list(directory)) {
        if (isDirectory !== nested) continue;
        if (nested) await this.#sweepStream(join(directory, name), kept);
        else await this.#sweepFile(directory, name, kept);
      }
      this.#failing = undefined;
    } catch (error) {
      const reason = errorCode(error);
      // Nobody has published yet, or somebody tidied up.
      if (reason === "ENOENT" || reason === this.#failing) return;
      this.#failing = reason;
      this.log.warn("cannot remove old DASH files", { directory, reason });
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
    const path = join(directory, name);
    if (!isDashFile(name, this.options.nested) || kept.has(path)) return false;
    try {
      if (this.wallclock() - (await this.files.modifiedAt(path)) <= 2 * this.options.window) return false;
      await this.files.removeFile(path);
      return true;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return true;
      throw error;
    }
  }
}
