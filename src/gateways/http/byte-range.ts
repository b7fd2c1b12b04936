/** Offsets of the first byte and of the one behind the last. */
export type ByteRange = { readonly start: number; readonly end: number };

/**
 * Parses a Range header (RFC 9110 14.1.2) against a body of `size` bytes. Undefined where the header is to be ignored: absent,
 * another unit, malformed, or several ranges (14.2 allows the whole body then).
 */
export function parseByteRange(header: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  if (header === null) return undefined;
  const match = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header);
  if (!match) return undefined;
  const [, first, last] = match as unknown as [string, string, string];
  if (first === "") {
    if (last === "") return undefined;
    const length = Number(last);
    return length === 0 || size === 0 ? "unsatisfiable" : { start: Math.max(0, size - length), end: size };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= size) return "unsatisfiable";
  return { start, end: last === "" ? size : Math.min(Number(last) + 1, size) };
}

/** Value of Content-Range. */
export function formatContentRange(range: ByteRange | "unsatisfiable", size: number): string {
  return range === "unsatisfiable" ? `bytes */${size}` : `bytes ${range.start}-${range.end - 1}/${size}`;
}
