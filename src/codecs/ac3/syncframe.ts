import { BitReader } from "../../bytes/bits.ts";
import { MalformedError } from "../../bytes/errors.ts";

/** The header of an AC-3 or E-AC-3 syncframe (ETSI TS 102 366 5.3, E.1.2). */
export type Syncframe = {
  readonly enhanced: boolean;
  /** Bytes, this header included. */
  readonly size: number;
  readonly samples: number;
  readonly sampleRate: number;
  /** Of this substream, LFE included. */
  readonly channels: number;
  readonly fscod: number;
  readonly bsid: number;
  readonly bsmod: number;
  readonly acmod: number;
  readonly lfe: 0 | 1;
  /** AC-3 only. */
  readonly frmsizecod: number;
  /** E-AC-3 only: whether it belongs to the independent substream before it. */
  readonly dependent: boolean;
  readonly substream: number;
  /** chanmap of a dependent substream; 0 when it has none. */
  readonly channelMap: number;
};

/** Decodes the header at `offset`. The frame's own bytes may be cut. */
export function decodeSyncframe(data: Uint8Array, offset: number): Syncframe {
  const bytes = data.subarray(offset, offset + MAX_HEADER);
  const bits = new BitReader(bytes);
  if (bits.u(16) !== 0x0b77) throw new MalformedError("no AC-3 syncword", offset);
  // bsid has its place in both syntaxes.
  const bsid = bytes.length > 5 ? (bytes[5] as number) >> 3 : 0;
  if (bsid <= 10) return decodeAc3(bits, offset);
  if (bsid <= 16) return decodeEac3(bits, offset);
  throw new MalformedError(`AC-3 bitstream version ${bsid}`, offset + 5);
}

function decodeAc3(bits: BitReader, offset: number): Syncframe {
  bits.skip(16); // crc1
  const fscod = bits.u(2);
  const frmsizecod = bits.u(6);
  const rate = RATES[fscod];
  const kbits = BIT_RATES[frmsizecod >> 1];
  if (rate === undefined || kbits === undefined)
    throw new MalformedError("reserved AC-3 rate or frame size", offset + 4);
  const bsid = bits.u(5);
  const bsmod = bits.u(3);
  const acmod = bits.u(3);
  if (acmod & 1 && acmod !== 1) bits.skip(2); // cmixlev
  if (acmod & 4) bits.skip(2); // surmixlev
  if (acmod === 2) bits.skip(2); // dsurmod
  const lfe = bits.flag() ? 1 : 0;
  // Table 5.18: at 44.1 kHz frames alternate between two sizes.
  const words = fscod === 1 ? Math.floor((kbits * 96_000) / 44_100) + (frmsizecod & 1) : kbits * (fscod === 2 ? 3 : 2);
  return {
    enhanced: false,
    size: words * 2,
    samples: 1536,
    sampleRate: rate >> Math.max(0, bsid - 8),
    channels: (CHANNELS[acmod] as number) + lfe,
    fscod,
    bsid,
    bsmod,
    acmod,
    lfe,
    frmsizecod,
    dependent: false,
    substream: 0,
    channelMap: 0,
  };
}

function decodeEac3(bits: BitReader, offset: number): Syncframe {
  const type = bits.u(2);
  if (type === 3) throw new MalformedError("reserved E-AC-3 stream type", offset + 2);
  const substream = bits.u(3);
  const size = (bits.u(11) + 1) * 2;
  const fscod = bits.u(2);
  const second = bits.u(2); // numblkscod, or fscod2 for the halved rates
  const rate = fscod === 3 ? (RATES[second] ?? 0) / 2 : (RATES[fscod] as number);
  if (rate === 0) throw new MalformedError("reserved E-AC-3 rate", offset + 4);
  const blocks = fscod === 3 ? 6 : (BLOCKS[second] as number);
  const acmod = bits.u(3);
  const lfe = bits.flag() ? 1 : 0;
  const bsid = bits.u(5);
  for (let i = acmod === 0 ? 2 : 1; i > 0; i--) {
    bits.skip(5); // dialnorm
    if (bits.flag()) bits.skip(8); // compr
  }
  const dependent = type === DEPENDENT;
  return {
    enhanced: true,
    size,
    samples: blocks * 256,
    sampleRate: rate,
    channels: (CHANNELS[acmod] as number) + lfe,
    fscod,
    bsid,
    // bsmod lies deep in the optional mixing metadata; 0, complete main, is what encoders send.
    bsmod: 0,
    acmod,
    lfe,
    frmsizecod: 0,
    dependent,
    substream,
    channelMap: dependent && bits.flag() ? bits.u(16) : 0,
  };
}

const MAX_HEADER = 16;
const DEPENDENT = 1;
const RATES: readonly number[] = [48_000, 44_100, 32_000];
const BLOCKS: readonly number[] = [1, 2, 3, 6];
/** By acmod, without LFE. */
const CHANNELS: readonly number[] = [2, 1, 2, 3, 3, 4, 4, 5];
/** In kbit/s, by frmsizecod / 2 (table 5.18). */
const BIT_RATES: readonly number[] = [
  32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
];
