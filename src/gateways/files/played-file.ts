import type { FileHandle } from "node:fs/promises";
import type { MediaFile } from "../../formats/media-file.ts";
import type { Reading, ReadRequest } from "../../formats/reading.ts";
import type { Millis } from "../../media/time.ts";
import type { PlayedFile } from "../../vod/file-source.ts";

/** What is read at once, at least. */
const PIECE = 64 << 10;
/** Pieces that are kept: tracks of a file may be far apart in it. */
const PIECES = 3;

type Piece = { readonly offset: number; readonly bytes: Uint8Array };

/** Reads a file piecewise. However large it is, a few pieces are in memory. */
export class FileBytes {
  #pieces: Piece[] = [];

  constructor(private readonly handle: FileHandle) {}

  /** Does work on the file, at once when the bytes are at hand. */
  run<T>(reading: Reading<T>): T | Promise<T> {
    let step = reading.next();
    while (!step.done) {
      const bytes = this.#atHand(step.value);
      if (!bytes) return this.#runOn(reading, step.value);
      step = reading.next(bytes);
    }
    return step.value;
  }

  async #runOn<T>(reading: Reading<T>, first: ReadRequest): Promise<T> {
    let request = first;
    for (;;) {
      let step = reading.next(this.#atHand(request) ?? (await this.#read(request)));
      // The next ones are mostly in the same piece.
      while (!step.done) {
        const bytes = this.#atHand(step.value);
        if (!bytes) break;
        step = reading.next(bytes);
      }
      if (step.done) return step.value;
      request = step.value;
    }
  }

  #atHand({ offset, length }: ReadRequest): Uint8Array | undefined {
    for (const piece of this.#pieces) {
      const at = offset - piece.offset;
      if (at >= 0 && at + length <= piece.bytes.length) return piece.bytes.subarray(at, at + length);
    }
    return undefined;
  }

  async #read({ offset, length }: ReadRequest): Promise<Uint8Array> {
    const wanted = Math.max(length, PIECE);
    const bytes = new Uint8Array(wanted);
    let filled = 0;
    while (filled < wanted) {
      const { bytesRead } = await this.handle.read(bytes, filled, wanted - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    const read = bytes.subarray(0, filled);
    // What is longer than a piece is one sample or index, and is not asked for again.
    if (length < PIECE) this.#pieces = [{ offset, bytes: read }, ...this.#pieces.slice(0, PIECES - 1)];
    return read.subarray(0, Math.min(length, filled));
  }
}

export type OpenedFile = {
  readonly name: string;
  readonly handle: FileHandle;
  readonly bytes: FileBytes;
  readonly media: MediaFile;
  readonly buffer: Millis;
  /** It is not needed any more. */
  readonly onClosed?: () => void;
};

/** A file that is open. */
export function playedFile({ name, handle, bytes, media, buffer, onClosed }: OpenedFile): PlayedFile {
  let isClosed = false;
  return {
    name,
    media,
    buffer,
    run: (reading) => bytes.run(reading),
    close() {
      if (isClosed) return;
      isClosed = true;
      handle.close().catch(() => {});
      onClosed?.();
    },
  };
}
