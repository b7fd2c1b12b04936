import type { HttpLocation } from "./config.ts";
import { expand } from "./variables.ts";

/**
 * The location of a decoded path, as nginx chooses: an exact one; or else the longest prefix, if it is final; or else the first pattern that
 * matches, those inside of longer prefixes first; or else that prefix.
 */
export function matchLocation(locations: readonly HttpLocation[], path: string): HttpLocation | undefined {
  let best: HttpLocation | undefined;
  let matched: HttpLocation | undefined;
  for (const location of locations) {
    if (location.exact) {
      if (path === location.path) return location;
    } else if (!path.startsWith(location.path)) continue;
    else if (location.pattern === undefined) {
      if (best === undefined || location.path.length > best.path.length) best = location;
    } else if ((matched === undefined || location.path.length > matched.path.length) && patternOf(location)?.test(path))
      matched = location;
  }
  if (!matched || best?.final) return best;
  return matched;
}

/**
 * The file that a path means: `root` + path, or `alias` + what follows the prefix; the alias of a pattern is the whole name, with `$1`.
 * Undefined when it would lie outside of the alias, or the location has no files; nginx itself can be walked out of, by `/img../secret`
 * for `location /img { alias /data/images/; }` and by `/img-secret` for `alias /data/images`.
 */
export function filePath(location: HttpLocation, path: string): string | undefined {
  const { alias } = location;
  if (alias === undefined) return location.root === undefined ? undefined : location.root.replace(/\/+$/, "") + path;
  if (location.pattern !== undefined) {
    const captures = patternOf(location)?.exec(path);
    if (!captures) return undefined;
    const file = expand(alias, undefined, captures);
    return climbs(file) > climbs(alias) ? undefined : file;
  }
  if (!path.startsWith(location.path)) return undefined;
  const rest = path.slice(location.path.length);
  if (climbs(rest) > 0) return undefined;
  return rest === "" || rest.startsWith("/") || alias.endsWith("/") ? alias + rest : undefined;
}

function climbs(path: string): number {
  return path.split("/").filter((component) => component === "..").length;
}

const patterns = new WeakMap<HttpLocation, RegExp>();

function patternOf(location: HttpLocation): RegExp | undefined {
  if (location.pattern === undefined) return undefined;
  let pattern = patterns.get(location);
  if (!pattern) patterns.set(location, (pattern = new RegExp(location.pattern, location.ignoreCase ? "i" : "")));
  return pattern;
}
