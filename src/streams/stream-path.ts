/** Longest path, in UTF-8 bytes: what file systems and HTTP servers take for granted. */
export const MAX_PATH_BYTES = 1024;
/** Longest component, in UTF-8 bytes: the limit of a file name on Linux, less room for `-1234567890.ts`. */
export const MAX_COMPONENT_BYTES = 200;

const utf8 = new TextEncoder();

/**
 * Says what is wrong with a stream's path (`application/name`, the name may have several components), or undefined when it
 * is fine. Any script and spaces are fine; what could escape a directory, break a URL or a log line is not.
 */
export function invalidStreamPath(path: string): string | undefined {
  if (utf8.encode(path).length > MAX_PATH_BYTES) return `the stream path is longer than ${MAX_PATH_BYTES} bytes`;
  const components = path.split("/");
  if (components.length < 2) return "the stream key is empty";
  for (const component of components) {
    if (component === "") return "the application or the stream key is empty";
    if (component === "." || component === "..") return `"${component}" is not allowed in a stream path`;
    if (/[\u0000-\u001f\u007f-\u009f\\]/.test(component))
      return "control characters and backslashes are not allowed in a stream path";
    if (utf8.encode(component).length > MAX_COMPONENT_BYTES)
      return `a part of the stream path is longer than ${MAX_COMPONENT_BYTES} bytes`;
  }
  return undefined;
}

/** The application a path belongs to: its first component. */
export function applicationOf(path: string): string {
  return path.slice(0, path.indexOf("/"));
}
