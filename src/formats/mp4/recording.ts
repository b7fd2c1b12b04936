import { ByteWriter } from "../../bytes/writer.ts";
import { endBox, startBox, startFullBox } from "./box-writer.ts";
import { walkBoxes } from "./boxes.ts";

/** A fragment that begins with a keyframe. */
export type RandomAccessPoint = {
  /** Presentation time of the keyframe, in ticks of its track. */
  readonly time: number;
  /** Of the `moof`, in bytes from the start of the file. */
  readonly offset: number;
};

/** `mehd` of version 1: header, version and flags, 64 bits. */
const MEHD_SIZE = 20;

/**
 * An initialization section with a place for the length of all fragments (`mehd`, ISO/IEC 14496-12 8.8.2), which is not known
 * before the end: 0 until then.
 * @returns where the 8 bytes of the length stand, in ticks of the movie's timescale (1,000 a second)
 */
export function withFragmentDuration(init: Uint8Array): { readonly bytes: Uint8Array; readonly durationAt: number } {
  const boxes = [...walkBoxes(init)];
  const moov = boxes.find(({ path }) => path === "moov");
  const mvex = boxes.find(({ path }) => path === "moov/mvex");
  if (!moov || !mvex) throw new RangeError("an initialization section has moov and mvex");
  const at = mvex.offset + 8;
  const bytes = new Uint8Array(init.length + MEHD_SIZE);
  bytes.set(init.subarray(0, at));
  const writer = new ByteWriter(MEHD_SIZE);
  const box = startFullBox(writer, "mehd", 1, 0);
  writer.zeros(8);
  endBox(writer, box);
  bytes.set(writer.take(), at);
  bytes.set(init.subarray(at), at + MEHD_SIZE);
  const view = new DataView(bytes.buffer);
  for (const { offset, size } of [moov, mvex]) view.setUint32(offset, size + MEHD_SIZE);
  return { bytes, durationAt: at + 12 };
}

/** What is written at `durationAt`. @param milliseconds of all fragments */
export function encodeFragmentDuration(milliseconds: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.max(0, Math.round(milliseconds))));
  return bytes;
}

/** The index at the end of a file of fragments (`mfra`, 8.8.9 to 8.8.11), by which players find keyframes. */
export function encodeRandomAccess(trackId: number, points: readonly RandomAccessPoint[]): Uint8Array {
  const writer = new ByteWriter(64 + points.length * 19);
  const mfra = startBox(writer, "mfra");
  const tfra = startFullBox(writer, "tfra", 1, 0);
  // Numbers of traf, trun and sample in one byte each.
  writer.u32(trackId).u32(0).u32(points.length);
  for (const { time, offset } of points) {
    writer.u64(time).u64(offset).u8(1).u8(1).u8(1);
  }
  endBox(writer, tfra);
  const mfro = startFullBox(writer, "mfro", 0, 0);
  writer.u32(writer.length - mfra + 4);
  endBox(writer, mfro);
  endBox(writer, mfra);
  return writer.take();
}
