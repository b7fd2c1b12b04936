import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import type { Ticks } from "../../media/time.ts";
import { type Box, walkBoxes } from "./boxes.ts";
import { decodeSampleEntry, type SampleEntry } from "./sample-entry-reader.ts";

/** What an initialization section says: ftyp and a moov with its tracks. */
export type InitSection = {
  /** Types of the outermost boxes, in order. */
  readonly boxes: readonly string[];
  /** Major brand and compatible brands of the ftyp; empty without one. */
  readonly brands: readonly string[];
  /** Duration of the mvhd, in its timescale. */
  readonly duration: Ticks;
  readonly timescale: number;
  readonly tracks: readonly InitTrack[];
  /** trex by track_ID. */
  readonly defaults: ReadonlyMap<number, TrackDefaults>;
  /** An mvex stands behind the last trak. */
  readonly extendsBehindTracks: boolean;
};

export type InitTrack = {
  readonly id: number;
  /** handler_type: `vide`, `soun`, `text`, `subt`, `meta`. */
  readonly handler: string;
  readonly timescale: number;
  /** Of the tkhd. */
  readonly duration: Ticks;
  /** The most samples that any table of the stbl speaks of; 0 in an initialization section. */
  readonly samples: number;
  /** A data reference points to another file. */
  readonly external: boolean;
  readonly edits: readonly Edit[];
  readonly entries: readonly SampleEntry[];
};

/** An entry of the edit list (8.6.6); `duration` in the movie's timescale, `mediaTime` in the track's, -1 for a pause. */
export type Edit = { readonly duration: Ticks; readonly mediaTime: Ticks };

/** trex (8.8.3): what a fragment takes that says nothing else. */
export type TrackDefaults = {
  readonly sampleDescriptionIndex: number;
  readonly duration: Ticks;
  readonly size: number;
  readonly flags: number;
};

/** Reads an initialization section (ISO/IEC 14496-12). Boxes that it does not know are passed over. */
export function decodeInit(bytes: Uint8Array): InitSection {
  const boxes: string[] = [];
  const tracks: MutableTrack[] = [];
  const defaults = new Map<number, TrackDefaults>();
  let brands: string[] = [];
  let duration = 0;
  let timescale = 0;
  let extendsBehindTracks = false;

  for (const box of walkBoxes(bytes)) {
    const { path, payload } = box;
    if (!path.includes("/")) boxes.push(box.type);
    if (path === "ftyp") brands = decodeBrands(payload);
    else if (path === "moov/mvhd") ({ duration, timescale } = decodeTimes(payload));
    else if (path === "moov/mvex") extendsBehindTracks = true;
    else if (path === "moov/mvex/trex") {
      const [id, values] = decodeTrex(payload);
      defaults.set(id, values);
    } else if (path === "moov/trak") {
      extendsBehindTracks = false;
      tracks.push(emptyTrack());
    } else if (path.startsWith("moov/trak/")) {
      const track = tracks[tracks.length - 1];
      if (track) readTrackBox(track, box);
    }
  }
  return { boxes, brands, duration, timescale, tracks, defaults, extendsBehindTracks };
}

/** Ticks that the edit list adds to presentation times: pauses in front, less what it cuts off (8.6.6). */
export function presentationShift({ edits, timescale }: InitTrack, movieTimescale: number): Ticks {
  let shift = 0;
  for (const { duration, mediaTime } of edits) {
    if (mediaTime >= 0) return shift - mediaTime;
    if (movieTimescale > 0) shift += (duration * timescale) / movieTimescale;
  }
  return shift;
}

type MutableTrack = { -readonly [Key in keyof InitTrack]: InitTrack[Key] } & {
  readonly edits: Edit[];
  readonly entries: SampleEntry[];
};

function emptyTrack(): MutableTrack {
  return { id: 0, handler: "", timescale: 0, duration: 0, samples: 0, external: false, edits: [], entries: [] };
}

const STBL = "moov/trak/mdia/minf/stbl/";

function readTrackBox(track: MutableTrack, box: Box): void {
  const { path, payload } = box;
  switch (path) {
    case "moov/trak/tkhd": {
      const reader = new ByteReader(payload);
      const wide = reader.u32() >>> 24 === 1;
      reader.skip(wide ? 16 : 8);
      track.id = reader.u32();
      reader.skip(4);
      track.duration = wide ? reader.u64() : reader.u32();
      return;
    }
    case "moov/trak/edts/elst":
      track.edits.push(...decodeEdits(payload));
      return;
    case "moov/trak/mdia/mdhd":
      track.timescale = decodeTimes(payload).timescale;
      return;
    case "moov/trak/mdia/hdlr": {
      const reader = new ByteReader(payload);
      reader.skip(8);
      track.handler = reader.ascii(4);
      return;
    }
    case "moov/trak/mdia/minf/dinf/dref/url ":
    case "moov/trak/mdia/minf/dinf/dref/urn ":
      if ((new ByteReader(payload).u32() & 1) === 0) track.external = true;
      return;
    case `${STBL}stts`:
    case `${STBL}stsc`:
    case `${STBL}stco`:
    case `${STBL}co64`:
    case `${STBL}stsz`:
    case `${STBL}stz2`: {
      const reader = new ByteReader(payload);
      reader.skip(box.type.startsWith("stsz") || box.type === "stz2" ? 8 : 4);
      track.samples = Math.max(track.samples, reader.u32());
      return;
    }
    default:
      // A sample entry; what is in it, it reads itself.
      if (path === `${STBL}stsd/${box.type}`) track.entries.push(decodeSampleEntry(box, track.handler));
  }
}

function decodeBrands(payload: Uint8Array): string[] {
  const reader = new ByteReader(payload);
  const brands = [reader.ascii(4)];
  reader.skip(4);
  while (reader.left >= 4) brands.push(reader.ascii(4));
  return brands;
}

/** Timescale and duration of mvhd (8.2.2) and mdhd (8.4.2), which begin alike. */
function decodeTimes(payload: Uint8Array): { timescale: number; duration: Ticks } {
  const reader = new ByteReader(payload);
  const wide = reader.u32() >>> 24 === 1;
  reader.skip(wide ? 16 : 8);
  return { timescale: reader.u32(), duration: wide ? reader.u64() : reader.u32() };
}

function decodeTrex(payload: Uint8Array): [id: number, values: TrackDefaults] {
  const reader = new ByteReader(payload);
  reader.skip(4);
  const id = reader.u32();
  const sampleDescriptionIndex = reader.u32();
  return [id, { sampleDescriptionIndex, duration: reader.u32(), size: reader.u32(), flags: reader.u32() }];
}

function decodeEdits(payload: Uint8Array): Edit[] {
  const reader = new ByteReader(payload);
  const wide = reader.u32() >>> 24 === 1;
  const count = reader.u32();
  if (count * (wide ? 20 : 12) > reader.left) throw new MalformedError(`edit list of ${count} entries`, 4);
  return Array.from({ length: count }, () => {
    const duration = wide ? reader.u64() : reader.u32();
    const mediaTime = wide ? reader.s32() * 0x1_0000_0000 + reader.u32() : reader.s32();
    reader.skip(4); // media_rate
    return { duration, mediaTime };
  });
}
