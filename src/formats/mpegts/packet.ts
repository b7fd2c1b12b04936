import { MalformedError } from "../../bytes/errors.ts";

/** Size of a transport packet in bytes (ISO/IEC 13818-1 2.4.3.2). */
export const PACKET_SIZE = 188;
export const SYNC_BYTE = 0x47;
export const PAT_PID = 0;
export const NULL_PID = 0x1fff;
/** PTS, DTS and the base of PCR are 33 bits of 90 kHz. */
export const TIME_MODULUS = 2 ** 33;

/** A transport packet's header and adaptation field; `payload` is a view. */
export type TsPacket = {
  readonly pid: number;
  /** A PES packet or a section's pointer begins in this payload. */
  readonly unitStart: boolean;
  readonly continuityCounter: number;
  readonly randomAccess: boolean;
  readonly discontinuity: boolean;
  /** program_clock_reference_base, 90 kHz. */
  readonly pcr: number | undefined;
  /** Undefined when the packet carries none. */
  readonly payload: Uint8Array | undefined;
};

/**
 * Reads the packet at `offset` (ISO/IEC 13818-1 2.4.3.2 and 2.4.3.4).
 * @throws MalformedError without a sync byte, cut short, or with an adaptation field that does not fit
 */
export function decodePacket(data: Uint8Array, offset = 0): TsPacket {
  if (offset + PACKET_SIZE > data.length) {
    throw new MalformedError(`transport packet of ${data.length - offset} bytes instead of ${PACKET_SIZE}`, offset);
  }
  if (data[offset] !== SYNC_BYTE) throw new MalformedError("transport packet without sync byte 0x47", offset);
  const b1 = data[offset + 1] as number;
  const b3 = data[offset + 3] as number;
  if (b1 & 0x80) throw new MalformedError("transport packet marked with transport_error_indicator", offset + 1);
  if (b3 & 0xc0) throw new MalformedError("scrambled transport packet", offset + 3);
  const control = b3 & 0x30;
  if (control === 0) throw new MalformedError("transport packet with reserved adaptation_field_control 0", offset + 3);

  let at = offset + 4;
  let flags = 0;
  let pcr: number | undefined;
  if (control & 0x20) {
    const length = data[at] as number;
    const most = control === 0x20 ? 183 : 182;
    if (length > most) throw new MalformedError(`adaptation field of ${length} bytes, at most ${most} fit`, at);
    if (length > 0) flags = data[at + 1] as number;
    if (flags & 0x10) {
      if (length < 7) throw new MalformedError("adaptation field too short for its PCR", at);
      pcr = readPcrBase(data, at + 2);
    }
    at += 1 + length;
  }
  return {
    pid: ((b1 & 0x1f) << 8) | (data[offset + 2] as number),
    unitStart: (b1 & 0x40) !== 0,
    continuityCounter: b3 & 0x0f,
    randomAccess: (flags & 0x40) !== 0,
    discontinuity: (flags & 0x80) !== 0,
    pcr,
    payload: control & 0x10 ? data.subarray(at, offset + PACKET_SIZE) : undefined,
  };
}

/** Writes a 6-byte PCR with extension 0 (2.4.3.5) at `at`. `base` is 90 kHz, below 2^33. */
export function writePcr(data: Uint8Array, at: number, base: number): void {
  const high = Math.floor(base / 2);
  data[at] = high >>> 24;
  data[at + 1] = high >>> 16;
  data[at + 2] = high >>> 8;
  data[at + 3] = high;
  data[at + 4] = (base % 2 === 1 ? 0x80 : 0) | 0x7e;
  data[at + 5] = 0;
}

function readPcrBase(data: Uint8Array, at: number): number {
  const high =
    (data[at] as number) * 0x100_0000 +
    (((data[at + 1] as number) << 16) | ((data[at + 2] as number) << 8) | (data[at + 3] as number));
  return high * 2 + ((data[at + 4] as number) >> 7);
}
