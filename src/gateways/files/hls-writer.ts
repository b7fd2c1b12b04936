import type { RenditionEvent } from "../../hls/rendition.ts";
import type { Log } from "../../log.ts";
import type { Millis } from "../../media/time.ts";
import { errorCode, type FileSystem } from "./file-system.ts";
import { HlsKeys, type HlsKeysOptions, toKeyNames } from "./hls-keys.ts";
import { type HlsNames, type HlsNaming, toHlsNames } from "./hls-names.ts";
import { type HlsPlaylist, parseHlsPlaylist } from "./hls-playlist.ts";
import { HlsWindow } from "./hls-window.ts";

export type HlsWriterOptions = HlsNaming & {
  /** Target length of a segment. */
  readonly segment: Millis;
  /** How much of the past the playlist lists; divided by `segment` it is the number of entries, as in nginx-rtmp. */
  readonly window: Millis;
  /** What files are numbered by: one by one, the stream's time in 1/90,000 s, or the clock in milliseconds. */
  readonly naming: "sequential" | "timestamp" | "system";
  /** Numbers by time are rounded down to a multiple of this, unless it is 0. */
  readonly namingGranularity: number;
  /** The playlist is of type EVENT while all of it fits into the window. */
  readonly event: boolean;
  /** Encrypt the segments. */
  readonly keys?: HlsKeysOptions | undefined;
  /** Continue the numbering of a playlist found there. */
  readonly continuous: boolean;
  /** An earlier writer of the same files is done. */
  readonly after?: Promise<void>;
};

/** Since the writer was made. */
export type HlsWriterStats = {
  readonly written: number;
  /** Segments that could not be written. */
  readonly failed: number;
  /** Segments given up because the disk was too slow. */
  readonly dropped: number;
};

type Job = Extract<RenditionEvent, { type: "segment" }> & {
  readonly discontinuity: boolean;
  readonly wallclock: Millis | undefined;
  readonly start: number | undefined;
  /** The first of its rendition: what is on disk is looked at anew. */
  readonly starts: boolean;
};

/** Segments that wait for the disk; more are given up, the oldest first. */
const MAX_WAITING = 4;
/** No playlist on disk is larger; the rest of one that is, is not read. */
const MAX_PLAYLIST_BYTES = 1024 * 1024;

/**
 * Keeps a stream's playlist and MPEG-TS segments in a directory as nginx-rtmp does. Segments are numbered by the writer, from
 * 0 or on from the playlist found there. Writes happen one after the other behind the caller's back; one that fails loses its
 * segment (the next gets a discontinuity), is counted, and logged when writing begins to fail and when it works again.
 * Old files are for `HlsDirectory` to remove.
 */
export class HlsWriter {
  #window: HlsWindow;
  readonly #keys: HlsKeys | undefined;
  readonly #waiting: Job[] = [];
  readonly #encoder = new TextEncoder();
  /** What applies to the segment that is being filled. */
  #open: Extract<RenditionEvent, { type: "open" }> | undefined;
  #running: Promise<void> | undefined;
  #live = false;
  #starts = true;
  #started = false;
  /** The next segment does not follow the last one written. */
  #discontinuity = false;
  #writing: number | undefined;
  #failing: string | undefined;
  #written = 0;
  #failed = 0;
  #dropped = 0;

  private constructor(
    private readonly names: HlsNames,
    private readonly options: HlsWriterOptions,
    private readonly files: FileSystem,
    private readonly log: Log,
    private readonly onLive: (live: boolean) => void,
  ) {
    this.#window = this.#newWindow(0);
    const { keys } = options;
    this.#keys = keys && new HlsKeys(toKeyNames(keys, options), keys.segments, files);
  }

  /**
   * Undefined, and a line in the log, for a stream whose name cannot be a file's.
   * @param onLive called when a rendition begins, and when it ends; then the last segments may still wait to be written
   */
  static create(
    options: HlsWriterOptions,
    files: FileSystem,
    log: Log,
    onLive: (live: boolean) => void = () => {},
  ): HlsWriter | undefined {
    const names = toHlsNames(options);
    if (names) return new HlsWriter(names, options, files, log, onLive);
    log.warn("no HLS files for this stream: its name is not usable as a file name", {
      name: options.name.slice(0, 100),
    });
    return undefined;
  }

  /** A rendition has begun and not ended. */
  get live(): boolean {
    return this.#live;
  }

