/** A request as nginx's variables tell of it. */
export type Asked = {
  /** Decoded. */
  readonly path: string;
  readonly query: string;
  readonly request: Request;
};

const VARIABLE = /\$(?:\{(\w+)\}|([1-9])|([A-Za-z_]\w*))/g;

const VALUES: Readonly<Record<string, (asked: Asked) => string>> = {
  uri: ({ path }) => path,
  document_uri: ({ path }) => path,
  args: ({ query }) => query,
  query_string: ({ query }) => query,
  is_args: ({ query }) => (query === "" ? "" : "?"),
  request_uri: ({ request }) => request.url.replace(/^[a-z]+:\/\/[^/]*/, ""),
  host: ({ request }) => (request.headers.get("host") ?? "").replace(/:\d+$/, "").toLowerCase(),
  http_host: ({ request }) => request.headers.get("host") ?? "",
  scheme: ({ request }) => (request.url.startsWith("https:") ? "https" : "http"),
  request_method: ({ request }) => request.method,
};

/** Those whose value is a decoded path. */
const PATHS: ReadonlySet<string> = new Set(["uri", "document_uri"]);

/** The first variable in a text that has no value, if there is one; `$1` and the names of groups are the captures'. */
export function unknownVariable(text: string, pattern = ""): string | undefined {
  for (const [written, braced, digit, plain] of text.matchAll(VARIABLE)) {
    const name = braced ?? digit ?? plain ?? "";
    const isCapture = /^\d+$/.test(name) || pattern.includes(`(?<${name}>`);
    if (isCapture ? pattern === "" : !Object.hasOwn(VALUES, name)) return written;
  }
  return undefined;
}

/** Puts the values into a text. @param encode for what is part of a decoded path */
export function expand(
  text: string,
  asked: Asked | undefined,
  captures: RegExpExecArray | undefined,
  encode: (path: string) => string = (path) => path,
): string {
  return text.replace(VARIABLE, (_, braced?: string, digit?: string, plain?: string) => {
    const name = braced ?? digit ?? plain ?? "";
    const captured = /^\d+$/.test(name) ? (captures?.[Number(name)] ?? "") : captures?.groups?.[name];
    if (captured !== undefined) return encode(captured);
    const value = asked && Object.hasOwn(VALUES, name) ? (VALUES[name]?.(asked) ?? "") : "";
    return PATHS.has(name) ? encode(value) : value;
  });
}

/** For URLs. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
