import { decodeHevcConfig } from "../../../src/codecs/hevc/config.ts";
import { decodePacket, PACKET_SIZE, writePcr } from "../../../src/formats/mpegts/packet.ts";
import { encodePat } from "../../../src/formats/mpegts/psi.ts";
import type { MediaRuleId } from "../../../src/validate/media/rules.ts";
import { hevcRecords } from "../codec-samples.ts";
import { joined, packedAudio, transportSegments, videoTrack } from "../media-samples.ts";
import { type BadMedia, badSegments } from "./kit.ts";

const PMT_PID = 0x1000;
const VIDEO_PID = 0x100;
const AUDIO_PID = 0x101;

function badTs(rule: MediaRuleId, name: string, segments: () => readonly Uint8Array[]): BadMedia {
  return badSegments(rule, name, segments, () => ({ initUri: undefined }));
}

/** One segment with something done to each packet: `change` gets its offset, its PID, and its number among those of the PID. */
function changed(change: (bytes: Uint8Array, at: number, pid: number, nth: number) => void): Uint8Array[] {
  const [bytes = new Uint8Array(0)] = transportSegments(1);
  const seen = new Map<number, number>();
  for (let at = 0; at < bytes.length; at += PACKET_SIZE) {
    const { pid } = decodePacket(bytes, at);
    const nth = seen.get(pid) ?? 0;
    seen.set(pid, nth + 1);
    change(bytes, at, pid, nth);
  }
  return [bytes];
}

/** One segment without the first packet of a PID behind the first. */
function without(pid: number, nth: number): Uint8Array[] {
  let lost = -1;
  const [bytes = new Uint8Array(0)] = changed((_, at, found, number) => {
    if (found === pid && number === nth) lost = at;
  });
  return [joined(bytes.subarray(0, lost), bytes.subarray(lost + PACKET_SIZE))];
}

/** All units of one type made filler data, which decoders pass over. */
function withoutUnits(...types: readonly number[]): Uint8Array[] {
  return changed((bytes, at) => {
    for (let i = at + 4; i < at + PACKET_SIZE - 4; i++) {
      const isStart = bytes[i] === 0 && bytes[i + 1] === 0 && bytes[i + 2] === 1;
      if (isStart && types.includes((bytes[i + 3] as number) & 0x1f)) bytes[i + 3] = 0x0c;
    }
  });
}

/** Adaptation field flags of the packet at `at`, or -1 without a field. */
function flagsAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 3] as number) & 0x20) !== 0 && (bytes[at + 4] as number) > 0 ? at + 5 : -1;
}

function withoutFlag(flag: number, keep: (nth: number) => boolean = () => false): Uint8Array[] {
  return changed((bytes, at, pid, nth) => {
    const flags = flagsAt(bytes, at);
    if (pid === VIDEO_PID && flags >= 0 && !keep(nth)) bytes[flags] = (bytes[flags] as number) & ~flag;
  });
}

/** Where the PES packet begins in a packet that one begins in. */
function payloadAt(bytes: Uint8Array, at: number): number {
  return flagsAt(bytes, at) >= 0 ? at + 5 + (bytes[at + 4] as number) : at + 4;
}

const RANDOM_ACCESS = 0x40;
const PCR = 0x10;

const hevcTrack = { ...videoTrack, config: decodeHevcConfig(Uint8Array.fromHex(hevcRecords[0]?.hex ?? "")) };

const text = (value: string) => new TextEncoder().encode(value);
const vtt = (rule: MediaRuleId, name: string, value: string) =>
  badSegments(
    rule,
    name,
    () => [text(value)],
    () => ({ initUri: undefined, uri: "sub/0.vtt" }),
  );

