import { type FileHandle, mkdir, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { RenditionEvent } from "../hls/rendition.ts";
import type { RenditionRecorder, RenditionState } from "../hls/rendition-memory.ts";
import type { Millis } from "../media/time.ts";
import { encodeRecord } from "./journal-record.ts";
import { FORM, type SegmentFile, type SegmentFileEvent, type SegmentFileStart } from "./segment-file.ts";

export type MediaJournalOptions = {
  readonly path: string;
  readonly settings: string;
  /** Where the file of a segment lies. */
  readonly fileOf: (msn: number) => string;
  /** Files of an earlier process that are gone on with. */
  readonly kept: readonly SegmentFile[];
  readonly onFailure: (reason: string) => void;
  /** There are files from now on; there are none any more. */
  readonly onLive: (live: boolean) => void;
};

type KeptFile = { readonly msn: number; size: number; duration: number };
type Job = { readonly bytes: number; readonly run: () => Promise<void> };

/**
 * What a playlist has at least, in segments and in target durations. Longer is not better: what is gone after 12 seconds of
 * 2-second segments is not written to the disk itself, as Linux waits for 30 seconds with that.
 */
const KEPT_SEGMENTS = 6;
const KEPT_TARGETS = 6;
const MAX_KEPT_BYTES = 64 * 1024 ** 2;
/** What waits to be written; a disk that is slower than that is given up. */
const MAX_WAITING_BYTES = 16 * 1024 ** 2;
/** After a failure nothing is written for so long. */
const PAUSE: Millis = 30_000;

/**
 * Keeps the latest segments of a stream in files, one each, for the next process: each part as it is made. Written behind the
 * caller's back; a kill leaves what the operating system has taken, so nothing has to wait for the disk.
 */
export class MediaJournal {
  readonly #options: MediaJournalOptions;
  readonly #files: KeptFile[] = [];
  /** Files to be removed. */
  readonly #unneeded = new Set<number>();
  readonly #waiting: Job[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #handle: FileHandle | undefined;
  /** The file that is being written to. */
  #current: KeptFile | undefined;
  /** What a file begins with, until there is media for it. */
  #begun: Uint8Array[] | undefined;
  #init: SegmentFileStart["init"];
  #pausedUntil: Millis = 0;
  #closed = false;

  constructor(options: MediaJournalOptions) {
    this.#options = options;
    for (const { msn, size, duration, isComplete } of options.kept) {
      const file = { msn, size, duration };
      this.#files.push(file);
      if (!isComplete) this.#current = file;
    }
    this.#init = options.kept.at(-1)?.start.init;
  }

  readonly record: RenditionRecorder = (event, state) => {
    if (this.#closed) return;
    switch (event.type) {
      case "init":
        this.#init = event;
        return;
      case "open":
        this.#begin(event, state);
        return;
      case "part":
        this.#append(event, state);
        return;
      case "segment":
        this.#complete(event, state);
        return;
      case "date-range":
        if (this.#current) this.#write(this.#current, encodeRecord({ event }));
        return;
      case "end":
        this.#remove();
        this.#do(0, async () => this.#options.onLive(false));
        return;
      case "break":
        return;
      default:
        event satisfies never;
    }
  };

  /** Takes nothing any more; resolves when all is written. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#tidy();
    await this.#running;
  }

  #begin(event: RenditionEvent, { tracks, packets, discontinuitySequence }: RenditionState): void {
    this.#begun = undefined;
    this.#current = undefined;
    if (Date.now() < this.#pausedUntil) return;
    const { path, settings, onLive } = this.#options;
    onLive(true);
    const init = this.#init;
    const start: SegmentFileStart = {
      form: FORM,
      path,
      settings,
      tracks,
      packets,
      discontinuitySequence,
      ...(init && { init }),
    };
    this.#begun = [...encodeRecord(start), ...encodeRecord({ event } satisfies SegmentFileEvent)];
  }

  #append(event: RenditionEvent & { readonly msn: number }, { announced, position }: RenditionState): void {
    const record = encodeRecord({ event, announced, position } satisfies SegmentFileEvent);
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun) {
      const file = { msn: event.msn, size: 0, duration: 0 };
      this.#files.push(file);
      this.#current = file;
      this.#write(file, [...begun, ...record]);
    } else if (this.#current) this.#write(this.#current, record);
  }

  #complete(event: RenditionEvent & { readonly type: "segment" }, state: RenditionState): void {
    // With parts, the file is there already.
    this.#append(this.#current ? { ...event, bytes: [] } : event, state);
    const file = this.#current;
    this.#current = undefined;
    if (!file) return;
    file.duration = event.duration;
    this.#trim(state.announced?.duration ?? event.duration);
    this.#tidy();
  }

  #trim(targetDuration: number): void {
    const files = this.#files;
    const keptSeconds = KEPT_TARGETS * targetDuration;
    let seconds = files.reduce((sum, { duration }) => sum + duration, 0);
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    for (let first = files[0]; first; first = files[0]) {
      const isSpare = files.length > KEPT_SEGMENTS && seconds - first.duration >= keptSeconds;
      if (!isSpare && bytes <= MAX_KEPT_BYTES) break;
      files.shift();
      seconds -= first.duration;
      bytes -= first.size;
      this.#unneeded.add(first.msn);
    }
  }

  #write(file: KeptFile, pieces: readonly Uint8Array[]): void {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const position = file.size;
    file.size += bytes;
    this.#do(bytes, async () => {
      this.#handle ??= await openAt(this.#options.fileOf(file.msn), position);
      const { bytesWritten } = await this.#handle.writev(pieces as Uint8Array[], position);
      if (bytesWritten < bytes) throw new Error("the disk is full");
    });
  }

  #do(bytes: number, run: Job["run"]): void {
    this.#waiting.push({ bytes, run });
    this.#waitingBytes += bytes;
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#fail("the disk is too slow");
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      this.#waitingBytes -= job.bytes;
      try {
        await job.run();
      } catch (error) {
        this.#fail(error instanceof Error ? error.message : String(error));
      }
    }
    this.#running = undefined;
  }

  /** A ring with a hole is of no use: begins anew later. */
  #fail(reason: string): void {
    this.#pausedUntil = Date.now() + PAUSE;
    this.#remove();
    this.#options.onFailure(reason);
  }

  #remove(): void {
    for (const { msn } of this.#files.splice(0)) this.#unneeded.add(msn);
    this.#current = undefined;
    this.#begun = undefined;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#tidy();
  }

  /** Between two segments: behind all that was written so far. */
  #tidy(): void {
    const unneeded = [...this.#unneeded];
    this.#do(0, async () => {
      const handle = this.#handle;
      this.#handle = undefined;
      await handle?.close().catch(() => {});
      for (const msn of unneeded) {
        this.#unneeded.delete(msn);
        await unlink(this.#options.fileOf(msn)).catch(() => {});
      }
    });
  }
}

/** A new file, or one of which the first `size` bytes are whole. */
async function openAt(name: string, size: number): Promise<FileHandle> {
  if (size === 0) {
    await mkdir(dirname(name), { recursive: true, mode: 0o700 });
    return open(name, "w", 0o600);
  }
  const handle = await open(name, "r+");
  await handle.truncate(size);
  return handle;
}
