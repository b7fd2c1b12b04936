import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import type { VideoConfig } from "../../media/track.ts";
import type { PesBuffer } from "./pes-buffer.ts";

/** How access units of one H.264 or HEVC config are written as a byte stream (H.264 Annex B, H.265 Annex B). */
export type AnnexB = {
  readonly hevc: boolean;
  /** Access unit delimiter, with start code. */
  readonly delimiter: Uint8Array;
  /** The parameter sets of the config, each with start code. */
  readonly parameterSets: Uint8Array;
};

/** Any primary_pic_type / pic_type. */
const H264_DELIMITER = Uint8Array.of(0, 0, 0, 1, 0x09, 0xf0);
const HEVC_DELIMITER = Uint8Array.of(0, 0, 0, 1, 0x46, 0x01, 0x50);

const H264 = { delimiter: 9, sets: [7, 8] } as const;
const HEVC = { delimiter: 35, sets: [32, 33, 34] } as const;

/** @throws MalformedError when the config's record is broken */
export function toAnnexB(config: VideoConfig): AnnexB {
  const hevc = config.codec === "hevc";
  return {
    hevc,
    delimiter: hevc ? HEVC_DELIMITER : H264_DELIMITER,
    parameterSets: hevc ? readHevcSets(config.record) : readH264Sets(config.record),
  };
}

/**
 * Appends an access unit of length-prefixed NAL units: delimiter, parameter sets if asked for, then its units. A
 * delimiter of its own is left out; parameter sets of its own take the place of the config's. A broken length ends it there.
 */
export function appendAccessUnit(pes: PesBuffer, data: Uint8Array, withSets: boolean, format: AnnexB): void {
  pes.append(format.delimiter);
  if (withSets && !hasParameterSets(data, format)) pes.append(format.parameterSets);

  const delimiter = format.hevc ? HEVC.delimiter : H264.delimiter;
  let run = 0;
  let at = 0;
  while (at + 4 < data.length) {
    const length = unitLength(data, at);
    if (length > data.length - at - 4) break;
    if (length === 0 || unitType(data, at, format.hevc) === delimiter) {
      appendRun(pes, data, run, at);
      run = at + 4 + length;
    }
    at += 4 + length;
  }
  appendRun(pes, data, run, at);
}

/** Copies whole units at once: a length is as long as a start code, so only those are written anew. */
function appendRun(pes: PesBuffer, data: Uint8Array, from: number, to: number): void {
  if (from >= to) return;
  const base = pes.size - from;
  pes.appendRange(data, from, to);
  const bytes = pes.bytes;
  for (let at = from; at < to; at += 4 + unitLength(data, at)) {
    bytes[base + at] = 0;
    bytes[base + at + 1] = 0;
    bytes[base + at + 2] = 0;
    bytes[base + at + 3] = 1;
  }
}

function hasParameterSets(data: Uint8Array, format: AnnexB): boolean {
  const sets = format.hevc ? HEVC.sets : H264.sets;
  let found = 0;
  for (let at = 0; at + 4 < data.length; at += 4 + unitLength(data, at)) {
    const index = sets.indexOf(unitType(data, at, format.hevc) as never);
    if (index >= 0) found |= 1 << index;
  }
  return found === (1 << sets.length) - 1;
}

function unitLength(data: Uint8Array, at: number): number {
  return (
    (((data[at] as number) << 24) |
      ((data[at + 1] as number) << 16) |
      ((data[at + 2] as number) << 8) |
      (data[at + 3] as number)) >>>
    0
  );
}

function unitType(data: Uint8Array, at: number, hevc: boolean): number {
  const header = data[at + 4] as number;
  return hevc ? (header >> 1) & 0x3f : header & 0x1f;
}

/** AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1): the SPS and PPS. */
function readH264Sets(record: Uint8Array): Uint8Array {
  const reader = new ByteReader(record);
  const out = new ByteWriter(record.length + 16);
  reader.skip(5);
  for (let count = reader.u8() & 31; count > 0; count--) out.u32(1).bytes(reader.bytes(reader.u16()));
  for (let count = reader.u8(); count > 0; count--) out.u32(1).bytes(reader.bytes(reader.u16()));
  return out.take();
}

/** HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1): its arrays, VPS, SPS and PPS before SEI. */
function readHevcSets(record: Uint8Array): Uint8Array {
  const reader = new ByteReader(record);
  const units: { readonly type: number; readonly unit: Uint8Array }[] = [];
  reader.skip(22);
  for (let arrays = reader.u8(); arrays > 0; arrays--) {
    const type = reader.u8() & 0x3f;
    for (let count = reader.u16(); count > 0; count--) units.push({ type, unit: reader.bytes(reader.u16()) });
  }
  units.sort((a, b) => a.type - b.type);
  const out = new ByteWriter(record.length + 16);
  for (const { unit } of units) out.u32(1).bytes(unit);
  return out.take();
}
