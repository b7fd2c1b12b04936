import { adtsFields, writeAdtsHeader } from "../../src/codecs/aac/adts.ts";
import { decodeAacConfig } from "../../src/codecs/aac/config.ts";
import { decodeAvcConfig } from "../../src/codecs/h264/config.ts";
import { findBox, walkBoxes } from "../../src/formats/mp4/boxes.ts";
import { encodeFragment, type Sample } from "../../src/formats/mp4/fragment.ts";
import { encodeInit } from "../../src/formats/mp4/init.ts";
import { TsMuxer } from "../../src/formats/mpegts/muxer.ts";
import type { AudioTrack, VideoTrack } from "../../src/media/track.ts";
import type { PartInfo, SegmentInfo } from "../../src/validate/finding.ts";
import { aacRecords, avcRecords } from "./codec-samples.ts";

/** 640x360 H.264 at 30 frames a second, 48 kHz AAC: segments of two seconds with a keyframe in front. */

export const videoTrack: VideoTrack = {
  id: 1,
  kind: "video",
  timescale: 90_000,
  config: decodeAvcConfig(Uint8Array.fromHex(avcRecords[1]?.hex ?? "")),
};

export const audioTrack: AudioTrack = {
  id: 2,
  kind: "audio",
  timescale: 48_000,
  config: decodeAacConfig(Uint8Array.fromHex(aacRecords[0]?.hex ?? "")),
};

export const SECONDS = 2;
export const FRAMES = 60;
const FRAME = 3000;
const AUDIO_FRAME = 1024;
const FIRST_DATE = Date.UTC(2026, 0, 1);

/** An initialization section of both tracks. */
export const goodInit = (): Uint8Array => encodeInit([videoTrack, audioTrack]);

/** What the playlists say of segment `msn`. */
export function segmentInfo(msn: number, over: Partial<SegmentInfo> = {}): SegmentInfo {
  return {
    rendition: "video",
    uri: `video/${msn}.m4s`,
    msn,
    duration: SECONDS,
    discontinuity: false,
    discontinuitySequence: 0,
    programDateTime: FIRST_DATE + msn * SECONDS * 1000,
    initUri: "init.mp4",
    independentClaimed: true,
    targetDuration: SECONDS,
    codecs: [videoTrack.config.codecString, audioTrack.config.codecString],
    resolution: { width: 640, height: 360 },
    frameRate: 30,
    gap: false,
    ...over,
  };
}

export function partInfo(msn: number, part: number, over: Partial<PartInfo> = {}): PartInfo {
  const uri = `video/${msn}.${part}.m4s`;
  return { ...segmentInfo(msn), uri, part, duration: SECONDS / PARTS, independentClaimed: part === 0, ...over };
}

/** Parts of a segment. */
export const PARTS = 4;

/** A frame whose slice refers to picture parameter set `pps` (0 or 2). No two have the same bytes. */
export function accessUnit(index: number, key: boolean, pps: 0 | 2 = 0): Uint8Array {
  // first_mb_in_slice 0, slice_type 7 or 5, then the id: a last bit set for 0, else 011.
  const head = key ? (pps === 0 ? [0x65, 0x88, 0x80] : [0x65, 0x88, 0x60]) : [0x41, 0x9a, 0x40];
  return Uint8Array.of(0, 0, 0, 7, ...head, 0x55, index >> 8, index & 0xff, 0x80);
}

export type CmafOptions = {
  /** Video frames from the first of the segment on. */
  readonly frames?: number;
  readonly firstFrame?: number;
  readonly audio?: boolean;
  readonly video?: boolean;
  /** Added to decoding times; ticks of the track. */
  readonly videoShift?: number;
  readonly audioShift?: number;
  readonly frame?: number;
  readonly compositionOffset?: number;
  readonly key?: (index: number) => boolean;
  readonly flag?: (index: number) => boolean;
  readonly data?: (index: number, key: boolean) => Uint8Array;
  readonly sequence?: number;
};

/** Segment `msn`, or the frames of it that the options say. */
export function cmaf(msn: number, options: CmafOptions = {}): Uint8Array {
  const { frames = FRAMES, firstFrame = 0, frame = FRAME, audio = true, video = true } = options;
  const { key = (index) => index === 0, data = accessUnit } = options;
  const samples: Sample[] = [];
  for (let index = firstFrame; index < firstFrame + frames; index++) {
    samples.push({
      duration: frame,
      compositionOffset: options.compositionOffset ?? 0,
      key: (options.flag ?? key)(index),
      data: data(msn * FRAMES + index, key(index)),
    });
  }
  const start = msn * FRAMES * FRAME + firstFrame * frame;
  const from = audioFrameAt(start);
  const audioSamples: Sample[] = [];
  for (let index = from; index < audioFrameAt(start + frames * frame); index++) {
    audioSamples.push({ duration: AUDIO_FRAME, compositionOffset: 0, key: true, data: audioData(index) });
  }
  return encodeFragment(options.sequence ?? msn * PARTS + Math.floor(firstFrame / (FRAMES / PARTS)) + 1, [
    {
      trackId: 1,
      kind: "video",
      baseDecodeTime: start + (options.videoShift ?? 0),
      samples: video ? samples : [],
    },
    {
      trackId: 2,
      kind: "audio",
      baseDecodeTime: from * AUDIO_FRAME + (options.audioShift ?? 0),
      samples: audio ? audioSamples : [],
    },
  ]);
}

