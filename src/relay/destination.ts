import { maskRtmpUrl, parseRtmpUrl } from "../protocols/rtmp/url.ts";
import type { PushConfig } from "./config.ts";

/** A server, and what is said to it. */
export type Destination = {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
  readonly app: string;
  /** With its query, if it has one. */
  readonly name: string;
  readonly tcUrl: string;
  readonly pageUrl: string | undefined;
  readonly swfUrl: string | undefined;
  readonly flashVer: string | undefined;
  /** A certificate that nobody vouches for will do. */
  readonly insecure: boolean;
  /** For people: without secrets. */
  readonly shown: string;
};

type Target = Pick<PushConfig, "url" | "app" | "name" | "tcUrl" | "pageUrl" | "swfUrl" | "flashVer" | "insecure">;

/** What the target does not say is as it is of the stream: its application and its name. */
export function destinationOf(target: Target, stream: { readonly app: string; readonly name: string }): Destination {
  const url = parseRtmpUrl(target.url);
  if (!url) throw new TypeError("not an RTMP URL");
  const app = target.app || url.app || stream.app;
  const own = url.name.startsWith("?") ? stream.name + url.name : url.name || stream.name;
  const { tls, host, port, user, password, origin } = url;
  return {
    tls,
    host,
    port,
    credentials: user ? { user, password: password ?? "" } : undefined,
    app,
    name: target.name || own,
    tcUrl: target.tcUrl ?? `${origin}/${app}`,
    pageUrl: target.pageUrl,
    swfUrl: target.swfUrl,
    flashVer: target.flashVer,
    insecure: target.insecure,
    shown: maskRtmpUrl(target.url),
  };
}
