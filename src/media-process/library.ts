import { dirname, join } from "node:path";

/** FFmpeg's libraries and constants, as node-av offers them. */
export type MediaLibrary = typeof import("node-av/lib") & typeof import("node-av/constants");

/**
 * Loads the media library, which is optional: undefined when it is not installed. To be called in a process of its own only:
 * a mistake in a codec ends the process.
 * @throws what went wrong when it is there and cannot be loaded
 */
export async function loadMediaLibrary(): Promise<MediaLibrary | undefined> {
  const paths = [mediaLibraryPath(), find("node-av/constants")];
  // Not `import("node-av/lib")`: a build would take it along.
  const [library, constants] = await Promise.all(paths.map((path) => (path === undefined ? undefined : import(path))));
  return library && constants && { ...library, ...constants };
}

/** Where the media library lies: in the project's packages, where `npm run add-transcoding` puts it, or beside the executable. */
export function mediaLibraryPath(): string | undefined {
  return find("node-av/lib");
}

function find(name: string): string | undefined {
  for (const directory of [import.meta.dir, ADDED, dirname(process.execPath)]) {
    try {
      return Bun.resolveSync(name, directory);
    } catch {
      // Not there.
    }
  }
  return undefined;
}

const ADDED = join(import.meta.dir, "..", "..", "optional", "transcoding");