  get stats(): HlsWriterStats {
    return { written: this.#written, failed: this.#failed, dropped: this.#dropped };
  }

  /** The files that the playlist lists, or listed lately. */
  kept(): string[] {
    const { names } = this;
    const ids = [...this.#window.kept(), ...(this.#writing === undefined ? [] : [this.#writing])];
    const keys = this.#window.keptKeys().flatMap((uri) => this.#keys?.fileOf(uri) ?? []);
    return [names.playlist, names.unfinished, ...ids.map((id) => names.segment(id)), ...keys];
  }

  /** A `RenditionSink`. Never throws and never waits. Another rendition may follow one that has ended. */
  readonly write = (event: RenditionEvent): void => {
    if (event.type === "open") {
      this.#open = event;
      this.#setLive(true);
    } else if (event.type === "segment") {
      this.#enqueue(event);
    } else if (event.type === "end") {
      this.#setLive(false);
    }
  };

  /** Resolves when everything handed over until now is written or has failed. */
  async flush(): Promise<void> {
    while (this.#running) await this.#running;
  }

  #enqueue(event: Extract<RenditionEvent, { type: "segment" }>): void {
    if (this.#waiting.length === MAX_WAITING) {
      const starts = this.#waiting.shift()?.starts || this.#waiting[0]?.starts || false;
      this.#waiting[0] = { ...(this.#waiting[0] as Job), discontinuity: true, starts };
      this.#dropped++;
      this.#fail("disk too slow");
    }
    const open = this.#open?.msn === event.msn ? this.#open : undefined;
    const discontinuity = open?.discontinuity ?? false;
    const { wallclock, start } = open ?? {};
    this.#waiting.push({ ...event, discontinuity, wallclock, start, starts: this.#starts });
    this.#starts = false;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      try {
        await this.#writeSegment(job);
        await this.#writePlaylist();
        if (this.#waiting.length === 0) this.#recover();
      } catch (error) {
        this.#fail(errorCode(error));
      }
    }
    this.#running = undefined;
  }

  async #writeSegment(job: Job): Promise<void> {
    try {
      if (job.starts) this.#started = false;
      if (!this.#started) await this.#start();
      const id = this.#idOf(job);
      this.#writing = id;
      const encrypted = await this.#keys?.encrypt(id, job.bytes);
      await this.#writeFile(this.names.segment(id), encrypted?.pieces ?? job.bytes);
      this.#window.add({
        id,
        uri: this.names.uri(id),
        duration: job.duration,
        discontinuity: job.discontinuity || this.#discontinuity,
        wallclock: job.wallclock,
        ...(encrypted && { key: encrypted.key }),
      });
      this.#written++;
      this.#discontinuity = false;
    } catch (error) {
      this.#failed++;
      this.#discontinuity = true;
      throw error;
    } finally {
      this.#writing = undefined;
    }
  }

  /** The number of a segment's file. Segments that begin at the same rounded time take each other's place, as in nginx-rtmp. */
  #idOf({ start, wallclock }: Job): number {
    const { naming, namingGranularity } = this.options;
    if (naming === "sequential") return this.#window.next;
    const id = Math.max(0, Math.floor((naming === "timestamp" ? start : wallclock) ?? 0));
    return namingGranularity > 0 ? id - (id % namingGranularity) : id;
  }

  async #writePlaylist(): Promise<void> {
    const { unfinished, playlist } = this.names;
    await this.#writeFile(unfinished, [this.#encoder.encode(this.#window.format())]);
    await this.files.rename(unfinished, playlist);
  }

  /** In a directory that is made again when somebody has removed it; leaves no half of a file behind. */
  async #writeFile(path: string, pieces: readonly Uint8Array[]): Promise<void> {
    try {
      await this.files.writeFile(path, pieces).catch(async (error) => {
        if (errorCode(error) !== "ENOENT") throw error;
        await this.files.makeDirectory(this.names.directory);
        await this.files.writeFile(path, pieces);
      });
    } catch (error) {
      await this.files.removeFile(path).catch(() => {});
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { after, continuous } = this.options;
    await after;
    await this.files.makeDirectory(this.names.directory);
    this.#started = true;
    this.#keys?.restart();
    this.#window = this.#newWindow(continuous ? this.#window.next : 0);
    if (!continuous) return;
    const text = await this.files.readText(this.names.playlist, MAX_PLAYLIST_BYTES).catch(() => "");
    const found = parseHlsPlaylist(text);
    if (found && found.mediaSequence + found.entries.length >= this.#window.next) await this.#continueFrom(found);
    if (this.#window.next > 0) this.#discontinuity = true;
  }

  async #continueFrom(found: HlsPlaylist): Promise<void> {
    const first = found.mediaSequence;
    const sequential = this.options.naming === "sequential";
    const ids = found.entries.map(async ({ uri }, index) => {
      const id = this.names.idOf(uri);
      // An entry of other naming is not ours to list again.
      if (id === undefined || (sequential && id !== first + index)) return undefined;
      return (await this.files.exists(this.names.segment(id))) ? id : undefined;
    });
    this.#window.continueFrom(found, await Promise.all(ids));
  }

  #newWindow(first: number): HlsWindow {
    const { window, segment, event } = this.options;
    return new HlsWindow(Math.floor(window / segment), segment / 1000, first, event);
  }

  #setLive(live: boolean): void {
    if (live === this.#live) return;
    this.#live = live;
    if (!live) this.#starts = true;
    this.onLive(live);
  }

  #fail(reason: string): void {
    if (this.#failing === reason) return;
    this.#failing = reason;
    this.log.error("cannot write HLS files", { playlist: this.names.playlist, reason });
  }

  #recover(): void {
    if (this.#failing === undefined) return;
    this.#failing = undefined;
    this.log.info("HLS files are written again", {
      playlist: this.names.playlist,
      failed: this.#failed,
      dropped: this.#dropped,
    });
  }
}
