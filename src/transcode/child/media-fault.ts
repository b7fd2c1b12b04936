import type { MediaLibrary } from "../../media-process/library.ts";

/** What the media library refused, in one line. Ends the rung that asked for it. */
export class MediaFault extends Error {
  override readonly name = "MediaFault";
}

/** @param result of a call of the library: negative is an error */
export function must(av: MediaLibrary, result: number, what: string): void {
  if (result >= 0) return;
  throw new MediaFault(`${what}: ${new av.FFmpegError(result).message}`);
}
