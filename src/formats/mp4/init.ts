import { ByteWriter } from "../../bytes/writer.ts";
import type { AudioTrack, CodecConfig, Track, VideoTrack } from "../../media/track.ts";
import { endBox, startBox, startFullBox } from "./box-writer.ts";
import { iso639 } from "./language.ts";
import { writeAudioSampleEntry, writeVisualSampleEntry } from "./sample-entry.ts";

/** Whether a fragmented MP4 can carry the codec. */
export function canCarry(config: CodecConfig): boolean {
  return CARRIED.has(config.codec);
}

/**
 * The initialization section of fragmented MP4 (ISO/IEC 14496-12; CMAF 23000-19 7.3.1 when it has one track): ftyp and a
 * moov without samples. track_ID is the place in `tracks` plus 1; data tracks keep theirs but are not written.
 */
export function encodeInit(tracks: readonly Track[]): Uint8Array {
  const writer = new ByteWriter(1024);
  writeFileType(writer, tracks.length === 1);
  const moov = startBox(writer, "moov");
  writeMovieHeader(writer, tracks.length + 1);
  tracks.forEach((track, index) => {
    if (track.kind !== "data") writeTrack(writer, track, index + 1);
  });
  const mvex = startBox(writer, "mvex");
  tracks.forEach((track, index) => {
    if (track.kind !== "data") writeTrackExtends(writer, index + 1);
  });
  endBox(writer, mvex);
  endBox(writer, moov);
  return writer.take();
}

const CARRIED: ReadonlySet<CodecConfig["codec"]> = new Set([
  ...(["h264", "hevc", "av1", "vp9"] as const),
  ...(["aac", "mp3", "opus", "flac", "ac3", "eac3"] as const),
]);

const MOVIE_TIMESCALE = 1000;

function writeFileType(writer: ByteWriter, single: boolean): void {
  const box = startBox(writer, "ftyp");
  // iso6 demands what fragments here use: tfdt and default-base-is-moof. A CMAF header describes one track.
  writer.ascii("iso6").u32(1).ascii("iso6").ascii("mp41");
  if (single) writer.ascii("cmfc");
  endBox(writer, box);
}

function writeMovieHeader(writer: ByteWriter, nextTrackId: number): void {
  const box = startFullBox(writer, "mvhd", 0, 0);
  writer.u32(0).u32(0).u32(MOVIE_TIMESCALE).u32(0);
  writer.u32(0x0001_0000).u16(0x0100).zeros(10); // rate 1, volume 1
  writeMatrix(writer);
  writer.zeros(24).u32(nextTrackId);
  endBox(writer, box);
}

function writeTrack(writer: ByteWriter, track: VideoTrack | AudioTrack, trackId: number): void {
  const trak = startBox(writer, "trak");
  writeTrackHeader(writer, track, trackId);
  const mdia = startBox(writer, "mdia");
  writeMediaHeader(writer, track);
  writeHandler(writer, track.kind);
  const minf = startBox(writer, "minf");
  if (track.kind === "video") {
    const vmhd = startFullBox(writer, "vmhd", 0, 1);
    writer.zeros(8);
    endBox(writer, vmhd);
  } else {
    const smhd = startFullBox(writer, "smhd", 0, 0);
    writer.zeros(4);
    endBox(writer, smhd);
  }
  writeDataInformation(writer);
  writeSampleTable(writer, track);
  endBox(writer, minf);
  endBox(writer, mdia);
  endBox(writer, trak);
}

function writeTrackHeader(writer: ByteWriter, track: VideoTrack | AudioTrack, trackId: number): void {
  const box = startFullBox(writer, "tkhd", 0, 7); // enabled, in movie, in preview
  writer.u32(0).u32(0).u32(trackId).u32(0).u32(0).zeros(8);
  // Tracks of one kind are alternatives to each other.
  writer.u16(0).u16(track.kind === "video" ? 1 : 2);
  writer.u16(track.kind === "audio" ? 0x0100 : 0).u16(0);
  writeMatrix(writer);
  if (track.kind === "video") {
    const { width, height, sar } = track.config;
    // 16.16, as displayed: pixels made square.
    const displayWidth = sar.width > 0 && sar.height > 0 ? (width * sar.width) / sar.height : width;
    writer.u32(Math.min(Math.round(displayWidth * 0x1_0000), 0xffff_ffff)).u32(height * 0x1_0000);
  } else {
    writer.u32(0).u32(0);
  }
  endBox(writer, box);
}

function writeMediaHeader(writer: ByteWriter, track: VideoTrack | AudioTrack): void {
  const mdhd = startFullBox(writer, "mdhd", 0, 0);
  writer.u32(0).u32(0).u32(track.timescale).u32(0);
  const [a, b, c] = Array.from(iso639(track.language), (letter) => letter.charCodeAt(0) - 0x60);
  writer.u16(((a ?? 0) << 10) | ((b ?? 0) << 5) | (c ?? 0)).u16(0);
  endBox(writer, mdhd);
  if (!track.language) return;
  const elng = startFullBox(writer, "elng", 0, 0);
  writer.utf8(track.language).u8(0);
  endBox(writer, elng);
}

function writeHandler(writer: ByteWriter, kind: "video" | "audio"): void {
  const box = startFullBox(writer, "hdlr", 0, 0);
  writer
    .u32(0)
    .ascii(kind === "video" ? "vide" : "soun")
    .zeros(12);
  writer.ascii(kind === "video" ? "video" : "audio").u8(0);
  endBox(writer, box);
}

function writeDataInformation(writer: ByteWriter): void {
  const dinf = startBox(writer, "dinf");
  const dref = startFullBox(writer, "dref", 0, 0);
  writer.u32(1);
  const url = startFullBox(writer, "url ", 0, 1); // media in the same file
  endBox(writer, url);
  endBox(writer, dref);
  endBox(writer, dinf);
}

function writeSampleTable(writer: ByteWriter, track: VideoTrack | AudioTrack): void {
  const stbl = startBox(writer, "stbl");
  const stsd = startFullBox(writer, "stsd", 0, 0);
  writer.u32(1);
  if (track.kind === "video") writeVisualSampleEntry(writer, track.config);
  else writeAudioSampleEntry(writer, track);
  endBox(writer, stsd);
  for (const type of ["stts", "stsc", "stsz", "stco"]) {
    const box = startFullBox(writer, type, 0, 0);
    if (type === "stsz") writer.u32(0);
    writer.u32(0);
    endBox(writer, box);
  }
  endBox(writer, stbl);
}

function writeTrackExtends(writer: ByteWriter, trackId: number): void {
  const box = startFullBox(writer, "trex", 0, 0);
  writer.u32(trackId).u32(1).u32(0).u32(0).u32(0); // sample description 1; fragments state their own defaults
  endBox(writer, box);
}

/** The unity matrix. */
function writeMatrix(writer: ByteWriter): void {
  writer.u32(0x0001_0000).zeros(12).u32(0x0001_0000).zeros(12).u32(0x4000_0000);
}
