import type { ApplicationConfig } from "../config/application.ts";
import type { HttpConfig } from "../gateways/http/config.ts";
import { filePath, matchLocation } from "../gateways/http/location.ts";

/** The playlist that a stream's files have on disk, and the paths of URLs at which locations serve it. */
export type ServedPlaylist = { readonly file: string; readonly paths: readonly string[] };

/** Undefined when the application writes no files. @param key the stream's name, which may be a placeholder */
export function servedPlaylist(
  { path: directory, nested }: ApplicationConfig["hls"],
  key: string,
  { locations }: HttpConfig,
): ServedPlaylist | undefined {
  if (directory === undefined) return undefined;
  const file = `${directory.replace(/\/+$/, "")}/${nested ? `${key}/index` : key}.m3u8`;
  const paths = locations.flatMap(({ path, root, alias }) => {
    const base = alias ?? root ?? "";
    const below = file.startsWith(base) ? file.slice(base.length) : undefined;
    const url = alias === undefined ? below : below !== undefined ? path + below : undefined;
    const location = url === undefined ? undefined : matchLocation(locations, url);
    return url !== undefined && location && filePath(location, url) === file ? [url] : [];
  });
  return { file, paths: [...new Set(paths)] };
}
