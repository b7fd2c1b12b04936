/** A URI as a playlist has it, absolute (RFC 3986 5). Throws nothing: what cannot be resolved is left as it is, and fails when fetched. */
export function resolveUrl(uri: string, base: string): string {
  // The common case, without the cost of a parser: a path below the playlist's own.
  if (/^[\w~%-][\w~%./-]*$/.test(uri) && !uri.includes("./")) {
    const path = base.indexOf("?") < 0 ? base : base.slice(0, base.indexOf("?"));
    return path.slice(0, path.lastIndexOf("/") + 1) + uri;
  }
  return URL.canParse(uri, base) ? new URL(uri, base).href : uri;
}

/** The URL with directives behind its own query. */
export function withQuery(url: string, query: string): string {
  if (query === "") return url;
  return `${url}${url.includes("?") ? "&" : "?"}${query}`;
}
