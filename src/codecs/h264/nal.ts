import { addDistinct, nalEnd } from "../nal-units.ts";

export { forEachNal, fromAnnexB, looksLikeAnnexB, nalEnd, toFourByteLengths } from "../nal-units.ts";

/** nal_unit_type (H.264 table 7-1). */
export const NAL_IDR = 5;
export const NAL_SEI = 6;
export const NAL_SPS = 7;
export const NAL_PPS = 8;
export const NAL_AUD = 9;

export type AvcParameterSets = { readonly sps: Uint8Array[]; readonly pps: Uint8Array[] };

/** Bytes of each NAL unit's length field, 1 to 4, of an AVCDecoderConfigurationRecord; 4 when the record is too short to say. */
export function lengthSizeOf(record: Uint8Array): number {
  return record.length > 4 ? ((record[4] as number) & 3) + 1 : 4;
}

/** nal_unit_type of a NAL unit's first byte. */
export function nalType(firstByte: number): number {
  return firstByte & 0x1f;
}

/** Whether decoding can start here: an IDR slice, or a recovery point SEI with recovery_frame_cnt 0 (H.264 D.2.8). */
export function isKeyAccessUnit(data: Uint8Array): boolean {
  for (let at = 0, end = nalEnd(data, 0); end >= 0; at = end, end = nalEnd(data, at)) {
    const start = at + 4;
    if (end === start) continue;
    const type = nalType(data[start] as number);
    if (type === NAL_IDR) return true;
    if (type >= 1 && type < NAL_IDR) return false;
    if (type === NAL_SEI && isImmediateRecoveryPoint(data, start + 1, end)) return true;
  }
  return false;
}

/** SPS and PPS in front of the first slice, as views of `data`; undefined when there are none. */
export function parameterSetsIn(data: Uint8Array): AvcParameterSets | undefined {
  let found: AvcParameterSets | undefined;
  for (let at = 0, end = nalEnd(data, 0); end >= 0; at = end, end = nalEnd(data, at)) {
    const start = at + 4;
    if (end === start) continue;
    const type = nalType(data[start] as number);
    if (type >= 1 && type <= NAL_IDR) break;
    if (type !== NAL_SPS && type !== NAL_PPS) continue;
    found ??= { sps: [], pps: [] };
    addDistinct(type === NAL_SPS ? found.sps : found.pps, data.subarray(start, end));
  }
  return found;
}

const SEI_RECOVERY_POINT = 6;

/**
 * Walks the SEI messages of `data[at .. end)`, over emulation prevention bytes and without a copy. recovery_frame_cnt is
 * ue(v), so it is 0 exactly when the first bit of the payload is set.
 */
function isImmediateRecoveryPoint(data: Uint8Array, at: number, end: number): boolean {
  let field: "type" | "size" | "payload" = "type";
  let type = 0;
  let size = 0;
  let zeros = 0;
  for (let i = at; i < end; i++) {
    const byte = data[i] as number;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    if (field === "type") {
      type += byte;
      if (byte !== 0xff) field = "size";
    } else if (field === "size") {
      size += byte;
      if (byte === 0xff) continue;
      if (size > end - i) return false;
      field = "payload";
      if (size > 0) continue;
      field = "type";
      type = 0;
    } else {
      if (type === SEI_RECOVERY_POINT) return (byte & 0x80) !== 0;
      if (--size > 0) continue;
      field = "type";
      type = 0;
    }
  }
  return false;
}
