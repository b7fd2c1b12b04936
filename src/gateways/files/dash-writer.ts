import { DashManifest, type Presented } from "../../dash/manifest.ts";
import type { Log } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import type { DashNames } from "./dash-names.ts";
import { errorCode, type FileSystem } from "./file-system.ts";

export type DashWriterOptions = {
  readonly names: DashNames;
  readonly cleanup: boolean;
  readonly manifest: ConstructorParameters<typeof DashManifest>[0];
};

type Job = {
  readonly rendition: string;
  readonly msn: number;
  readonly path: string;
  readonly bytes: Uint8Array;
};

const encoder = new TextEncoder();

/**
 * Keeps the files of one stream like what is presented of it. The output's windows hold what is not written yet, so a disk that is
 * too slow or full loses segments, and nothing waits for it.
 */
export class DashWriter {
  readonly #options: DashWriterOptions;
  readonly #files: FileSystem;
  readonly #log: Log;
  readonly #manifest: DashManifest;
  /** Latest segment written, by rendition. */
  readonly #written = new Map<string, number>();
  /** Segments there are, oldest first. */
  #kept: { readonly path: string; readonly msn: number }[] = [];
  readonly #inits = new Set<string>();
  #seen = -1;
  #busy: Promise<void> | undefined;
  #failing: string | undefined;

  constructor(options: DashWriterOptions, files: FileSystem, log: Log) {
    this.#options = options;
    this.#files = files;
    this.#log = log;
    this.#manifest = new DashManifest(options.manifest);
  }

  /** The files that the manifest lists, or listed lately. */
  kept(): string[] {
    const { manifest, unfinished } = this.#options.names;
    return [manifest, unfinished, ...this.#inits, ...this.#kept.map(({ path }) => path)];
  }

  /** Writes what is new. Never throws and never waits. */
  update(presented: Presented, wallclock: Millis): void {
    const [lead] = presented.renditions;
    if (this.#busy || !lead) return;
    const complete = presented.renditions.reduce((sum, { window }) => sum + (window.lastMsn ?? 0), 0);
    const seen = complete + (lead.window.ended ? 0.5 : 0);
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#manifest.update(presented, wallclock);
    const jobs = this.#collect(presented);
    const first = lead.window.segments[0]?.msn ?? 0;
    this.#busy = this.#write(jobs, presented, first, wallclock).finally(() => {
      this.#busy = undefined;
    });
  }

  /** Resolves when what was begun is written. */
  async flush(): Promise<void> {
    await this.#busy;
  }

  #collect({ renditions }: Presented): Job[] {
    const { names } = this.#options;
    const jobs: Job[] = [];
    for (const view of renditions) {
      const { name, window } = view;
      const last = this.#written.get(name) ?? -1;
      for (const segment of window.segments) {
        const { msn, init } = segment;
        if (msn <= last) continue;
        const bytes = window.segment(msn);
        const place = this.#manifest.placeOf(view, segment);
        const section = init === undefined ? undefined : window.init(init);
        if (!bytes || !place || !section || init === undefined) continue;
        const path = names.init(view, init);
        if (!this.#inits.has(path)) {
          this.#inits.add(path);
          jobs.push({ rendition: "", msn, path, bytes: section });
        }
        jobs.push({ rendition: name, msn, path: names.segment(view, place.start), bytes });
      }
    }
    return jobs;
  }

  async #write(jobs: readonly Job[], presented: Presented, first: number, wallclock: Millis): Promise<void> {
    const { names } = this.#options;
    try {
      for (const { rendition, msn, path, bytes } of jobs) {
        await this.#writeFile(path, bytes).catch((error) => {
          if (rendition === "") this.#inits.delete(path);
          throw error;
        });
        if (rendition === "") continue;
        this.#written.set(rendition, msn);
        this.#kept.push({ path, msn });
      }
      const text = this.#manifest.format(presented, wallclock);
      if (text !== undefined) {
        await this.#writeFile(names.unfinished, encoder.encode(text));
        await this.#files.rename(names.unfinished, names.manifest);
      }
      if (this.#failing !== undefined) this.#log.info("DASH files are written again", { manifest: names.manifest });
      this.#failing = undefined;
    } catch (error) {
      this.#fail(errorCode(error));
    }
    await this.#tidy(first - presented.renditions.length);
  }

  /** In a directory that is made again when somebody has removed it; leaves no half of a file behind. */
  async #writeFile(path: string, bytes: Uint8Array): Promise<void> {
    try {
      await this.#files.writeFile(path, [bytes]).catch(async (error) => {
        if (errorCode(error) !== "ENOENT") throw error;
        await this.#files.makeDirectory(this.#options.names.directory);
        await this.#files.writeFile(path, [bytes]);
      });
    } catch (error) {
      await this.#files.removeFile(path).catch(() => {});
      throw error;
    }
  }

  /** Players that have read the manifest a moment ago may ask for what it listed: as much is kept as is listed. */
  async #tidy(first: number): Promise<void> {
    if (!this.#options.cleanup) return;
    const newest = this.#kept[this.#kept.length - 1]?.msn ?? first;
    const gone = this.#kept.filter(({ msn }) => msn < first - (newest - first));
    if (gone.length === 0) return;
    this.#kept = this.#kept.filter(({ msn }) => msn >= first - (newest - first));
    for (const { path } of gone) await this.#files.removeFile(path).catch(() => {});
  }

  #fail(reason: string): void {
    if (this.#failing === reason) return;
    this.#failing = reason;
    this.#log.error("cannot write DASH files", { manifest: this.#options.names.manifest, reason });
  }
}
