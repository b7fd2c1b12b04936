import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import type { Reading } from "../reading.ts";

/** An outermost box of a file, whose content need not be in memory. */
export type TopBox = { readonly type: string; readonly size: number; readonly header: number };

const HEAD = 8;
const WIDE_HEAD = 16;

/** Undefined at the end of the file. @throws MalformedError for a box that is shorter than its header */
export function* readBoxHead(offset: number): Reading<TopBox | undefined> {
  const bytes = yield { offset, length: WIDE_HEAD };
  if (bytes.length < HEAD) return undefined;
  const reader = new ByteReader(bytes);
  let size = reader.u32();
  const type = reader.ascii(4);
  const isWide = size === 1;
  if (isWide && bytes.length < WIDE_HEAD) return undefined;
  if (isWide) size = reader.u64();
  // Up to the end of the file.
  else if (size === 0) size = Number.MAX_SAFE_INTEGER - offset;
  const header = isWide ? WIDE_HEAD : HEAD;
  if (size < header || !Number.isSafeInteger(offset + size))
    throw new MalformedError(`${type} box of ${size} bytes`, offset);
  return { type, size, header };
}
