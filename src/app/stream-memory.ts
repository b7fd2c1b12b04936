import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { formatListen, type ListenAddress } from "../config/units.ts";
import type { HlsConfig } from "../hls/config.ts";
import type { PathNumbers } from "../hls/names.ts";
import type { AnnouncedTargets } from "../hls/targets.ts";
import type { Log } from "../log.ts";

const announcedSchema = z.strictObject({ duration: z.number().positive(), part: z.number().positive() });
const numbersSchema = z.strictObject({
  nextMsn: z.int().nonnegative(),
  nextDiscontinuity: z.int().nonnegative(),
  /** Wall clock, in milliseconds since the Unix epoch. */
  at: z.number().positive(),
});
const fileSchema = z.strictObject({
  version: z.literal(1),
  streams: z.record(
    z.string(),
    z.strictObject({
      /** The settings that what was announced came of: with others it does not hold. */
      settings: z.string(),
      announced: announcedSchema.optional(),
      numbers: numbersSchema.optional(),
    }),
  ),
});
/** What is to be known of a stream after a restart. */
export type RememberedStream = z.output<typeof fileSchema>["streams"][string];

/**
 * Which streams are live, kept in a small file over a restart or a crash of the server: viewers come back before the encoder
 * does. Without a usable file everything works, only that every stream may be one that was live.
 */
export class StreamMemory {
  readonly #file: string | undefined;
  readonly #log: Log;
  #found: ReadonlyMap<string, RememberedStream> | undefined;
  #written: string;
  #failed = false;

  /** @param file undefined: nothing is remembered */
  constructor(file: string | undefined, log: Log) {
    this.#file = file;
    this.#log = log;
    this.#found = file === undefined ? undefined : this.#read(file);
    this.#written = this.#found ? format(this.#found) : "";
  }

  /** Whether the stream was live when the server was last here, or may have been. */
  mayHaveBeenLive(path: string): boolean {
    return this.#found?.has(path) ?? true;
  }

  /** What players of the stream were told when the server was last here; undefined when it does not hold any more. */
  announcedBefore(path: string, config: HlsConfig): AnnouncedTargets | undefined {
    const before = this.#found?.get(path);
    return before?.settings === settingsOf(config) ? before.announced : undefined;
  }

  /** Where the numbers of the stream were when the server was last here. */
  numbersBefore(path: string): PathNumbers | undefined {
    return this.#found?.get(path)?.numbers;
  }

  /** Streams that were live when the server was last here. */
  get found(): ReadonlyMap<string, RememberedStream> {
    return this.#found ?? new Map();
  }

  /** Nothing of before is waited for any more. */
  forget(): void {
    this.#found = new Map();
  }

  /** Writes what is live now, when it is something else than what the file says. */
  update(live: ReadonlyMap<string, RememberedStream>): void {
    if (this.#file === undefined) return;
    const text = format(live);
    if (text === this.#written) return;
    this.#written = text;
    try {
      mkdirSync(join(this.#file, ".."), { recursive: true, mode: 0o700 });
      // In one step: a crash leaves the old file or the new one.
      writeFileSync(`${this.#file}.new`, text);
      renameSync(`${this.#file}.new`, this.#file);
      this.#failed = false;
    } catch (error) {
      if (this.#failed) return;
      this.#failed = true;
      this.#log.warn("what is live cannot be remembered over a restart", { error: messageOf(error) });
    }
  }

  #read(file: string): ReadonlyMap<string, RememberedStream> | undefined {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      // The first start here.
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return new Map();
      this.#log.warn("what was live cannot be read", { file, error: messageOf(error) });
      return undefined;
    }
    try {
      return new Map(Object.entries(fileSchema.parse(JSON.parse(text)).streams));
    } catch {
      this.#log.warn("what was live is not known: the file is damaged and is left out of account", { file });
      return undefined;
    }
  }
}

/** @param announced what players were told, if they were */
export function remember(
  config: HlsConfig,
  announced: AnnouncedTargets | undefined,
  numbers?: PathNumbers,
): RememberedStream {
  return { settings: settingsOf(config), ...(announced && { announced }), ...(numbers && { numbers }) };
}

/** The settings on which depends whether players can go on. */
export function settingsOf({ format, lowLatency, part, segment, maxSegment, separateAudio }: HlsConfig): string {
  const settings = [format, lowLatency ? "low-latency" : "plain", part, segment, maxSegment];
  return [...settings, ...(separateAudio ? ["separate-audio"] : [])].join(" ");
}

/**
 * Where a server keeps what is live, and the latest media, by where it listens: one machine may have several. Undefined when
 * that is not known beforehand.
 */
export function memoryFiles(
  directory: string | undefined,
  listen: readonly ListenAddress[],
): { readonly streams: string; readonly media: string } | undefined {
  const [first] = listen;
  if (directory === undefined || !first || first.port === 0) return undefined;
  const server = formatListen(first).replace(/[^\w.]+/g, "-");
  return { streams: join(directory, `streams-${server}.json`), media: join(directory, `media-${server}`) };
}

function format(streams: ReadonlyMap<string, RememberedStream>): string {
  const sorted = [...streams].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ version: 1, streams: Object.fromEntries(sorted) }, undefined, 1)}\n`;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
