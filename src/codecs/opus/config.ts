import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import type { AudioConfig } from "../../media/track.ts";

/** Decodes an OpusHead (RFC 7845 5.1, little-endian) into a config, whose record is the same as `dOps`, big-endian. */
export function decodeOpusHead(opusHead: Uint8Array): AudioConfig {
  const reader = new ByteReader(opusHead);
  if (reader.ascii(8) !== "OpusHead") throw new MalformedError("no OpusHead");
  const version = reader.u8();
  if (version > 15) throw new MalformedError(`OpusHead version ${version}`, 8);
  const channels = reader.u8();
  const preSkip = reader.u16LE();
  const inputSampleRate = reader.u32LE();
  const gain = reader.u16LE();
  const family = reader.u8();
  if (channels === 0 || (family === 0 && channels > 2)) throw new MalformedError(`OpusHead of ${channels} channels`, 9);
  if (family === 0) return config({ channels, preSkip, inputSampleRate, gain, family });
  const streams = reader.u8();
  const coupled = reader.u8();
  if (streams === 0 || coupled > streams || streams + coupled > 255) {
    throw new MalformedError(`OpusHead of ${streams} streams, ${coupled} coupled`, 19);
  }
  const mapping = reader.bytes(channels);
  return config({ channels, preSkip, inputSampleRate, gain, family, layout: { streams, coupled, mapping } });
}

/** The config of an OpusSpecificBox (`dOps`, Opus in ISOBMFF 4.3.2). */
export function decodeOpusConfig(record: Uint8Array): AudioConfig {
  const reader = new ByteReader(record);
  const version = reader.u8();
  if (version !== 0) throw new MalformedError(`dOps of version ${version}`, 0);
  const channels = reader.u8();
  const [preSkip, inputSampleRate, gain, family] = [reader.u16(), reader.u32(), reader.u16(), reader.u8()];
  if (channels === 0 || (family === 0 && channels > 2)) throw new MalformedError(`dOps of ${channels} channels`, 1);
  const fields = { channels, preSkip, inputSampleRate, gain, family };
  if (family === 0) return config(fields);
  return config({ ...fields, layout: { streams: reader.u8(), coupled: reader.u8(), mapping: reader.bytes(channels) } });
}

/** The config of a stream that came without an OpusHead: channels in Vorbis order (RFC 7845 5.1.1), 1 to 8. */
export function opusConfig(channels: number): AudioConfig {
  const layout = LAYOUTS[channels - 1];
  if (!layout) throw new MalformedError(`Opus of ${channels} channels`);
  const fields = { channels, preSkip: PRE_SKIP, inputSampleRate: OPUS_RATE, gain: 0 };
  if (channels <= 2) return config({ ...fields, family: 0 });
  const [streams, coupled, ...mapping] = layout;
  return config({ ...fields, family: 1, layout: { streams, coupled, mapping: Uint8Array.from(mapping) } });
}

/** Samples that a packet decodes to, at 48 kHz, from its first bytes (RFC 6716 3.1); 0 when it is empty or cut. */
export function opusPacketDuration(packet: Uint8Array): number {
  const toc = packet[0];
  if (toc === undefined) return 0;
  const mode = toc >> 3;
  const frame = mode < 12 ? (SILK_FRAMES[mode & 3] as number) : mode < 16 ? 480 << (mode & 1) : 120 << (mode & 3);
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 0x3f;
  // No packet is longer than 120 ms.
  return Math.min(frame * frames, MAX_DURATION);
}

type Head = {
  readonly channels: number;
  readonly preSkip: number;
  readonly inputSampleRate: number;
  readonly gain: number;
  readonly family: number;
  readonly layout?: { readonly streams: number; readonly coupled: number; readonly mapping: Uint8Array };
};

const OPUS_RATE = 48_000;
const MAX_DURATION = 5_760;

/** What libopus needs at its default settings. */
const PRE_SKIP = 312;

const SILK_FRAMES: readonly number[] = [480, 960, 1920, 2880];

/** Streams, coupled streams, channel mapping of 1 to 8 channels in family 1 (RFC 7845 5.1.1.2). */
const LAYOUTS: readonly (readonly [number, number, ...number[]])[] = [
  [1, 0, 0],
  [1, 1, 0, 1],
  [2, 1, 0, 2, 1],
  [2, 2, 0, 1, 2, 3],
  [3, 2, 0, 4, 1, 2, 3],
  [4, 2, 0, 4, 1, 2, 3, 5],
  [4, 3, 0, 4, 1, 2, 3, 5, 6],
  [5, 3, 0, 6, 1, 2, 3, 4, 5, 7],
];

/** The record is OpusSpecificBox (Opus in ISOBMFF 4.3.2). */
function config(head: Head): AudioConfig {
  const { channels, preSkip, inputSampleRate, gain, family, layout } = head;
  const writer = new ByteWriter(32);
  writer.u8(0).u8(channels).u16(preSkip).u32(inputSampleRate).u16(gain).u8(family);
  if (layout) writer.u8(layout.streams).u8(layout.coupled).bytes(layout.mapping);
  return {
    codec: "opus",
    record: writer.take(),
    // MP4RA says `Opus`; hls.js and the browsers take both, but older ones `opus` alone.
    codecString: "opus",
    sampleRate: OPUS_RATE,
    channels,
    samplesPerPacket: 0,
  };
}

const OPUS_HEAD = new TextEncoder().encode("OpusHead");

/** The OpusHead (RFC 7845 5.1) of a config, from its `dOps`. */
export function encodeOpusHead({ record }: AudioConfig): Uint8Array {
  const head = new Uint8Array(OPUS_HEAD.length + record.length);
  head.set(OPUS_HEAD);
  head.set(record, OPUS_HEAD.length);
  head[OPUS_HEAD.length] = 1;
  // dOps is big-endian: pre-skip, input sample rate, gain.
  for (const [at, size] of [
    [2, 2],
    [4, 4],
    [8, 2],
  ] as const)
    head.subarray(OPUS_HEAD.length + at, OPUS_HEAD.length + at + size).reverse();
  return head;
}
