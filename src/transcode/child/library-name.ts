import type { MediaLibrary } from "../../media-process/library.ts";

/** Name and version. */
export function libraryName(av: MediaLibrary): string {
  return `FFmpeg ${av.getFFmpegInfo().version}`;
}
