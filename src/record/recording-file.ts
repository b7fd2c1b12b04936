import type { Packet } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Track } from "../media/track.ts";

/** Bytes of a file: at its end, or in place of what is at `at`. */
export type FileWrite = { readonly bytes: Uint8Array; readonly at?: number };

/** Makes one file of one set of tracks. Whatever was written so far is a file that plays. */
export interface RecordingFile {
  /** Times of packets are those of the stream; the file's begin at 0. */
  write(packet: Packet, now: Millis): void;
  /** Writes what is still held back. */
  finish(): void;
}

/** @param goesOnAt the file goes on in another one, at this time of it */
export type MakeFile = (
  tracks: readonly Track[],
  write: (write: FileWrite) => void,
  goesOnAt?: Millis,
) => RecordingFile;
