import { type ByteRange, parseByteRange } from "./byte-range.ts";

/** What a client already has, and which part of the body it wants (RFC 9110 13, 14). Header values as they came. */
export type Conditions = {
  readonly head: boolean;
  readonly gzip: boolean;
  readonly ifNoneMatch: string | null;
  readonly ifModifiedSince: string | null;
  readonly ifRange: string | null;
  readonly range: string | null;
};

/** A version of a resource. */
export type Version = {
  /** Quoted, with `W/` where the bytes may differ. */
  readonly etag: string;
  /** As in Last-Modified. */
  readonly lastModified?: string;
};

export function readConditions(request: Request): Conditions {
  const headers = request.headers;
  return {
    head: request.method === "HEAD",
    gzip: acceptsGzip(headers.get("accept-encoding")),
    ifNoneMatch: headers.get("if-none-match"),
    ifModifiedSince: headers.get("if-modified-since"),
    ifRange: headers.get("if-range"),
    range: headers.get("range"),
  };
}

/** True when the client has this version already, so that 304 is the answer (RFC 9110 13.2.2). */
export function isNotModified(conditions: Conditions, version: Version): boolean {
  if (conditions.ifNoneMatch !== null) return matchesEtag(conditions.ifNoneMatch, version.etag);
  return version.lastModified !== undefined && conditions.ifModifiedSince === version.lastModified;
}

/** The range to answer with; Range counts for GET only, and only while If-Range holds (RFC 9110 13.1.5, strong comparison). */
export function requestedRange(
  conditions: Conditions,
  version: Version,
  size: number,
): ByteRange | "unsatisfiable" | undefined {
  if (conditions.head || conditions.range === null) return undefined;
  const { ifRange } = conditions;
  if (ifRange !== null) {
    const same = ifRange.startsWith('"') ? ifRange === version.etag : ifRange === version.lastModified;
    if (!same) return undefined;
  }
  return parseByteRange(conditions.range, size);
}

/** What browsers and players send, so that it need not be taken apart for each request. */
const USUAL_WITH_GZIP: ReadonlySet<string> = new Set([
  "gzip",
  "gzip, deflate",
  "gzip, deflate, br",
  "gzip, deflate, br, zstd",
  "deflate, gzip",
]);

/** Whether gzip is acceptable by an Accept-Encoding header (RFC 9110 12.5.3). */
export function acceptsGzip(header: string | null): boolean {
  if (header === null) return false;
  if (USUAL_WITH_GZIP.has(header)) return true;
  let any = false;
  for (const item of header.split(",")) {
    const [coding = "", ...parameters] = item.split(";");
    const name = coding.trim().toLowerCase();
    if (name !== "gzip" && name !== "x-gzip" && name !== "*") continue;
    const refused = parameters.some((parameter) => /^\s*q\s*=\s*0(?:\.0*)?\s*$/i.test(parameter));
    if (name !== "*") return !refused;
    any = !refused;
  }
  return any;
}

/** Weak comparison (RFC 9110 8.8.3.2). */
function matchesEtag(header: string, etag: string): boolean {
  if (header === etag || header.trim() === "*") return true;
  const opaque = etag.replace(/^W\//, "");
  return header.split(",").some((candidate) => candidate.trim().replace(/^W\//, "") === opaque);
}
