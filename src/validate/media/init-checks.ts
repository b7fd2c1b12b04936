import { decodeInit, type InitSection, type InitTrack, presentationShift } from "../../formats/mp4/init-reader.ts";
import type { SampleEntry } from "../../formats/mp4/sample-entry-reader.ts";
import type { Note } from "./rules.ts";

/** Reads an initialization section and notes what is wrong with it. @throws MalformedError when it cannot be read */
export function checkInit(bytes: Uint8Array, note: Note): InitSection {
  const init = decodeInit(bytes);
  if (init.boxes[0] !== "ftyp" || !init.boxes.includes("moov") || init.tracks.length === 0) {
    note("init-unreadable", `boxes ${init.boxes.join(", ") || "none"}; ${init.tracks.length} tracks`);
  }
  if (init.boxes.includes("ftyp") && !init.brands.some(isBrandOfToday)) {
    note("init-brand", `brands ${init.brands.join(", ")}`);
  }
  if (init.boxes.includes("moof")) note("init-samples", "there is a movie fragment in it");
  if (init.duration !== 0) note("init-duration", `mvhd has a duration of ${init.duration}`);
  if (init.tracks.length > 0 && !init.extendsBehindTracks) note("init-mvex", "no mvex behind the last trak");

  const ids = new Set<number>();
  for (const track of init.tracks) {
    const repeated = ids.has(track.id);
    ids.add(track.id);
    checkTrack(track, init.timescale, repeated, note);
    if (init.extendsBehindTracks && !init.defaults.has(track.id)) note("init-trex", `no trex for track ${track.id}`);
  }
  const audio = init.tracks.filter(({ handler }) => handler === "soun");
  if (audio.length > 1) note("several-audio-tracks", `${audio.length} audio tracks`);
  return init;
}

/** iso6 and what was built on it; CMAF and DASH segments demand it. */
function isBrandOfToday(brand: string): boolean {
  return /^iso[6-9a-c]$/.test(brand) || brand.startsWith("cmf") || brand === "dash" || brand === "msdh";
}

function checkTrack(track: InitTrack, movieTimescale: number, repeated: boolean, note: Note): void {
  const { id, timescale, duration, samples, entries } = track;
  if (id === 0 || repeated) note("init-track", `track id ${id}${repeated ? " twice" : ""}`);
  if (timescale === 0) note("init-track", `timescale 0 of track ${id}`);
  if (entries.length === 0) note("init-track", `no sample entry in track ${id}`);
  if (samples > 0) note("init-samples", `tables of track ${id} speak of ${samples} samples`);
  if (duration !== 0) note("init-duration", `tkhd of track ${id} has a duration of ${duration}`);
  if (track.external) note("init-external-data", `track ${id} refers to another file`);
  const shift = (presentationShift(track, movieTimescale) / timescale) * 1000;
  if (Math.abs(shift) >= 1) note("init-edit-list", `track ${id} by ${shift.toFixed(0)} ms`);
  for (const entry of entries) checkEntry(entry, note);
}

function checkEntry(entry: SampleEntry, note: Note): void {
  const { format, fault, config, width, height } = entry;
  if (fault) note("init-sample-entry", `${format}: ${fault}`);
  if (format === "avc3" || format === "hev1") note("parameter-sets-in-samples", format);
  if (!config || !("width" in config) || config.width === 0) return;
  // Both the size of the pictures and of what is shown of them are in use.
  const difference = Math.max(Math.abs(config.width - width), Math.abs(config.height - height));
  if (difference > PADDING) {
    note("init-picture-size", `${width}x${height}, parameter sets say ${config.width}x${config.height}`);
  }
}

/** A picture is whole macroblocks of 16, or coding blocks of up to 64. */
const PADDING = 64;
