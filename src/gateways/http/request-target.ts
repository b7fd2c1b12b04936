/** What a request asks for, decoded. */
export type RequestTarget = {
  /** Decoded, starts with `/`, without empty, `.` or `..` components; keeps a trailing slash. */
  readonly path: string;
  /** Everything behind the `?`, as it came. */
  readonly query: string;
};

/** Longest URL answered; players' URLs stay below 2,000 characters, and nginx stops at 8 KiB too. */
export const MAX_TARGET_LENGTH = 8192;

/**
 * Reads the URL of a `Request`, which may be absolute or (without a usable Host header) only a path. Undefined when its
 * percent-encoding is broken, it holds a NUL, or it climbs above the root once decoded.
 */
export function parseRequestTarget(url: string): RequestTarget | undefined {
  const start = url.charCodeAt(0) === SLASH ? 0 : url.indexOf("/", url.indexOf("//") + 2);
  if (start < 0) return undefined;
  const mark = url.indexOf("?", start);
  const raw = mark < 0 ? url.slice(start) : url.slice(start, mark);
  const query = mark < 0 ? "" : url.slice(mark + 1);
  const path = /%|\/\/|\/\.|\0/.test(raw) ? normalise(raw) : raw;
  return path === undefined ? undefined : { path, query };
}

const SLASH = 0x2f;

/** Decodes, then merges slashes and resolves dots, in that order: an encoded slash or dot must not slip by. */
function normalise(raw: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(raw);
  } catch {
    return undefined;
  }
  return cleanPath(decoded);
}

/** Merges slashes and resolves dots of a decoded path; undefined when it holds a NUL or climbs above the root. */
export function cleanPath(decoded: string): string | undefined {
  if (decoded.includes("\0")) return undefined;
  const components: string[] = [];
  let last = "";
  for (const component of decoded.split("/")) {
    last = component;
    if (component === "" || component === ".") continue;
    if (component !== "..") components.push(component);
    else if (components.pop() === undefined) return undefined;
  }
  const trailing = last === "" || last === "." || last === "..";
  return components.length === 0 ? "/" : `/${components.join("/")}${trailing ? "/" : ""}`;
}
