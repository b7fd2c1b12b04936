import type { Millis } from "../media/time.ts";
import type { FailureKind, RequestKind, ViewerRequest } from "./request.ts";

/** A URL taken apart once: all viewers ask for the same ones. */
export type Target = {
  readonly href: string;
  /** Without the query, and so without delivery directives. */
  readonly base: string;
  readonly origin: string;
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  /** What an HTTP/1.1 request begins with: the request line and Host. */
  readonly head: string;
};

/** Undefined for what is no http or https URL. */
export function parseTarget(href: string): Target | undefined {
  if (!/^https?:/.test(href) || !URL.canParse(href)) return undefined;
  const { origin, hostname, port, protocol, pathname, search, host } = new URL(href);
  const secure = protocol === "https:";
  return {
    href,
    base: `${origin}${pathname}`,
    origin,
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? 443 : 80) : Number(port),
    secure,
    head: `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n`,
  };
}

/** A request on its way, and what has become of it so far. */
export type Exchange = {
  readonly request: ViewerRequest;
  /** Where to ask now: the request's URL, or where redirections lead. */
  target: Target;
  redirects: number;
  readonly askedAt: Millis;
  firstByteAt: Millis | undefined;
  /** Sent again once, after the server had closed the idle connection that it was written to. */
  repeated: boolean;
};

/** What a transport hands back for an exchange. */
export type ExchangeResult = {
  readonly status: number;
  /** Length of the body as sent. */
  readonly bytes: number;
  readonly location: string | undefined;
  /** Content-Encoding; empty for none. */
  readonly encoding: string;
  /** Of a playlist. */
  readonly body: Uint8Array | undefined;
};

export interface ExchangeOwner {
  finished(exchange: Exchange, result: ExchangeResult): void;
  failed(exchange: Exchange, failure: FailureKind): void;
}

/** The connections of one viewer. */
export interface ViewerTransport {
  readonly connections: number;
  send(exchange: Exchange): void;
  /** Forgets a request; its owner hears nothing more of it. */
  abandon(request: ViewerRequest): void;
  /** Fails what has taken too long. */
  sweep(now: Millis): void;
  /** Forgets everything. */
  close(): void;
}

export type TransportOptions = {
  readonly userAgent: string;
  /** Without a byte of the answer for so long, or without all of it for twice as long, a request has failed. */
  readonly timeout: Millis;
  /** Accept certificates that nobody vouches for. */
  readonly insecure: boolean;
  readonly now: () => Millis;
  /** Address to connect to instead of the name; undefined for the name itself. */
  readonly address?: (hostname: string) => string | undefined;
};

/** Whether the body is wanted, and not only its length. */
export const keepsBody = (kind: RequestKind): boolean => kind === "playlist" || kind === "multivariant";

/** Whether an exchange has taken too long. */
export function isLate({ askedAt, firstByteAt }: Exchange, timeout: Millis, now: Millis): boolean {
  return now - askedAt > (firstByteAt === undefined ? timeout : 2 * timeout);
}
