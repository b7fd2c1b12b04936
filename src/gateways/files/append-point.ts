import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Millis } from "../../media/time.ts";

/** Where a file can be gone on with. */
export type AppendPoint = { readonly size: number; readonly lastTime: Millis };

const FILE_HEAD = 13;
const TAG_HEAD = 11;

/**
 * The end of an FLV file: its size, and the time of its last tag. Undefined when there is no such file, or it does not end with a
 * whole tag. Two short reads, done at once: the first bytes of a recording depend on it.
 */
export function flvAppendPoint(path: string): AppendPoint | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(file);
    if (size < FILE_HEAD + TAG_HEAD + 4) return undefined;
    const tagSize = readAt(file, size - 4, 4).getUint32(0);
    const start = size - 4 - tagSize;
    if (tagSize < TAG_HEAD || start < FILE_HEAD) return undefined;
    const head = readAt(file, start, TAG_HEAD);
    if ((head.getUint32(0) & 0xff_ffff) !== tagSize - TAG_HEAD) return undefined;
    const time = head.getUint32(4);
    return { size, lastTime: (time >>> 8) + (time & 0xff) * 0x100_0000 };
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

function readAt(file: number, position: number, length: number): DataView {
  const bytes = new Uint8Array(length);
  if (readSync(file, bytes, 0, length, position) !== length) throw new RangeError("the file has become shorter");
  return new DataView(bytes.buffer);
}
