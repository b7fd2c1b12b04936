import { dirname } from "node:path";

/** FFmpeg's libraries, as node-av offers them. */
export type MediaLibrary = typeof import("node-av/lib");

/**
 * Loads the media library, which is optional: undefined when it is not installed. To be called in a process of its own only:
 * a mistake in a codec ends the process.
 * @throws what went wrong when it is there and cannot be loaded
 */
export async function loadMediaLibrary(): Promise<MediaLibrary | undefined> {
  const path = mediaLibraryPath();
  return path === undefined ? undefined : ((await import(path)) as MediaLibrary);
}

/** Where the media library lies: in the project's packages, or in those beside the executable. */
export function mediaLibraryPath(): string | undefined {
  for (const directory of [import.meta.dir, dirname(process.execPath)]) {
    try {
      return Bun.resolveSync("node-av/lib", directory);
    } catch {
      // Not there.
    }
  }
  return undefined;
}
