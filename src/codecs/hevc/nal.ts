import { addDistinct, nalEnd } from "../nal-units.ts";

export { forEachNal, fromAnnexB, looksLikeAnnexB, nalEnd, toFourByteLengths } from "../nal-units.ts";

/** nal_unit_type (HEVC table 7-1). */
export const NAL_VPS = 32;
export const NAL_SPS = 33;
export const NAL_PPS = 34;
export const NAL_AUD = 35;
export const NAL_PREFIX_SEI = 39;

export type HevcParameterSets = {
  readonly vps: Uint8Array[];
  readonly sps: Uint8Array[];
  readonly pps: Uint8Array[];
};

/** Bytes of each NAL unit's length field, 1 to 4, of an HEVCDecoderConfigurationRecord; 4 when the record is too short to say. */
export function lengthSizeOf(record: Uint8Array): number {
  return record.length > 21 ? ((record[21] as number) & 3) + 1 : 4;
}

/** nal_unit_type of a NAL unit's first byte. */
export function nalType(firstByte: number): number {
  return (firstByte >> 1) & 0x3f;
}

/** Whether decoding can start here: its pictures are IRAP (HEVC 3.62), nal_unit_type 16 to 21. */
export function isKeyAccessUnit(data: Uint8Array): boolean {
  for (let at = 0, end = nalEnd(data, 0); end >= 0; at = end, end = nalEnd(data, at)) {
    if (end === at + 4) continue;
    const type = nalType(data[at + 4] as number);
    if (type < 32) return type >= 16 && type <= 21;
  }
  return false;
}

/** VPS, SPS and PPS in front of the first slice, as views of `data`; undefined when there are none. */
export function parameterSetsIn(data: Uint8Array): HevcParameterSets | undefined {
  let found: HevcParameterSets | undefined;
  for (let at = 0, end = nalEnd(data, 0); end >= 0; at = end, end = nalEnd(data, at)) {
    const start = at + 4;
    if (end === start) continue;
    const type = nalType(data[start] as number);
    if (type < NAL_VPS) break;
    if (type > NAL_PPS) continue;
    found ??= { vps: [], sps: [], pps: [] };
    const list = type === NAL_VPS ? found.vps : type === NAL_SPS ? found.sps : found.pps;
    addDistinct(list, data.subarray(start, end));
  }
  return found;
}
