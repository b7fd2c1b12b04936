import { open, stat } from "node:fs/promises";
import { formatContentRange } from "./byte-range.ts";
import { type Conditions, isNotModified, requestedRange } from "./conditions.ts";
import type { HttpLocation } from "./config.ts";
import { filePath } from "./location.ts";
import { MEDIA_TYPES } from "./media-types.ts";

/** Up to this, a file is read at once, so that length, ETag and bytes belong together while playlists are replaced. */
const READ_WHOLE_BYTES = 256 * 1024;

/** nginx's add_header applies to these only (ngx_http_headers_module, without `always`). */
const ADD_HEADER_STATUS: ReadonlySet<number> = new Set([200, 201, 204, 206, 301, 302, 303, 304, 307, 308]);

type Found = { readonly path: string; readonly size: number; readonly mtimeMs: number };

/** Answers a GET or HEAD of a file below a location the way nginx's static module does. Never rejects. */
export async function answerFile(location: HttpLocation, path: string, conditions: Conditions): Promise<Response> {
  try {
    const found = await find(location, path);
    if (typeof found === "number") return respond(location, found, {}, `${found} ${REASONS[found]}\n`, conditions);
    if (typeof found === "string") return respond(location, 301, { location: found }, null, conditions);
    return await send(location, found, conditions);
  } catch (error) {
    const status = statusOf(error);
    return respond(location, status, {}, `${status} ${REASONS[status]}\n`, conditions);
  }
}

/** Whether there is a file to answer with. */
export async function hasFile(location: HttpLocation, path: string): Promise<boolean> {
  return typeof (await find(location, path).catch(() => 404)) === "object";
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
): Response {
  const fields: Record<string, string> = {};
  if (text !== "") fields["content-type"] = location.defaultType;
  if (target !== "") fields.location = target;
  return respond(location, status, fields, text === "" ? null : new TextEncoder().encode(text), conditions);
}

/** A file, a status, or where to be redirected to: a directory without its slash. */
async function find(location: HttpLocation, path: string): Promise<Found | number | string> {
  const file = filePath(location, path);
  if (file === undefined) return 404;
  const entry = await stat(file.endsWith("/") ? `${file}index.html` : file).catch((error) => {
    if (file.endsWith("/") && statusOf(error) === 404) return undefined;
    throw error;
  });
  // nginx: 403 for a directory that has no index, 404 for one that does not exist.
  if (!entry) return (await stat(file)).isDirectory() ? 403 : 404;
  if (entry.isDirectory()) return file.endsWith("/") ? 403 : `${path.split("/").map(encodeURIComponent).join("/")}/`;
  // A FIFO or device could block for ever.
  if (!entry.isFile()) return 404;
  return { path: file.endsWith("/") ? `${file}index.html` : file, size: entry.size, mtimeMs: entry.mtimeMs };
}

async function send(location: HttpLocation, found: Found, conditions: Conditions): Promise<Response> {
  const handle = await open(found.path);
  try {
    const { size, mtimeMs } = await handle.stat();
    if (size > READ_WHOLE_BYTES) {
      return sendBody(location, { path: found.path, size, mtimeMs }, conditions, (start, end) =>
        Bun.file(found.path).slice(start, end),
      );
    }
    const bytes = Buffer.allocUnsafe(size);
    let length = 0;
    for (let read = -1; read !== 0 && length < size; length += read) {
      read = (await handle.read(bytes, length, size - length, length)).bytesRead;
    }
    return sendBody(location, { path: found.path, size: length, mtimeMs }, conditions, (start, end) =>
      bytes.subarray(start, end),
    );
  } finally {
    await handle.close();
  }
}

function sendBody(
  location: HttpLocation,
  found: Found,
  conditions: Conditions,
  slice: (start: number, end: number) => Uint8Array | Blob,
): Response {
  const { size } = found;
  const seconds = Math.floor(found.mtimeMs / 1000);
  const version = {
    // Finer than nginx's: a playlist can be replaced twice in a second.
    etag: `"${Math.floor(found.mtimeMs).toString(16)}-${size.toString(16)}"`,
    lastModified: new Date(seconds * 1000).toUTCString(),
  };
  const headers = { "last-modified": version.lastModified, etag: version.etag };
  if (isNotModified(conditions, version)) return respond(location, 304, headers, null, conditions);
  const full = { ...headers, "content-type": typeOf(location, found.path), "accept-ranges": "bytes" };
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
