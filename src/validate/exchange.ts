/** What is asked for. */
export type ResourceKind = "playlist" | "segment" | "part" | "init" | "key";

/** A request and its answer. Times are monotonic milliseconds. */
export type Exchange = {
  readonly kind: ResourceKind;
  /** As asked for. */
  readonly url: string;
  /** Of the last redirect. */
  readonly finalUrl: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** 0 where there was no answer; `error` says why. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without content coding. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Length of the body on the wire. */
  readonly wireLength: number;
  readonly error?: "timeout" | "refused" | "too-large" | "bad-coding" | "aborted";
  readonly errorText?: string;
  readonly sentAt: number;
  readonly headersAt: number;
  /** First byte of the body; that of the end where it is empty. */
  readonly firstByteAt: number;
  readonly doneAt: number;
};

/** Delivery directives of a playlist request (RFC 8216bis 6.2.5). */
export type Directives = { readonly msn?: number; readonly part?: number; readonly skip: boolean };

/** Whether the server answered at all. */
export function isAnswered({ status, error }: Exchange): boolean {
  return status > 0 && error !== "timeout" && error !== "aborted";
}

/** Value of a directive of Cache-Control; empty for one without a value, undefined where it is missing. */
export function cacheDirective({ headers }: Exchange, name: string): string | undefined {
  for (const item of headers["cache-control"]?.split(",") ?? []) {
    const [key = "", value = ""] = item.trim().split("=");
    if (key.toLowerCase() === name) return value.replace(/"/g, "");
  }
  return undefined;
}

/** Seconds that a shared cache may keep the answer without asking; undefined where it does not say. */
export function freshnessOf(exchange: Exchange): number | undefined {
  if (cacheDirective(exchange, "no-store") !== undefined || cacheDirective(exchange, "no-cache") !== undefined)
    return 0;
  if (cacheDirective(exchange, "private") !== undefined) return 0;
  const age = cacheDirective(exchange, "s-maxage") ?? cacheDirective(exchange, "max-age");
  if (age !== undefined && /^\d+$/.test(age)) return Number(age);
  const [expires, date] = [Date.parse(exchange.headers.expires ?? ""), Date.parse(exchange.headers.date ?? "")];
  return Number.isNaN(expires) || Number.isNaN(date) ? undefined : Math.max(0, (expires - date) / 1000);
}