export const badTransport: readonly BadMedia[] = [
  badTs("ts-tables", "no PMT", () => without(PMT_PID, 0)),
  badTs("ts-tables-first", "a null packet in front", () => {
    const nothing = new Uint8Array(PACKET_SIZE).fill(0xff);
    nothing.set([0x47, 0x1f, 0xff, 0x10]);
    return [joined(nothing, ...transportSegments(1))];
  }),
  badTs("ts-programs", "two", () =>
    changed((bytes, at, pid) => {
      const two = encodePat([
        { number: 1, pid: PMT_PID },
        { number: 2, pid: PMT_PID + 1 },
      ]);
      if (pid === 0) bytes.set(two, at + 5);
    }),
  ),
  badTs("ts-section", "a wrong CRC", () =>
    changed((bytes, at, pid) => {
      if (pid === PMT_PID) bytes[at + 20] = 0x55;
    }),
  ),
  badTs("ts-continuity", "a lost packet", () => without(VIDEO_PID, 4)),
  badTs("ts-continuity-across", "a muxer for each segment", () => [
    ...transportSegments(1),
    ...transportSegments(1, undefined, { startMsn: 1 }),
  ]),
  badTs("ts-continuity-tables", "a muxer for each segment", () => [
    ...transportSegments(1),
    ...transportSegments(1, undefined, { startMsn: 1 }),
  ]),
  badTs("ts-pes", "no start code", () =>
    changed((bytes, at, pid, nth) => {
      if (pid === VIDEO_PID && nth === 5) bytes[payloadAt(bytes, at) + 2] = 9;
    }),
  ),
  badTs("ts-pts", "none on the first audio", () =>
    changed((bytes, at, pid, nth) => {
      if (pid === AUDIO_PID && nth === 0) bytes[payloadAt(bytes, at) + 7] = 0;
    }),
  ),
  badTs("ts-pcr", "none", () => withoutFlag(PCR)),
  badTs("ts-pcr-interval", "every ten frames", () => withoutFlag(PCR, (nth) => nth % 10 === 0)),
  badTs("ts-pcr-order", "ahead of the frames", () =>
    changed((bytes, at, pid) => {
      const { pcr } = decodePacket(bytes, at);
      if (pid === VIDEO_PID && pcr !== undefined) writePcr(bytes, at + 6, pcr + 180_000);
    }),
  ),
  badTs("ts-random-access", "on no keyframe", () => withoutFlag(RANDOM_ACCESS)),
  badTs("ts-access-unit-delimiter", "none", () => withoutUnits(9)),
  badTs("ts-parameter-sets", "none", () => withoutUnits(7, 8)),
  badTs("ts-audio-frames", "no syncword", () =>
    changed((bytes, at, pid, nth) => {
      if (pid === AUDIO_PID && nth === 0) bytes[payloadAt(bytes, at) + 14] = 0;
    }),
  ),
  badTs("hevc-outside-fmp4", "HEVC", () => transportSegments(1, [hevcTrack])),
  badTs("decode-time-gap", "audio frames are missing", () => {
    // Whole packets of the middle of the audio, with the counters of the rest set right.
    let removed = 0;
    const kept: Uint8Array[] = [];
    const [bytes = new Uint8Array(0)] = transportSegments(1);
    for (let at = 0, nth = 0; at < bytes.length; at += PACKET_SIZE) {
      const packet = bytes.slice(at, at + PACKET_SIZE);
      if (decodePacket(packet).pid === AUDIO_PID) {
        nth++;
        if (nth > 5 && removed < 3) {
          removed++;
          continue;
        }
        packet[3] = ((packet[3] as number) & 0xf0) | (((packet[3] as number) - removed) & 0xf);
      }
      kept.push(packet);
    }
    return [joined(...kept)];
  }),
  badTs("packed-audio-timestamp", "no tag", () => [packedAudio(0, { tag: false })]),
  badTs("packed-audio-frames", "zeros at the end", () => [joined(packedAudio(0), new Uint8Array(50))]),
  badTs("timeline-jump", "packed audio that begins again", () => [packedAudio(1), packedAudio(1)]),
  vtt("webvtt-header", "none", "00:00.000 --> 00:01.000\nhello\n"),
  vtt("webvtt-timestamp-map", "none", "WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n"),
  vtt(
    "webvtt-cue",
    "backwards",
    "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n00:02.000 --> 00:01.000\nhi\n",
  ),
];
