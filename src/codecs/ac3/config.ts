import { BitWriter } from "../../bytes/bit-writer.ts";
import { MalformedError } from "../../bytes/errors.ts";
import type { AudioConfig } from "../../media/track.ts";
import { decodeSyncframe, type Syncframe } from "./syncframe.ts";

/** The config of an AC-3 stream, from one of its syncframes; the record is `dac3` (ETSI TS 102 366 F.4). */
export function decodeAc3Config(syncframe: Uint8Array): AudioConfig {
  const frame = decodeSyncframe(syncframe, 0);
  if (frame.enhanced) throw new MalformedError("E-AC-3 where AC-3 is expected", 5);
  const { fscod, bsid, bsmod, acmod, lfe, frmsizecod, sampleRate, channels } = frame;
  const record = new BitWriter(3)
    .u(2, fscod)
    .u(5, bsid)
    .u(3, bsmod)
    .u(3, acmod)
    .u(1, lfe)
    .u(5, frmsizecod >> 1)
    .u(5, 0)
    .take();
  return { codec: "ac3", record, codecString: "ac-3", sampleRate, channels, samplesPerPacket: AC3_SAMPLES };
}

/**
 * The config of an E-AC-3 stream, from one access unit: independent substreams, each with its dependent ones. The record
 * is `dec3` (F.6).
 */
export function decodeEac3Config(accessUnit: Uint8Array): AudioConfig {
  const programs: { main: Syncframe; dependents: number; channelLocations: number; channels: number }[] = [];
  let samples = 0;
  let sampleRate = 0;
  let bytes = 0;
  for (let at = 0; at < accessUnit.length; ) {
    const frame = decodeSyncframe(accessUnit, at);
    at += frame.size;
    bytes = at;
    if (frame.dependent) {
      const program = programs.at(-1);
      if (!program) throw new MalformedError("E-AC-3 that starts with a dependent substream");
      // Less than six blocks a frame: the substreams come again for the next blocks.
      if (samples > frame.samples) continue;
      if (++program.dependents > MAX_DEPENDENTS) throw new MalformedError("too many dependent substreams", at);
      program.channelLocations |= channelLocations(frame.channelMap);
      program.channels += addedChannels(frame.channelMap);
      continue;
    }
    if (frame.substream === 0) {
      samples += frame.samples;
      sampleRate = frame.sampleRate;
    }
    if (programs.length <= frame.substream) {
      if (programs.length < frame.substream) throw new MalformedError(`E-AC-3 without substream ${programs.length}`);
      programs.push({ main: frame, dependents: 0, channelLocations: 0, channels: frame.channels });
    }
  }
  const [first] = programs;
  if (!first) throw new MalformedError("E-AC-3 without a syncframe");

  const kbits = Math.min(Math.round((bytes * 8 * sampleRate) / samples / 1000), 0x1fff);
  const writer = new BitWriter(2 + programs.length * 4).u(13, kbits).u(3, programs.length - 1);
  for (const { main, dependents, channelLocations: locations } of programs) {
    writer.u(2, main.fscod).u(5, main.bsid).u(2, 0).u(3, main.bsmod).u(3, main.acmod).u(1, main.lfe).u(3, 0);
    writer.u(4, dependents);
    if (dependents > 0) writer.u(9, locations);
    else writer.u(1, 0);
  }
  const { channels } = first;
  return {
    codec: "eac3",
    record: writer.take(),
    codecString: "ec-3",
    sampleRate,
    channels,
    samplesPerPacket: samples,
  };
}

const AC3_SAMPLES = 1536;

/** substreamid has 3 bits. */
const MAX_DEPENDENTS = 8;

/** chan_loc of dec3 (table F.6.1) of a syncframe's chanmap (table E.5), whose bit 15 is location 0. */
function channelLocations(map: number): number {
  let locations = 0;
  for (let i = 0; i < 8; i++) if (map & (0x8000 >> (5 + i))) locations |= 1 << i;
  return map & (0x8000 >> LFE2) ? locations | 0x100 : locations;
}

/** Channels of chanmap that no independent substream has: all but left, centre, right, the surrounds and the LFE. */
function addedChannels(map: number): number {
  let count = 0;
  for (let i = 5; i < 15; i++) if (map & (0x8000 >> i)) count += PAIRS.has(i) ? 2 : 1;
  return count;
}

const LFE2 = 14;
/** Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw, Vhl/Vhr, Lts/Rts. */
const PAIRS = new Set([5, 6, 9, 10, 11, 13]);
