import { BitReader } from "../../bytes/bits.ts";
import { MalformedError } from "../../bytes/errors.ts";

export const ADTS_HEADER_SIZE = 7;
/** frame_length has 13 bits and counts the header. */
export const ADTS_MAX_FRAME = 0x1fff - ADTS_HEADER_SIZE;

const SBR = 5;
const PS = 29;

/**
 * The ADTS header (ISO/IEC 14496-3 1.A.2.2) of frames with this AudioSpecificConfig, frame_length still 0.
 * @throws MalformedError when the config is broken, or needs what ADTS cannot say: object types above 4, a sampling
 *   frequency or channel layout written out
 */
export function adtsHeader(audioSpecificConfig: Uint8Array): Uint8Array {
  const bits = new BitReader(audioSpecificConfig);
  let objectType = readObjectType(bits);
  const frequency = readFrequency(bits);
  const channels = bits.u(4);
  if (objectType === SBR || objectType === PS) {
    // Explicit signalling: ADTS names the core, players find SBR by themselves.
    readFrequency(bits);
    objectType = readObjectType(bits);
  }
  if (objectType < 1 || objectType > 4) throw new MalformedError(`ADTS cannot carry AAC object type ${objectType}`);
  if (frequency > 12) throw new MalformedError("ADTS cannot carry a sampling frequency outside the table");
  if (channels < 1 || channels > 7) throw new MalformedError(`ADTS cannot carry channel configuration ${channels}`);
  return Uint8Array.of(
    0xff,
    0xf1,
    ((objectType - 1) << 6) | (frequency << 2) | (channels >> 2),
    (channels & 3) << 6,
    0,
    0x1f,
    0xfc,
  );
}

/** Sets frame_length for a frame of `size` bytes without header. */
export function setAdtsLength(data: Uint8Array, at: number, size: number): void {
  const length = size + ADTS_HEADER_SIZE;
  data[at + 3] = ((data[at + 3] as number) & 0xfc) | (length >> 11);
  data[at + 4] = length >> 3;
  data[at + 5] = ((length & 7) << 5) | 0x1f;
}

function readObjectType(bits: BitReader): number {
  const type = bits.u(5);
  return type === 31 ? 32 + bits.u(6) : type;
}

function readFrequency(bits: BitReader): number {
  const index = bits.u(4);
  if (index === 15) bits.skip(24);
  return index;
}
