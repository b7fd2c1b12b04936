import type { ByteWriter } from "../../bytes/writer.ts";
import { flacBitsPerSample } from "../../codecs/flac/config.ts";
import type { AudioConfig, AudioTrack, Colour, VideoConfig } from "../../media/track.ts";
import { endBox, startBox, startFullBox } from "./box-writer.ts";

/** Writes the VisualSampleEntry of a config (ISO/IEC 14496-12 12.1.3) with its configuration, colr and pasp boxes. */
export function writeVisualSampleEntry(writer: ByteWriter, config: VideoConfig): void {
  const [entry, configuration] = VIDEO_BOXES[config.codec];
  const box = startBox(writer, entry);
  writer.zeros(6).u16(1).zeros(16); // data_reference_index, pre_defined
  writer.u16(config.width).u16(config.height);
  writer.u32(0x0048_0000).u32(0x0048_0000).u32(0).u16(1); // 72 dpi, one frame a sample
  writer.zeros(32).u16(0x0018).u16(0xffff); // compressorname, depth
  const record = config.codec === "vp9" ? startFullBox(writer, configuration, 1, 0) : startBox(writer, configuration);
  writer.bytes(config.record);
  endBox(writer, record);
  if (config.colour) writeColour(writer, config.colour);
  const { width, height } = config.sar;
  if (width !== height && width > 0 && height > 0) {
    const pasp = startBox(writer, "pasp");
    writer.u32(width).u32(height);
    endBox(writer, pasp);
  }
  endBox(writer, box);
}

/** Writes the AudioSampleEntry of a track (12.2.3) with its configuration box. */
export function writeAudioSampleEntry(writer: ByteWriter, track: AudioTrack): void {
  const { config } = track;
  const box = startBox(writer, AUDIO_ENTRIES[config.codec]);
  writer.zeros(6).u16(1).zeros(8);
  writer.u16(config.channels);
  writer.u16(config.codec === "flac" ? flacBitsPerSample(config.record) : 16);
  writer.zeros(4).u16(sampleRateField(track.timescale)).u16(0);
  writeAudioConfiguration(writer, config);
  endBox(writer, box);
}

const VIDEO_BOXES = {
  h264: ["avc1", "avcC"],
  // Safari plays `hvc1` only, whose parameter sets are in the record.
  hevc: ["hvc1", "hvcC"],
  av1: ["av01", "av1C"],
  vp9: ["vp09", "vpcC"],
} as const satisfies Record<VideoConfig["codec"], readonly [string, string]>;

const AUDIO_ENTRIES = {
  aac: "mp4a",
  mp3: "mp4a",
  opus: "Opus",
  flac: "fLaC",
  ac3: "ac-3",
  eac3: "ec-3",
} as const satisfies Record<AudioConfig["codec"], string>;

/** 16 integer bits; above them the largest regular division of the rate (FLAC in ISOBMFF 3.3.1). */
function sampleRateField(rate: number): number {
  let field = rate;
  while (field > 0xffff) field = field % 2 === 0 ? field / 2 : 0;
  return field;
}

function writeColour(writer: ByteWriter, colour: Colour): void {
  const box = startBox(writer, "colr");
  writer.ascii("nclx").u16(colour.primaries).u16(colour.transfer).u16(colour.matrix);
  writer.u8(colour.fullRange ? 0x80 : 0);
  endBox(writer, box);
}

function writeAudioConfiguration(writer: ByteWriter, config: AudioConfig): void {
  const { codec, record } = config;
  if (codec === "aac") {
    writeEsds(writer, OBJECT_AAC, record);
  } else if (codec === "mp3") {
    writeEsds(writer, config.sampleRate > 24_000 ? OBJECT_MPEG1_AUDIO : OBJECT_MPEG2_AUDIO, record);
  } else if (codec === "flac") {
    const box = startFullBox(writer, "dfLa", 0, 0);
    writer.u8(0x80).u24(record.length).bytes(record); // the last metadata block, STREAMINFO
    endBox(writer, box);
  } else {
    const box = startBox(writer, RECORD_BOXES[codec]);
    writer.bytes(record);
    endBox(writer, box);
  }
}

const RECORD_BOXES = { opus: "dOps", ac3: "dac3", eac3: "dec3" } as const;

/** objectTypeIndication (ISO/IEC 14496-1 table 5). */
const OBJECT_AAC = 0x40;
const OBJECT_MPEG2_AUDIO = 0x69;
const OBJECT_MPEG1_AUDIO = 0x6b;

/** ES_Descriptor (14496-1 7.2.6.5) with its DecoderConfigDescriptor, DecoderSpecificInfo and SLConfigDescriptor. */
function writeEsds(writer: ByteWriter, objectType: number, specific: Uint8Array): void {
  const specificSize = specific.length > 0 ? DESCRIPTOR_HEADER + specific.length : 0;
  const decoderSize = 13 + specificSize;
  const box = startFullBox(writer, "esds", 0, 0);
  writeDescriptor(writer, 0x03, 3 + DESCRIPTOR_HEADER + decoderSize + DESCRIPTOR_HEADER + 1);
  writer.u16(0).u8(0); // ES_ID 0 in files, flags
  writeDescriptor(writer, 0x04, decoderSize);
  writer.u8(objectType).u8(0x15); // audio stream
  writer.u24(0).u32(0).u32(0); // buffer size, bit rates: unknown
  if (specificSize > 0) {
    writeDescriptor(writer, 0x05, specific.length);
    writer.bytes(specific);
  }
  writeDescriptor(writer, 0x06, 1);
  writer.u8(2); // SL for MP4 files
  endBox(writer, box);
}

const DESCRIPTOR_HEADER = 5;

/** A tag, and a size in the four-byte form. */
function writeDescriptor(writer: ByteWriter, tag: number, size: number): void {
  writer.u8(tag);
  writer.u8(0x80 | ((size >> 21) & 0x7f));
  writer.u8(0x80 | ((size >> 14) & 0x7f));
  writer.u8(0x80 | ((size >> 7) & 0x7f));
  writer.u8(size & 0x7f);
}
