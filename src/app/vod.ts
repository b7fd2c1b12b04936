import { randomUUID } from "node:crypto";
import { copyFile, mkdir, open, rename, stat, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { openFlv } from "../formats/flv/file-reader.ts";
import type { MediaFile, TrackChoice } from "../formats/media-file.ts";
import { openMp4 } from "../formats/mp4/file-reader.ts";
import type { Reading } from "../formats/reading.ts";
import { fetchFile } from "../gateways/files/fetched-file.ts";
import { FileBytes, playedFile } from "../gateways/files/played-file.ts";
import type { Log } from "../log.ts";
import type { FilesConfig } from "../vod/config.ts";
import { fileNames, trackChoice } from "../vod/file-name.ts";
import type { FileRequest, FileSource, PlayedFile } from "../vod/file-source.ts";

export type VodOptions = {
  readonly log: Log;
  /** Of the application that a path belongs to. */
  readonly config: (path: string) => FilesConfig | undefined;
};

/** A file of another server, while somebody plays it or waits for it. */
type Fetched = { readonly path: string; readonly done: Promise<string | undefined>; users: number };

/** Fetches at the same time. */
const MAX_FETCHES = 32;

/** Finds the files that applications play. */
export class VodModule implements FileSource {
  readonly #options: VodOptions;
  /** By URL. */
  readonly #fetched = new Map<string, Fetched>();

  constructor(options: VodOptions) {
    this.#options = options;
  }

  has(path: string): boolean {
    return (this.#options.config(path)?.from.length ?? 0) > 0;
  }

  async open({ path, isMp4, args }: FileRequest): Promise<PlayedFile | undefined> {
    const { log, config } = this.#options;
    const found = config(path);
    if (!found) return undefined;
    const name = path.slice(path.indexOf("/") + 1);
    const choice = trackChoice(args);
    for (const from of found.from) {
      for (const file of fileNames(name, isMp4)) {
        try {
          const isRemote = /^https?:\/\//i.test(from);
          const opened = await (isRemote ? this.#remote(from, file, found, choice) : local(from, file, found, choice));
          if (opened) return opened;
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          log.warn("a file cannot be played", { path, file, reason });
        }
      }
    }
    return undefined;
  }

  /** Files of other servers that are still there. */
  async close(): Promise<void> {
    await Promise.all([...this.#fetched.values()].map(({ path }) => unlink(path).catch(() => {})));
  }

  async #remote(from: string, file: string, config: FilesConfig, choice: TrackChoice): Promise<PlayedFile | undefined> {
    const { keepDirectory } = config;
    const kept = keepDirectory === undefined ? undefined : await local(keepDirectory, file, config, choice);
    if (kept) return kept;
    const url = `${from.replace(/\/$/, "")}/${file.split("/").map(encodeURIComponent).join("/")}`;
    const fetched = this.#fetch(url, config);
    fetched.users++;
    const leave = () => {
      if (--fetched.users > 0) return;
      this.#fetched.delete(url);
      unlink(fetched.path).catch(() => {});
    };
    try {
      const fault = await fetched.done;
      if (fault === "not found") leave();
      else if (fault !== undefined) throw new Error(fault);
      if (fault !== undefined) return undefined;
      if (keepDirectory === undefined) return await openFile(fetched.path, config, choice, leave);
      const place = inside(keepDirectory, file);
      if (place) await keep(fetched.path, place);
      const opened = place === undefined ? undefined : await openFile(place, config, choice);
      leave();
      return opened;
    } catch (error) {
      leave();
      throw error;
    }
  }

  #fetch(url: string, { temporaryDirectory, maxFetch }: FilesConfig): Fetched {
    const before = this.#fetched.get(url);
    if (before) return before;
    if (this.#fetched.size >= MAX_FETCHES) throw new Error(`more than ${MAX_FETCHES} files of other servers at once`);
    const path = join(resolve(temporaryDirectory ?? tmpdir()), `naru-vod-${randomUUID()}`);
    const fetched: Fetched = { path, done: fetchFile(url, { path, maxBytes: maxFetch }), users: 0 };
    this.#fetched.set(url, fetched);
    return fetched;
  }
}

/** Puts a copy of a file in its place, whole: the place may be of another file system. */
async function keep(path: string, place: string): Promise<void> {
  const unfinished = `${place}.${randomUUID()}`;
  await mkdir(dirname(place), { recursive: true });
  await copyFile(path, unfinished);
  await rename(unfinished, place);
}

/** A path in a directory; undefined for what would be outside. Symbolic links are followed, as nginx follows them. */
function inside(directory: string, file: string): string | undefined {
  const root = resolve(directory);
  const path = resolve(root, file);
  return path.startsWith(root.endsWith(sep) ? root : root + sep) && !file.includes("\0") ? path : undefined;
}

async function local(
  directory: string,
  file: string,
  config: FilesConfig,
  choice: TrackChoice,
): Promise<PlayedFile | undefined> {
  const path = inside(directory, file);
  if (path === undefined) return undefined;
  // Before it is opened: opening a pipe would wait for somebody who writes to it.
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? await openFile(path, config, choice) : undefined;
}

/** @throws MalformedError, or a system's error */
async function openFile(
  path: string,
  { buffer }: FilesConfig,
  choice: TrackChoice,
  onClosed?: () => void,
): Promise<PlayedFile> {
  const handle = await open(path, "r");
  try {
    const bytes = new FileBytes(handle);
    const media = await bytes.run(openMedia(choice));
    return playedFile({ name: path, handle, bytes, media, buffer, onClosed });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** By what the file begins with, whatever it is called. */
function* openMedia(choice: TrackChoice): Reading<MediaFile> {
  const head = yield { offset: 0, length: 3 };
  const isFlv = head[0] === 0x46 && head[1] === 0x4c && head[2] === 0x56;
  return yield* isFlv ? openFlv(choice) : openMp4(choice);
}
