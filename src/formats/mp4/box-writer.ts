import type { ByteWriter } from "../../bytes/writer.ts";

/** Begins a box (ISO/IEC 14496-12 4.2); `endBox` with the returned offset fills in its size. */
export function startBox(writer: ByteWriter, type: string): number {
  const start = writer.length;
  writer.u32(0).ascii(type);
  return start;
}

export function startFullBox(writer: ByteWriter, type: string, version: number, flags: number): number {
  const start = startBox(writer, type);
  writer.u8(version).u24(flags);
  return start;
}

export function endBox(writer: ByteWriter, start: number): void {
  writer.setU32(start, writer.length - start);
}
