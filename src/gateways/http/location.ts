import type { HttpLocation } from "./config.ts";

/** The location with the longest prefix of a decoded path, as nginx chooses among prefix locations. */
export function matchLocation(locations: readonly HttpLocation[], path: string): HttpLocation | undefined {
  let best: HttpLocation | undefined;
  for (const location of locations) {
    if (path.startsWith(location.path) && (best === undefined || location.path.length > best.path.length))
      best = location;
  }
  return best;
}

/**
 * The file that a path means: `root` + path, or `alias` + what follows the prefix. Undefined when it would lie outside:
 * with `location /img { alias /data/images/; }` nginx itself can be walked out of by `/img../secret`.
 */
export function filePath(location: HttpLocation, path: string): string | undefined {
  if (location.alias === undefined) return `${location.root?.replace(/\/+$/, "") ?? ""}${path}`;
  const rest = path.slice(location.path.length);
  return rest.split("/").includes("..") ? undefined : location.alias + rest;
}
