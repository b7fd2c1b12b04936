import { MalformedError } from "../../bytes/errors.ts";
import { decodeAc3Config, decodeEac3Config } from "../../codecs/ac3/config.ts";
import { decodeMp3Config } from "../../codecs/mp3/frame.ts";
import { toFourByteLengths } from "../../codecs/nal-units.ts";
import { audioTimescale } from "../../codecs/timescale.ts";
import type { CodecConfig, Track } from "../../media/track.ts";
import { VIDEO_TIMESCALE } from "../../media/track.ts";
import type { TrackChoice } from "../media-file.ts";
import type { Box } from "./boxes.ts";
import { walkBoxes } from "./boxes.ts";
import type { InitSection, InitTrack } from "./init-reader.ts";
import { presentationShift } from "./init-reader.ts";
import type { SampleEntry } from "./sample-entry-reader.ts";
import { SampleTable, type SampleTableBoxes } from "./sample-table.ts";

/** A track that is read. */
export type FileTrack = {
  /** track_ID. */
  readonly id: number;
  readonly kind: "video" | "audio";
  /** Of the file. */
  readonly timescale: number;
  /** Added to all its times, in its ticks: what the edit list says. */
  readonly shift: number;
  readonly entry: SampleEntry;
  readonly table: SampleTable;
  readonly source: InitTrack;
};

/** The chosen track of each kind whose codec is known here. */
export function fileTracks(init: InitSection, moov: Uint8Array, choice: TrackChoice): FileTrack[] {
  const tables = sampleTables(moov);
  const found: { readonly video: FileTrack[]; readonly audio: FileTrack[] } = { video: [], audio: [] };
  for (const [index, source] of init.tracks.entries()) {
    const kind = source.handler === "vide" ? "video" : source.handler === "soun" ? "audio" : undefined;
    const [entry] = source.entries;
    if (!kind || !entry || entry.encrypted || source.external || source.timescale === 0) continue;
    if (!entry.config && !isKnownByFrames(entry)) continue;
    const shift = Math.round(presentationShift(source, init.timescale));
    const table = new SampleTable(tables[index] ?? {});
    found[kind].push({ id: source.id, kind, timescale: source.timescale, shift, entry, table, source });
  }
  return [found.video[choice.video], found.audio[choice.audio]].filter((track) => track !== undefined);
}

/** The track as the streams have them. @param frame its first, for codecs that only frames tell of */
export function toTrack({ kind, entry }: FileTrack, frame: Uint8Array): Track {
  const config = entry.config ?? configOfFrame(entry, frame);
  if (kind === "video" && isVideo(config)) return { id: 0, kind, timescale: VIDEO_TIMESCALE, config };
  if (kind === "audio" && !isVideo(config)) return { id: 1, kind, timescale: audioTimescale(config), config };
  throw new MalformedError(`${entry.format} in a track of ${kind}`);
}

/** A sample in canonical form (CODECS.md). */
export function canonicalSample({ entry }: FileTrack, data: Uint8Array): Uint8Array {
  return entry.lengthSize === 0 || entry.lengthSize === 4 ? data : toFourByteLengths(data, entry.lengthSize);
}

const isVideo = (config: CodecConfig): config is Extract<CodecConfig, { codec: "h264" | "hevc" | "av1" | "vp9" }> =>
  "width" in config;

const MP3_FORMATS = [".mp3", "mp4a.6b", "mp4a.69"];

function isKnownByFrames({ codec, format }: SampleEntry): boolean {
  return MP3_FORMATS.includes(codec) || format === "ac-3" || format === "ec-3";
}

function configOfFrame({ format }: SampleEntry, frame: Uint8Array): CodecConfig {
  if (format === "ac-3") return decodeAc3Config(frame);
  return format === "ec-3" ? decodeEac3Config(frame) : decodeMp3Config(frame);
}

const STBL = "moov/trak/mdia/minf/stbl/";

/** Of each trak, in order. */
function sampleTables(moov: Uint8Array): SampleTableBoxes[] {
  const all: Record<string, Uint8Array>[] = [];
  for (const { path, type, payload } of walkBoxes(moov) as Iterable<Box>) {
    if (path === "moov/trak") all.push({});
    const last = all.at(-1);
    if (last && path === `${STBL}${type}`) last[type] ??= payload;
  }
  return all;
}