/** Number of the first audio frame at or behind a time of 90 kHz. */
function audioFrameAt(ticks: number): number {
  return Math.ceil((ticks * 48_000) / 90_000 / AUDIO_FRAME);
}

function audioData(index: number): Uint8Array {
  return Uint8Array.of(0x21, 0x10, index >> 8, index & 0xff, 0x1c);
}

/** The parts of segment `msn`; together they are `joined(...)`, the segment. */
export function cmafParts(msn: number, options: CmafOptions = {}): Uint8Array[] {
  const frames = FRAMES / PARTS;
  return Array.from({ length: PARTS }, (_, part) => cmaf(msn, { ...options, frames, firstFrame: part * frames }));
}

export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces));
}

/** Segments of a transport stream, one after the other out of one muxer. */
export function transportSegments(
  count: number,
  tracks: readonly (VideoTrack | AudioTrack)[] = [videoTrack, audioTrack],
  options: { readonly startMsn?: number; readonly key?: (index: number) => boolean } = {},
): Uint8Array[] {
  const muxer = new TsMuxer({ maxAudioDelay: 100 });
  muxer.setTracks(tracks);
  const { startMsn = 0, key = (index) => index === 0 } = options;
  return Array.from({ length: count }, (_, segment) => {
    const msn = startMsn + segment;
    muxer.startSegment();
    let audioAt = audioFrameAt(msn * FRAMES * FRAME);
    for (let index = 0; index < FRAMES; index++) {
      const dts = (msn * FRAMES + index) * FRAME;
      const data = accessUnit(msn * FRAMES + index, key(index));
      muxer.write({ type: "packet", track: 1, dts, pts: dts, duration: FRAME, key: key(index), data });
      for (const end = audioFrameAt(dts + FRAME); audioAt < end; audioAt++) {
        const at = audioAt * AUDIO_FRAME;
        muxer.write({ type: "packet", track: 2, dts: at, pts: at, duration: 0, key: true, data: audioData(audioAt) });
      }
    }
    return joined(...muxer.takeSegment());
  });
}

/** Packed audio of two seconds: an ID3 tag with the timestamp, and ADTS frames. */
export function packedAudio(msn: number, options: { readonly tag?: boolean } = {}): Uint8Array {
  const fields = adtsFields(audioTrack.config);
  if (!fields) throw new Error("no ADTS for this config");
  const pieces: Uint8Array[] = [];
  const first = audioFrameAt(msn * FRAMES * FRAME);
  if (options.tag !== false) pieces.push(timestampTag(Math.round((first * AUDIO_FRAME * 90_000) / 48_000)));
  for (let index = first; index < audioFrameAt((msn + 1) * FRAMES * FRAME); index++) {
    const data = audioData(index);
    const header = new Uint8Array(fields.headerLength);
    writeAdtsHeader(header, 0, fields, data.length);
    pieces.push(header, data);
  }
  return joined(...pieces);
}

function timestampTag(time: number): Uint8Array {
  const owner = new TextEncoder().encode("com.apple.streaming.transportStreamTimestamp\0");
  const size = owner.length + 8;
  const tag = new Uint8Array(20 + size);
  tag.set(new TextEncoder().encode("ID3"));
  tag.set([4, 0, 0, 0, 0, 0, 10 + size], 3);
  tag.set(new TextEncoder().encode("PRIV"), 10);
  tag.set([0, 0, 0, size, 0, 0], 14);
  tag.set(owner, 20);
  new DataView(tag.buffer).setBigUint64(20 + owner.length, BigInt(time));
  return tag;
}

/** The payload of the box, in place: writing to it changes `bytes`. */
export function payloadOf(bytes: Uint8Array, path: string): Uint8Array {
  const box = findBox(bytes, path);
  if (!box) throw new Error(`no box ${path}`);
  return box.payload;
}

/** `bytes` with a box renamed, so that readers pass it over. */
export function withoutBox(bytes: Uint8Array, path: string, nth = 0): Uint8Array {
  const box = [...walkBoxes(bytes)].filter((found) => found.path === path)[nth];
  if (!box) throw new Error(`no box ${path}`);
  const out = Uint8Array.from(bytes);
  out.set(new TextEncoder().encode("free"), box.offset + 4);
  return out;
}

/** `bytes` with `added` behind the payload of a box; the sizes of it and of those around it grow. */
export function withAppended(bytes: Uint8Array, path: string, added: Uint8Array): Uint8Array {
  const target = findBox(bytes, path);
  if (!target) throw new Error(`no box ${path}`);
  const end = target.offset + target.size;
  const out = joined(bytes.subarray(0, end), added, bytes.subarray(end));
  const view = new DataView(out.buffer);
  for (const box of walkBoxes(bytes)) {
    const isAround = path === box.path || path.startsWith(`${box.path}/`);
    if (isAround && box.offset <= target.offset && box.offset + box.size >= end) {
      view.setUint32(box.offset, box.size + added.length);
    }
  }
  return out;
}

/** A box of its own. */
export function box(type: string, ...payload: readonly number[]): Uint8Array {
  const out = new Uint8Array(8 + payload.length);
  new DataView(out.buffer).setUint32(0, out.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(payload, 8);
  return out;
}
