import { open, stat } from "node:fs/promises";
import { formatContentRange } from "./byte-range.ts";
import { type Conditions, isNotModified, requestedRange } from "./conditions.ts";
import type { HttpLocation } from "./config.ts";
import { listDirectory } from "./directory-listing.ts";
import { filePath } from "./location.ts";
import { MEDIA_TYPES } from "./media-types.ts";
import { cleanPath } from "./request-target.ts";
import { type Asked, encodePath, expand } from "./variables.ts";

/** Up to this, a file is read at once, so that length, ETag and bytes belong together while playlists are replaced. */
const READ_WHOLE_BYTES = 256 * 1024;

/** nginx's add_header applies to these only (ngx_http_headers_module, without `always`). */
const ADD_HEADER_STATUS: ReadonlySet<number> = new Set([200, 201, 204, 206, 301, 302, 303, 304, 307, 308]);

/** What a path means in a location. */
export type Found =
  | { readonly kind: "file"; readonly path: string }
  /** A directory to be listed. */
  | { readonly kind: "directory"; readonly path: string; readonly url: string }
  /** A directory without its slash. */
  | { readonly kind: "moved"; readonly to: string }
  /** To be answered as another path, wherever that is. */
  | { readonly kind: "again"; readonly to: string; readonly isIndex: boolean }
  | { readonly kind: "status"; readonly status: number };

/** Looks for the file of a path, as nginx's try_files, index and static modules do. Never rejects. */
export async function lookUp(location: HttpLocation, asked: Asked): Promise<Found> {
  try {
    return location.tryFiles.length > 0 ? await tryFiles(location, asked) : await find(location, asked.path);
  } catch (error) {
    return { kind: "status", status: statusOf(error) };
  }
}

/** Answers a GET or HEAD with what was found. Never rejects. @param status instead of 200: it is an error's page */
export async function answerFound(
  location: HttpLocation,
  found: Exclude<Found, { kind: "again" }>,
  conditions: Conditions,
  status?: number,
): Promise<Response> {
  try {
    if (found.kind === "file") return await send(location, found.path, conditions, status);
    if (found.kind === "moved") return respond(location, 301, { location: found.to }, null, conditions);
    if (found.kind === "status") return answerError(location, found.status, conditions);
    const page = new TextEncoder().encode(await listDirectory(found.path, found.url));
    return respond(location, status ?? 200, { "content-type": "text/html" }, page, conditions);
  } catch (error) {
    return answerError(location, statusOf(error), conditions);
  }
}

function answerError(location: HttpLocation, status: number, conditions: Conditions): Response {
  return respond(location, status, {}, `${status} ${REASONS[status] ?? "refused"}\n`, conditions);
}

/** The answer to OPTIONS, so that `add_header` can allow a CORS preflight. */
export function answerFileOptions(location: HttpLocation, conditions: Conditions): Response {
  return respond(location, 204, { allow: "GET, HEAD, OPTIONS" }, null, conditions);
}

/** The same answer whatever is asked for. */
export function answerFixed(
  location: HttpLocation,
  { status, text, location: target }: NonNullable<HttpLocation["answer"]>,
  conditions: Conditions,
  asked: Asked,
): Response {
  const fields: Record<string, string> = {};
  if (text !== "") fields["content-type"] = location.defaultType;
  if (target !== "") fields.location = expand(target, asked, undefined, encodePath);
  return respond(location, status, fields, text === "" ? null : new TextEncoder().encode(text), conditions);
}

async function tryFiles(location: HttpLocation, asked: Asked): Promise<Found> {
  const fallback = location.tryFiles.at(-1) ?? "";
  for (const name of location.tryFiles.slice(0, -1)) {
    const isDirectory = name.endsWith("/");
    const path = cleanPath(`/${expand(isDirectory ? name.slice(0, -1) : name, asked, undefined)}`);
    const file = path === undefined ? undefined : filePath(location, path);
    if (path === undefined || file === undefined) continue;
    const entry = await stat(file).catch(() => undefined);
    if (isDirectory && entry?.isDirectory()) return find(location, path);
    if (!isDirectory && entry?.isFile()) return { kind: "file", path: file };
  }
  if (fallback.startsWith("=")) return { kind: "status", status: Number(fallback.slice(1)) };
  return { kind: "again", to: expand(fallback, asked, undefined, encodePath), isIndex: false };
}

