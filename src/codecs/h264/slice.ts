import { BitReader } from "../../bytes/bits.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { withoutEmulationPrevention } from "../nal-units.ts";

/** pic_parameter_set_id of a slice NAL unit (H.264 7.3.3), its header byte included. */
export function slicePictureParameterSet(nal: Uint8Array): number {
  const bits = headOf(nal);
  bits.ue(); // first_mb_in_slice
  bits.ue(); // slice_type
  return checked(bits.ue(), MAX_PPS);
}

/** The ids of a picture parameter set (7.3.2.2): its own, and that of the sequence parameter set that it refers to. */
export function pictureParameterSetIds(nal: Uint8Array): { readonly id: number; readonly sps: number } {
  const bits = headOf(nal);
  const id = checked(bits.ue(), MAX_PPS);
  return { id, sps: checked(bits.ue(), MAX_SPS) };
}

/** seq_parameter_set_id (7.3.2.1.1). */
export function sequenceParameterSetId(nal: Uint8Array): number {
  const bits = headOf(nal);
  bits.skip(24); // profile, constraints, level
  return checked(bits.ue(), MAX_SPS);
}

const MAX_PPS = 255;
const MAX_SPS = 31;

/** The fields looked for lie in the first bytes: three Exp-Golomb codes of at most 32 bits of zeros. */
const HEAD = 32;

function headOf(nal: Uint8Array): BitReader {
  return new BitReader(withoutEmulationPrevention(nal.subarray(1, HEAD)));
}

function checked(id: number, most: number): number {
  if (id > most) throw new MalformedError(`parameter set id ${id}, at most ${most} is allowed`);
  return id;
}
