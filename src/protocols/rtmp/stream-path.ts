/** Longest component of a path, in UTF-8 bytes: what file systems take. */
export const MAX_COMPONENT_BYTES = 255;
/** Longest path, in UTF-8 bytes. */
export const MAX_PATH_BYTES = 1024;

/** Longest app, name or tcUrl, in characters: a path of the greatest length, percent-encoded, and a query with long tokens. */
const MAX_INPUT = 16_384;

/** What a client named, as it came. */
export type StreamTarget = {
  /** Of the connect command; may carry a query, an instance, or the whole path. */
  readonly app: string;
  /** Of publish or play; may carry a query, a prefix such as `mp4:`, or be empty. */
  readonly name: string;
  readonly tcUrl?: string;
};

export type StreamPath = {
  readonly valid: true;
  /** `app/name` */
  readonly path: string;
  /** First component. */
  readonly app: string;
  /** The rest; may contain `/`. */
  readonly name: string;
  /** All queries, raw, joined with `&`. */
  readonly query: string;
};

export type InvalidStreamPath = {
  readonly valid: false;
  /** What the user can do something about, in words. Does not repeat the input. */
  readonly reason: string;
};

/**
 * Makes one path of the many forms in which clients spread it over app, tcUrl and name. Percent-encoding is decoded,
 * Unicode is brought to NFC (macOS sends decomposed Hangul), doubled slashes, `_definst_` and the prefixes `mp4:` and `flv:` go.
 */
export function parseStreamPath(target: StreamTarget): StreamPath | InvalidStreamPath {
  if (Math.max(target.app.length, target.name.length, target.tcUrl?.length ?? 0) > MAX_INPUT) {
    return { valid: false, reason: `the stream path is longer than ${MAX_PATH_BYTES} bytes` };
  }
  const tcUrl = splitQuery(pathOfUrl(clean(target.tcUrl ?? "").replaceAll("'", "")));
  const app = splitQuery(withoutFragment(clean(target.app)));
  const name = splitQuery(clean(target.name));
  const queries = [tcUrl.query, app.query];
  // `live?user=u/stream` with an empty name: the name was cut off inside the query of the URL.
  if (name.path === "" && name.query === "" && app.query.includes("/")) {
    const cut = app.query.lastIndexOf("/");
    name.path = app.query.slice(cut + 1);
    queries.splice(0, 2, app.query.slice(0, cut));
  }
  queries.push(name.query);

  const appPath = decode(app.path === "" ? tcUrl.path : app.path);
  const namePath = withoutDecoration(decode(name.path));
  const components = `${appPath}/${namePath}`.normalize("NFC").split("/").filter(isSignificant);
  const reason = invalidReason(components);
  if (reason !== undefined) return { valid: false, reason };
  return {
    valid: true,
    path: components.join("/"),
    app: components[0] as string,
    name: components.slice(1).join("/"),
    query: [...new Set(queries)].filter((query) => query !== "").join("&"),
  };
}

/** The application that a connect command names, which may have several components, or none, and what stands behind `?`. */
export function parseApplication({ app, tcUrl = "" }: Omit<StreamTarget, "name">): { app: string; query: string } {
  const named = splitQuery(withoutFragment(clean(app.slice(0, MAX_INPUT))));
  const { path, query } = named.path === "" ? splitQuery(pathOfUrl(clean(tcUrl.slice(0, MAX_INPUT)))) : named;
  const components = decode(path).normalize("NFC").split("/").filter(isSignificant);
  return { app: components.join("/").slice(0, MAX_PATH_BYTES), query };
}

/** What stands behind `?` in the name of a publish or play. */
export function argumentsOf(name: string): string {
  return splitQuery(clean(name.slice(0, MAX_INPUT))).query;
}

function invalidReason(components: readonly string[]): string | undefined {
  if (components.length === 0) return "the URL names neither an application nor a stream key";
  if (components.length === 1) return "the stream key is empty; publish to rtmp://server/application with a stream key";
  for (const component of components) {
    if (component === "." || component === "..") return `"${component}" is not allowed in a stream path`;
    if (/[\p{Cc}\u2028\u2029\\]/u.test(component)) {
      return "control characters and backslashes are not allowed in a stream path";
    }
    if (component.includes("\ufffd")) return "the stream path is not valid UTF-8";
    if (byteLength(component) > MAX_COMPONENT_BYTES) {
      return `a part of the stream path is longer than ${MAX_COMPONENT_BYTES} bytes`;
    }
  }
  if (byteLength(components.join("/")) > MAX_PATH_BYTES)
    return `the stream path is longer than ${MAX_PATH_BYTES} bytes`;
  return undefined;
}

function isSignificant(component: string): boolean {
  return component !== "" && component !== "_definst_";
}

/** Without the padding and the librtmp options (`key live=1 timeout=5`) that end up in what is sent. */
function clean(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isPadding(text.charCodeAt(start))) start++;
  while (end > start && isPadding(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end).replace(LIBRTMP_OPTIONS, "");
}

const LIBRTMP_OPTIONS =
  / (?:live|timeout|buffer|token|subscribe|conn|playpath|flashVer|swfUrl|swfVfy|pageUrl|tcUrl|pubUser|pubPasswd)=.*$/s;

/** Space, tab, line ends, NUL. */
function isPadding(code: number): boolean {
  return code === 0x20 || code === 0 || (code >= 9 && code <= 13);
}

function splitQuery(text: string): { path: string; query: string } {
  // FMLE separates the virtual host with dots: `live...vhost...example.com`.
  const plain = text.replace(/\.\.\.vhost\.\.\./, "?vhost=");
  const at = plain.indexOf("?");
  return at < 0 ? { path: plain, query: "" } : { path: plain.slice(0, at), query: plain.slice(at + 1) };
}

function withoutFragment(app: string): string {
  const at = app.indexOf("#");
  return at < 0 ? app : app.slice(0, at);
}

/** What stands behind the host, which may be an IPv6 literal or carry user and password. */
function pathOfUrl(url: string): string {
  return /^[a-z]+:\/\/[^/?]*\/?(.*)$/is.exec(url)?.[1] ?? "";
}

function withoutDecoration(name: string): string {
  return name.replace(/^(?:mp4|flv|f4v):/, "").replace(/(?<=[^/])\.flv$/, "");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
