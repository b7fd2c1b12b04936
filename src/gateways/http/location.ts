import type { HttpLocation } from "./config.ts";

/** An exact location, or that with the longest prefix of a decoded path, as nginx chooses. */
export function matchLocation(locations: readonly HttpLocation[], path: string): HttpLocation | undefined {
  let best: HttpLocation | undefined;
  for (const location of locations) {
    if (location.exact) {
      if (path === location.path) return location;
    } else if (path.startsWith(location.path) && (best === undefined || location.path.length > best.path.length))
      best = location;
  }
  return best;
}

/**
 * The file that a path means: `root` + path, or `alias` + what follows the prefix. Undefined when it would lie outside of the
 * alias, or the location has no files; nginx itself can be walked out of, by `/img../secret` for `location /img { alias /data/images/; }` and by
 * `/img-secret` for `alias /data/images`.
 */
export function filePath(location: HttpLocation, path: string): string | undefined {
  const { alias } = location;
  if (alias === undefined) return location.root === undefined ? undefined : location.root.replace(/\/+$/, "") + path;
  const rest = path.slice(location.path.length);
  if (rest.split("/").includes("..")) return undefined;
  return rest === "" || rest.startsWith("/") || alias.endsWith("/") ? alias + rest : undefined;
}
