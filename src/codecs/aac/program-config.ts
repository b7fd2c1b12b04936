import type { BitReader } from "../../bytes/bits.ts";

/** Bit offsets in an AudioSpecificConfig: the element's start, the end of its fields before alignment, the end of its comment. */
export type ProgramConfigPlace = { readonly start: number; readonly fieldsEnd: number; readonly end: number };

/** Reads a program_config_element (ISO/IEC 14496-3 4.4.1.1, table 4.2): its output channels, and where it lies. */
export function readProgramConfig(bits: BitReader): { channels: number; place: ProgramConfigPlace } {
  const start = bits.position;
  bits.skip(4 + 2 + 4); // element_instance_tag, object_type, sampling_frequency_index
  const front = bits.u(4);
  const side = bits.u(4);
  const back = bits.u(4);
  const lowFrequency = bits.u(2);
  const associatedData = bits.u(3);
  const coupling = bits.u(4);
  if (bits.flag()) bits.skip(4); // mono_mixdown_element_number
  if (bits.flag()) bits.skip(4); // stereo_mixdown_element_number
  if (bits.flag()) bits.skip(3); // matrix_mixdown_idx, pseudo_surround_enable
  let channels = lowFrequency;
  for (let i = front + side + back; i > 0; i--) {
    channels += bits.flag() ? 2 : 1; // is_cpe
    bits.skip(4);
  }
  bits.skip(lowFrequency * 4 + associatedData * 4 + coupling * 5);
  const fieldsEnd = bits.position;
  bits.skip(-fieldsEnd & 7); // byte_alignment()
  bits.skip(bits.u(8) * 8); // comment_field_data
  return { channels, place: { start, fieldsEnd, end: bits.position } };
}
