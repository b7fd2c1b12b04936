import { BitReader } from "../../bytes/bits.ts";
import { MalformedError } from "../../bytes/errors.ts";

/** What a splice_info_section asks for (SCTE 35 9.6), as far as playlists tell it. */
export type SpliceInfo = {
  readonly command: "splice-insert" | "time-signal" | "other";
  /** Splice or segmentation event; undefined where there is none. */
  readonly eventId?: number;
  /** Leaves the network feed, or returns to it; undefined where that is not said. */
  readonly direction?: "out" | "in";
  /** Seconds. */
  readonly duration?: number;
};

const TABLE_ID = 0xfc;
const SPLICE_INSERT = 5;
const TIME_SIGNAL = 6;
const SEGMENTATION_DESCRIPTOR = 2;
const CLOCK = 90_000;
/** Larger than a section can be (9.6.1). */
const MAX_SECTION = 4_096;
/** segmentation_type_id of what begins (table 23); what ends is the number after it. */
const STARTS: ReadonlySet<number> = new Set([0x22, 0x30, 0x32, 0x34, 0x36, 0x38, 0x3a, 0x44, 0x46]);

/** Decodes a whole, unencrypted section. Its CRC is not checked: the transport did. @throws MalformedError */
export function decodeSpliceInfo(section: Uint8Array): SpliceInfo {
  if (section.length > MAX_SECTION) throw new MalformedError("splice_info_section: too long");
  const bits = new BitReader(section);
  if (bits.u(8) !== TABLE_ID) throw new MalformedError("not a splice_info_section");
  bits.skip(4 + 12 + 8); // flags, section_length, protocol_version
  const encrypted = bits.flag();
  bits.skip(6 + 33 + 8 + 12); // encryption_algorithm, pts_adjustment, cw_index, tier
  bits.skip(12); // splice_command_length
  const type = bits.u(8);
  if (encrypted) return { command: "other" };
  if (type === SPLICE_INSERT) return readSpliceInsert(bits);
  if (type !== TIME_SIGNAL) return { command: "other" };
  skipSpliceTime(bits);
  return { command: "time-signal", ...readDescriptors(bits) };
}

function readSpliceInsert(bits: BitReader): SpliceInfo {
  const eventId = bits.u(32);
  const cancelled = bits.flag();
  bits.skip(7);
  if (cancelled) return { command: "splice-insert", eventId };
  const out = bits.flag();
  const wholeProgram = bits.flag();
  const hasDuration = bits.flag();
  const immediate = bits.flag();
  bits.skip(4);
  if (wholeProgram) {
    if (!immediate) skipSpliceTime(bits);
  } else {
    for (let count = bits.u(8); count > 0; count--) {
      bits.skip(8);
      if (!immediate) skipSpliceTime(bits);
    }
  }
  let duration: number | undefined;
  if (hasDuration) {
    bits.skip(7); // auto_return
    duration = readTime(bits) / CLOCK;
  }
  return { command: "splice-insert", eventId, direction: out ? "out" : "in", duration };
}

function readDescriptors(bits: BitReader): Omit<SpliceInfo, "command"> {
  let left = bits.u(16) * 8;
  while (left >= 16) {
    const tag = bits.u(8);
    const length = bits.u(8) * 8;
    left -= 16 + length;
    const end = bits.position + length;
    if (tag === SEGMENTATION_DESCRIPTOR) {
      const found = readSegmentation(bits);
      if (found) return found;
    }
    bits.skip(end - bits.position);
  }
  return {};
}

/** A segmentation_descriptor (10.3.3), from its identifier on. */
function readSegmentation(bits: BitReader): Omit<SpliceInfo, "command"> | undefined {
  bits.skip(32); // "CUEI"
  const eventId = bits.u(32);
  const cancelled = bits.flag();
  bits.skip(7);
  if (cancelled) return undefined;
  const wholeProgram = bits.flag();
  const hasDuration = bits.flag();
  bits.skip(6);
  if (!wholeProgram) bits.skip(bits.u(8) * 48);
  const duration = hasDuration ? (bits.u(8) * 2 ** 32 + bits.u(32)) / CLOCK : undefined;
  bits.skip(8); // segmentation_upid_type
  bits.skip(bits.u(8) * 8);
  const type = bits.u(8);
  if (STARTS.has(type)) return { eventId, direction: "out", duration };
  return STARTS.has(type - 1) ? { eventId, direction: "in", duration } : { eventId, duration };
}

function skipSpliceTime(bits: BitReader): void {
  bits.skip(bits.flag() ? 6 + 33 : 7);
}

function readTime(bits: BitReader): number {
  return bits.u(1) * 2 ** 32 + bits.u(32);
}
