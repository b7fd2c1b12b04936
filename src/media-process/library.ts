import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** FFmpeg's libraries and constants, as node-av offers them. */
export type MediaLibrary = typeof import("node-av/lib") & typeof import("node-av/constants");

/**
 * Loads the media library, which is optional: undefined when it is not installed. To be called in a process of its own only:
 * a mistake in a codec ends the process.
 * @throws what went wrong when it is there and cannot be loaded
 */
export async function loadMediaLibrary(): Promise<MediaLibrary | undefined> {
  const directory = mediaLibraryPath();
  if (directory === undefined) return undefined;
  // Not `import("node-av/lib")`: a build would take it along.
  const [library, constants] = await Promise.all(
    ["./lib", "./constants"].map((name) => import(entryOf(directory, name))),
  );
  return { ...library, ...constants };
}

/**
 * Directory of the media library: in the project's packages, where `npm run add-transcoding` puts it, or beside the executable.
 * Looked for by hand, since the executable knows only the packages inside itself.
 */
export function mediaLibraryPath(): string | undefined {
  for (const start of [import.meta.dir, ADDED, dirname(process.execPath)]) {
    for (let directory = start; ; directory = dirname(directory)) {
      const found = join(directory, "node_modules", "node-av");
      if (existsSync(join(found, "package.json"))) return found;
      if (dirname(directory) === directory) break;
    }
  }
  return undefined;
}

/** The file that an entry of the package's `exports` stands for. */
function entryOf(directory: string, name: string): string {
  const { exports } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, { readonly default: string } | undefined>>;
  };
  const entry = exports[name];
  if (!entry) throw new Error(`the media library in ${directory} has no ${name}`);
  return join(directory, entry.default);
}

const ADDED = join(import.meta.dir, "..", "..", "optional", "transcoding");
