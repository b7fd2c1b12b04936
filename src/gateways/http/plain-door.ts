import { baseHeaders } from "./base-headers.ts";

/** RFC 8555 8.3: where a certificate authority looks. */
const CHALLENGE_PATH = "/.well-known/acme-challenge/";

export type PlainDoor = {
  readonly challenges: Readonly<Record<string, string>>;
  /** Port of HTTPS, when everybody is sent there. */
  readonly redirectTo: number | undefined;
  /** Value of Access-Control-Allow-Origin; a player on another site follows only what bears it. */
  readonly cors: string;
};

/**
 * What is answered by plain HTTP before all else: what a certificate authority asks for, and where HTTPS is. The authority is never
 * sent to HTTPS, where the certificate is what it is asked for.
 */
export function answerAtDoor(request: Request, { challenges, redirectTo, cors }: PlainDoor): Response | undefined {
  const from = request.url.indexOf("/", "http://".length);
  const target = from < 0 ? "/" : request.url.slice(from);
  if (target.startsWith(CHALLENGE_PATH)) {
    const token = target.slice(CHALLENGE_PATH.length);
    const answer = Object.hasOwn(challenges, token) ? challenges[token] : undefined;
    if (answer !== undefined) return new Response(answer, { headers: { "content-type": "application/octet-stream" } });
  }
  if (redirectTo === undefined) return undefined;
  const host = hostOf(request.url);
  if (host === undefined) return undefined;
  const location = `https://${host}${redirectTo === 443 ? "" : `:${redirectTo}`}${target}`;
  // Not for ever: a browser that remembered it for good could not be called back.
  return new Response(null, {
    status: 301,
    headers: { ...baseHeaders(cors), location, "cache-control": "max-age=3600" },
  });
}

/** With brackets around IPv6. */
const hostOf = (url: string): string | undefined => /^http:\/\/(\[[^\]/]*\]|[^:/?#]+)/i.exec(url)?.[1];
