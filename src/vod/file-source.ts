import type { MediaFile } from "../formats/media-file.ts";
import type { Reading } from "../formats/reading.ts";
import type { Millis } from "../media/time.ts";

/** What a player asks for. */
export type FileRequest = {
  /** `application/name` */
  readonly path: string;
  /** The name was `mp4:...`. */
  readonly isMp4: boolean;
  /** What stood behind `?` in the name: `vindex` and `aindex` choose tracks. */
  readonly args: string;
};

/** A file that is being played. */
export interface PlayedFile {
  /** For the log. */
  readonly name: string;
  readonly media: MediaFile;
  /** How far ahead it is sent to players that do not say. */
  readonly buffer: Millis;
  /** Does work on the file, at once when the bytes are at hand. One at a time. @throws MalformedError, or a system's error */
  run<T>(reading: Reading<T>): T | Promise<T>;
  /** Harmless when called twice. */
  close(): void;
}

/** Where files for players come from. */
export interface FileSource {
  /** Whether the path's application plays files at all. */
  has(path: string): boolean;
  /** Undefined when there is no such file, or none that can be played. Is never rejected. */
  open(request: FileRequest): Promise<PlayedFile | undefined>;
}
