import { MalformedError } from "../../bytes/errors.ts";
import type { AudioConfig } from "../../media/track.ts";

/**
 * Decodes STREAMINFO (RFC 9639 8.2): bare (34 bytes), behind its metadata block header, or behind "fLaC" and that header.
 * Blocks that follow are left out.
 */
export function decodeFlacConfig(bytes: Uint8Array): AudioConfig {
  const record = streamInfoOf(bytes);
  const sampleRate = (at(record, 10) << 12) | (at(record, 11) << 4) | (at(record, 12) >> 4);
  if (sampleRate === 0) throw new MalformedError("FLAC sample rate 0", 10);
  return {
    codec: "flac",
    record: record.slice(),
    // As MP4RA says, and what Safari demands; hls.js asks the browser and turns it into `flac` where that is needed.
    codecString: "fLaC",
    sampleRate,
    channels: ((at(record, 12) >> 1) & 7) + 1,
    samplesPerPacket: 0,
  };
}

/** Bits per sample of a STREAMINFO body, 4 to 32. */
export function flacBitsPerSample(record: Uint8Array): number {
  return (((at(record, 12) & 1) << 4) | (at(record, 13) >> 4)) + 1;
}

/** Samples per channel of a frame, from its header (RFC 9639 9.1); 0 when it is none or is cut. */
export function flacFrameSamples(frame: Uint8Array): number {
  if (frame.length < 6 || frame[0] !== 0xff || (at(frame, 1) & 0xfc) !== 0xf8) return 0;
  const code = at(frame, 2) >> 4;
  if (code === 0) return 0;
  if (code === 1) return 192;
  if (code < 6) return 576 << (code - 2);
  if (code > 7) return 256 << (code - 8);
  // Behind the coded number, whose first byte tells its length as in UTF-8 (9.1.5).
  const first = at(frame, 4);
  const size = first < 0x80 ? 1 : Math.clz32(~(first << 24));
  const end = 4 + size;
  if (code === 6) return end < frame.length ? at(frame, end) + 1 : 0;
  return end + 1 < frame.length ? ((at(frame, end) << 8) | at(frame, end + 1)) + 1 : 0;
}

const STREAMINFO_SIZE = 34;

function streamInfoOf(bytes: Uint8Array): Uint8Array {
  const isFile = bytes[0] === 0x66 && bytes[1] === 0x4c && bytes[2] === 0x61 && bytes[3] === 0x43;
  const blocks = isFile ? bytes.subarray(4) : bytes;
  if (!isFile && blocks.length === STREAMINFO_SIZE) return blocks;
  if (blocks.length < 4 + STREAMINFO_SIZE) throw new MalformedError(`STREAMINFO of ${bytes.length} bytes`);
  const size = (at(blocks, 1) << 16) | (at(blocks, 2) << 8) | at(blocks, 3);
  if ((at(blocks, 0) & 0x7f) !== 0 || size !== STREAMINFO_SIZE)
    throw new MalformedError("first block is not STREAMINFO");
  return blocks.subarray(4, 4 + STREAMINFO_SIZE);
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
