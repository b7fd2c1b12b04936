import { parseRtmpUrl } from "../protocols/rtmp/url.ts";

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

/** Parses `rtmp://host[:port]/app/name[?query]`, or rtmps. The name is what follows the last slash. Undefined when it is none. */
export function parsePublishUrl(url: string): PublishTarget | undefined {
  const parsed = parseRtmpUrl(url);
  const path = parsed && /^([^?#]*[^?#/])\/+([^/?#]+(?:\?.*)?)$/.exec(`${parsed.app}/${parsed.name}`);
  if (!path || parsed.user !== undefined || !/^rtmps?:/i.test(url)) return undefined;
  const [, app = "", name = ""] = path;
  const { tls, host, port, origin } = parsed;
  return { tls, host, port, app, name, tcUrl: `${origin}/${app}` };
}
