/** What of the server's own a path names. */
export type Route =
  | { readonly kind: "start" | "health" | "streams" | "stylesheet" | "api" | "unknown" }
  /** The state of one stream, for the watch page. */
  | { readonly kind: "stream"; readonly path: string }
  /** What OBS shall send to an application. */
  | { readonly kind: "multitrack"; readonly application: string }
  /** A script, style sheet or picture of the pages. */
  | { readonly kind: "asset"; readonly name: string }
  | { readonly kind: "watch"; readonly path: string }
  | { readonly kind: "poster"; readonly path: string }
  /** A thumbnail or a storyboard, by the name of its file. */
  | { readonly kind: "picture"; readonly path: string; readonly name: string }
  /** A playlist, a manifest or a piece of media: `resource` is its name below the stream's path. */
  | { readonly kind: "media"; readonly path: string; readonly resource: string }
  /** The stream as FLV, by HTTP or WebSocket. */
  | { readonly kind: "flv"; readonly path: string }
  /** The same page lives at another path. */
  | { readonly kind: "moved"; readonly path: string };

/** Where the pages' own files lie. No application may have this name. */
export const ASSET_PREFIX = "/_naru/";

const API_PREFIX = "/api/";
const MULTITRACK_PREFIX = "/api/multitrack/";
const PICTURE_FILE = /\/(?:thumbnail\.(?:jpg|webp)|storyboard\.(?:jpg|webp|vtt))$/;
const MEDIA_FILE = /\.(?:m4s|mp4|ts|aac|vtt)$/;

/**
 * Finds the route of a decoded path. A stream's path has two components or more; below it lie `*.m3u8`, `index.mpd`, `poster.mp4`, pictures and
 * the media of its renditions (`main/123.m4s`).
 */
export function parseRoute(path: string): Route {
  if (path === "/") return { kind: "start" };
  if (path.startsWith(ASSET_PREFIX)) return { kind: "asset", name: path.slice(ASSET_PREFIX.length) };
  if (path === "/api/streams") return { kind: "streams" };
  if (path.startsWith("/api/streams/")) return { kind: "stream", path: path.slice("/api/streams/".length) };
  if (path.startsWith(MULTITRACK_PREFIX)) {
    const application = path.slice(MULTITRACK_PREFIX.length);
    return application === "" || application.includes("/") ? UNKNOWN : { kind: "multitrack", application };
  }
  if (path.startsWith(API_PREFIX)) return { kind: "api" };
  if (path === "/health") return { kind: "health" };
  if (path === "/stat.xsl") return { kind: "stylesheet" };

  const file = path.lastIndexOf("/");
  if (file === path.length - 1)
    return isStreamPath(path.slice(1, -1)) ? { kind: "moved", path: path.slice(0, -1) } : UNKNOWN;
  if (path.endsWith(".m3u8") || path.endsWith("/index.mpd")) return media(path, file);
  if (path.endsWith(".flv")) {
    const stream = path.slice(1, -".flv".length);
    return isStreamPath(stream) ? { kind: "flv", path: stream } : UNKNOWN;
  }
  if (PICTURE_FILE.test(path) && isStreamPath(path.slice(1, file))) {
    return { kind: "picture", path: path.slice(1, file), name: path.slice(file + 1) };
  }
  if (MEDIA_FILE.test(path)) {
    if (path.endsWith("/poster.mp4")) return { kind: "poster", path: path.slice(1, file) };
    return media(path, path.lastIndexOf("/", file - 1));
  }
  return isStreamPath(path.slice(1)) ? { kind: "watch", path: path.slice(1) } : UNKNOWN;
}

const UNKNOWN: Route = { kind: "unknown" };

/** @param slash index of the slash between stream and resource */
function media(path: string, slash: number): Route {
  const stream = path.slice(1, Math.max(slash, 1));
  return isStreamPath(stream) ? { kind: "media", path: stream, resource: path.slice(slash + 1) } : UNKNOWN;
}

function isStreamPath(path: string): boolean {
  const slash = path.indexOf("/");
  return slash > 0 && slash < path.length - 1;
}
