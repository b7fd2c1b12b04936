import { readFileSync, statSync } from "node:fs";
import { ConfigError, type MistakeCode } from "../mistake.ts";

/** No configuration is this long; a log or a video given by mistake is. */
export const MAX_FILE_BYTES = 4 * 1024 ** 2;

/**
 * Reads a text file.
 * @param file as the user wrote it, for messages; @param path where it really is
 * @param encoding `lenient` replaces bytes that are not UTF-8, which old nginx files have in comments
 * @throws ConfigError when it cannot be read as text
 */
export function readText(file: string, path: string, encoding: "strict" | "lenient" = "strict"): string {
  const bytes = readBytes(file, path);
  if (bytes.length > MAX_FILE_BYTES) fail(file, "file-too-large", tooLarge(bytes.length));
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    fail(file, "file-not-text", "expected UTF-8 text, got UTF-16", "save the file as UTF-8");
  }
  if (bytes.includes(0)) fail(file, "file-not-text", "expected a text file, got binary data");
  try {
    return new TextDecoder("utf-8", { fatal: encoding === "strict" }).decode(bytes);
  } catch {
    return fail(file, "file-not-text", "expected UTF-8 text, got bytes that are not UTF-8", "save the file as UTF-8");
  }
}

function readBytes(file: string, path: string): Uint8Array {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) {
      fail(
        file,
        "file-is-directory",
        "expected a file, got a directory",
        "name the file in it: -c DIRECTORY/naru.yaml",
      );
    }
    // A pipe (`-c <(...)`, /dev/stdin) has no size; a disk or terminal would never end.
    if (!stat.isFile() && !stat.isFIFO()) fail(file, "file-unreadable", "expected a file, got a device or socket");
    if (stat.size > MAX_FILE_BYTES) fail(file, "file-too-large", tooLarge(stat.size));
    return readFileSync(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOENT" || code === "ENOTDIR") return fail(file, "file-not-found", "no such file");
    if (code === "EACCES" || code === "EPERM") {
      return fail(file, "file-unreadable", "no permission to read the file", "check its owner and mode: ls -l");
    }
    return fail(file, "file-unreadable", `cannot be read (${code || String(error)})`);
  }
}

const tooLarge = (bytes: number): string =>
  `expected a configuration of at most ${MAX_FILE_BYTES / 1024 ** 2} MiB, got ${Math.ceil(bytes / 1024 ** 2)} MiB`;

function fail(file: string, code: MistakeCode, message: string, hint?: string): never {
  throw new ConfigError([{ code, source: { from: "file", file }, path: "", message, ...(hint ? { hint } : {}) }]);
}
