/** Where an RTMP server is, and what of it is meant. */
export type RtmpUrl = {
  readonly tls: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** Decoded; undefined when the URL has none. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** The path's first part; empty when there is none. */
  readonly app: string;
  /** The rest of the path, with the query if there is one; empty when there is none. */
  readonly name: string;
  /** Scheme, host and, where it is not the scheme's own, port. */
  readonly origin: string;
};

const PORTS = { rtmp: 1935, rtmps: 443 } as const;

const FORM =
  /^(?:(rtmps?):\/\/)?(?:([^/?#@:\s]*)(?::([^/?#@\s]*))?@)?(\[[0-9a-f:.]+(?:%[\w.~-]+)?\]|[^/:?#@[\]\s]+)(?::(\d{1,5}))?(?:\/+(\S.*)?)?$/i;

/** Parses `rtmp[s]://[user:password@]host[:port][/app[/name][?query]]`. Without a scheme it is rtmp. Undefined when it is none. */
export function parseRtmpUrl(url: string): RtmpUrl | undefined {
  const match = FORM.exec(url.trim());
  if (!match) return undefined;
  const [, written = "rtmp", user, password, host = "", digits, rest = ""] = match;
  const scheme = written.toLowerCase() === "rtmps" ? "rtmps" : "rtmp";
  const port = digits === undefined ? PORTS[scheme] : Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  const query = rest.indexOf("?");
  const path = query < 0 ? rest : rest.slice(0, query);
  const cut = path.indexOf("/");
  return {
    tls: scheme === "rtmps",
    host: host.replace(/^\[|\]$/g, ""),
    port,
    user: user && decode(user),
    password: password && decode(password),
    app: cut < 0 ? path : path.slice(0, cut),
    name: cut < 0 ? (query < 0 ? "" : rest.slice(query)) : rest.slice(cut + 1),
    origin: `${scheme}://${port === PORTS[scheme] ? host : `${host}:${port}`}`,
  };
}

/** The same without what may be a secret: user, password, stream key and query. */
export function maskRtmpUrl(url: string): string {
  const parsed = parseRtmpUrl(url);
  if (!parsed) return "***";
  const { origin, app, name } = parsed;
  return `${origin}${app === "" ? "" : `/${app}`}${name === "" ? "" : "/***"}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
