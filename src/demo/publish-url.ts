/** Where to publish. */
export type PublishTarget = {
  readonly tls: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly app: string;
  /** The stream's name, with its query if there is one. */
  readonly name: string;
  /** `rtmp://host:port/app`, as the connect command carries it. */
  readonly tcUrl: string;
};

const PORTS = { rtmp: 1935, rtmps: 443 } as const;

/** Parses `rtmp://host[:port]/app/name[?query]`, or rtmps. The name is what follows the last slash. Undefined when it is none. */
export function parsePublishUrl(url: string): PublishTarget | undefined {
  const match =
    /^(rtmps?):\/\/(\[[0-9a-f:.%]+\]|[^/:?#@[\]\s]+)(?::(\d{1,5}))?\/+([^?#]*[^?#/])\/+([^/?#]+(?:\?.*)?)$/i.exec(url);
  if (!match) return undefined;
  const [, protocol = "", host = "", digits, app = "", name = ""] = match;
  const scheme = protocol.toLowerCase() === "rtmps" ? "rtmps" : "rtmp";
  const port = digits === undefined ? PORTS[scheme] : Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  const authority = port === PORTS[scheme] ? host : `${host}:${port}`;
  return {
    tls: scheme === "rtmps",
    host: host.replace(/^\[|\]$/g, ""),
    port,
    app,
    name,
    tcUrl: `${scheme}://${authority}/${app}`,
  };
}