async function find(location: HttpLocation, path: string): Promise<Found> {
  const file = filePath(location, path);
  if (file === undefined) return NONE;
  if (file.endsWith("/")) {
    for (const name of location.index) {
      if (name.startsWith("/")) return { kind: "again", to: name, isIndex: true };
      const entry = await stat(file + name).catch((error) => {
        if (statusOf(error) === 404) return undefined;
        throw error;
      });
      if (entry?.isFile()) return { kind: "again", to: encodePath(path + name), isIndex: true };
    }
    // nginx: 403 for a directory that has no index, 404 for one that does not exist.
    if (!(await stat(file)).isDirectory()) return NONE;
    return location.autoindex ? { kind: "directory", path: file, url: path } : { kind: "status", status: 403 };
  }
  const entry = await stat(file);
  if (entry.isDirectory()) return { kind: "moved", to: `${encodePath(path)}/` };
  // A FIFO or device could block for ever.
  return entry.isFile() ? { kind: "file", path: file } : NONE;
}

const NONE: Found = { kind: "status", status: 404 };

async function send(
  location: HttpLocation,
  path: string,
  conditions: Conditions,
  status: number | undefined,
): Promise<Response> {
  const handle = await open(path);
  try {
    const { size, mtimeMs } = await handle.stat();
    if (size > READ_WHOLE_BYTES) {
      const slice = (start: number, end: number) => Bun.file(path).slice(start, end);
      return sendBody(location, { path, size, mtimeMs }, conditions, status, slice);
    }
    const bytes = Buffer.allocUnsafe(size);
    let length = 0;
    for (let read = -1; read !== 0 && length < size; length += read) {
      read = (await handle.read(bytes, length, size - length, length)).bytesRead;
    }
    const slice = (start: number, end: number) => bytes.subarray(start, end);
    return sendBody(location, { path, size: length, mtimeMs }, conditions, status, slice);
  } finally {
    await handle.close();
  }
}

type File = { readonly path: string; readonly size: number; readonly mtimeMs: number };

function sendBody(
  location: HttpLocation,
  found: File,
  conditions: Conditions,
  status: number | undefined,
  slice: (start: number, end: number) => Uint8Array | Blob,
): Response {
  const { size } = found;
  const seconds = Math.floor(found.mtimeMs / 1000);
  const version = {
    // Finer than nginx's: a playlist can be replaced twice in a second.
    etag: `"${Math.floor(found.mtimeMs).toString(16)}-${size.toString(16)}"`,
    lastModified: new Date(seconds * 1000).toUTCString(),
  };
  const type = { "content-type": typeOf(location, found.path) };
  if (status !== undefined) return respond(location, status, type, slice(0, size), conditions);
  const headers = { "last-modified": version.lastModified, etag: version.etag };
  if (isNotModified(conditions, version)) return respond(location, 304, headers, null, conditions);
  const full = { ...headers, ...type, "accept-ranges": "bytes" };
  const range = requestedRange(conditions, version, size);
  if (range === undefined) return respond(location, 200, full, slice(0, size), conditions);
  const contentRange = formatContentRange(range, size);
  if (range === "unsatisfiable") {
    return respond(location, 416, { "content-range": contentRange }, `416 ${REASONS[416]}\n`, conditions);
  }
  return respond(location, 206, { ...full, "content-range": contentRange }, slice(range.start, range.end), conditions);
}

function respond(
  location: HttpLocation,
  status: number,
  fields: Readonly<Record<string, string>>,
  body: Uint8Array | Blob | string | null,
  conditions: Conditions,
): Response {
  const headers = new Headers({ server: "naru", ...fields });
  if (typeof body === "string") headers.set("content-type", "text/plain; charset=utf-8");
  if (ADD_HEADER_STATUS.has(status)) for (const [name, value] of location.headers) headers.append(name, value);
  for (const [name, value] of location.alwaysHeaders) headers.append(name, value);
  // Bun leaves Date out of answers to HEAD.
  if (conditions.head) headers.set("date", new Date().toUTCString());
  return new Response(body as Uint8Array<ArrayBuffer> | Blob | string | null, { status, headers });
}

/** nginx's `types`: a location's own table, even an empty one, replaces the built-in one. */
function typeOf(location: HttpLocation, path: string): string {
  const types = location.types ?? MEDIA_TYPES;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const extension = dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
  return (Object.hasOwn(types, extension) && types[extension]) || location.defaultType;
}

function statusOf(error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG" || code === "ELOOP") return 404;
  return code === "EACCES" || code === "EPERM" ? 403 : 500;
}

const REASONS: Readonly<Record<number, string>> = {
  403: "this directory is not listed, or the file may not be read",
  404: "there is no such file",
  416: "the file is shorter than the range asked for",
  500: "the file could not be read",
};
