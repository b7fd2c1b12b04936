import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Millis } from "../../media/time.ts";
import type { FileSink, RecordedFile } from "../../record/recorder.ts";
import type { FileWrite } from "../../record/recording-file.ts";
import type { AppendPoint } from "./append-point.ts";
import { errorCode, writePieces } from "./file-system.ts";

export type RecordingWriterOptions = {
  /** Without ending. */
  readonly path: string;
  readonly ending: string;
  /** A file of this name is replaced; otherwise a number is added. */
  readonly overwrite: boolean;
  /** The file is there, and is gone on with. */
  readonly append?: AppendPoint;
  /** The file is complete. */
  readonly onDone: (path: string, recorded: RecordedFile) => void;
  /** Nothing more will be written. Called at most once. @param reason a system's code, such as ENOSPC */
  readonly onFailed: (path: string, reason: string) => void;
};

/** Bytes that wait for the disk; beyond it, it is too slow for this stream. */
const MAX_WAITING_BYTES = 32 * 1024 ** 2;
/** Between the last frame of a file and the first that is appended. */
const FRAME: Millis = 40;
/** Files of one name. */
const MAX_NUMBER = 10_000;

/** Writes one recording, behind its caller's back. What was written stays, whatever happens next. */
export class RecordingWriter implements FileSink {
  readonly #options: RecordingWriterOptions;
  #path: string;
  #waiting: FileWrite[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #handle: FileHandle | undefined;
  #recorded: RecordedFile | undefined;
  #isClosed = false;
  #failed = false;
  #size: number;

  constructor(options: RecordingWriterOptions) {
    this.#options = options;
    this.#path = `${options.path}${options.ending}`;
    this.#size = options.append?.size ?? 0;
  }

  get goesOnAt(): Millis | undefined {
    const { append } = this.#options;
    return append && append.lastTime + FRAME;
  }

  write(write: FileWrite): void {
    if (this.#failed) return;
    this.#waiting.push(write);
    this.#waitingBytes += write.bytes.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#fail("the disk is too slow");
    else this.#running ??= this.#run();
  }

  close(recorded: RecordedFile): void {
    this.#recorded = recorded;
    this.#isClosed = true;
    this.#running ??= this.#run();
  }

  /** Resolves when everything handed over until now is written or has failed. */
  async flush(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    try {
      this.#handle ??= await this.#open();
      while (this.#waiting.length > 0 && !this.#failed) await this.#writeWaiting(this.#handle);
    } catch (error) {
      this.#fail(errorCode(error));
    }
    if (this.#isClosed || this.#failed) await this.#closeHandle();
    this.#running = undefined;
  }

  async #writeWaiting(handle: FileHandle): Promise<void> {
    const writes = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const pieces: Uint8Array[] = [];
    const patches: FileWrite[] = [];
    for (const write of writes) {
      if (write.at === undefined) pieces.push(write.bytes);
      else patches.push(write);
    }
    await writePieces(handle, pieces, this.#size);
    for (const { length } of pieces) this.#size += length;
    for (const { bytes, at = 0 } of patches) await writePieces(handle, [bytes], at);
  }

  async #open(): Promise<FileHandle> {
    const { path, ending, overwrite, append } = this.#options;
    if (append) return await open(this.#path, "r+");
    await mkdir(dirname(path), { recursive: true });
    for (let number = 1; ; number++) {
      this.#path = `${path}${number === 1 ? "" : `-${number}`}${ending}`;
      try {
        return await open(this.#path, overwrite ? "w" : "wx");
      } catch (error) {
        if (errorCode(error) !== "EEXIST" || number >= MAX_NUMBER) throw error;
      }
    }
  }

  async #closeHandle(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => {});
    if (!this.#failed && this.#recorded) this.#options.onDone(this.#path, this.#recorded);
    this.#recorded = undefined;
  }

  #fail(reason: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#waiting = [];
    this.#options.onFailed(this.#path, reason);
  }
}
