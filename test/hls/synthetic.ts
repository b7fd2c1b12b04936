import type { MediaEvent, Packet } from "../../src/media/event.ts";
import type { AudioTrack, Track, VideoTrack } from "../../src/media/track.ts";
import type { TimedEvent } from "./flv-source.ts";

/** What a made-up stream is like. Times of arrival are the decoding times. */
export type SyntheticStream = {
  readonly seconds: number;
  /** Frames per second; 0 = no video. */
  readonly fps: number;
  /** Frames between keyframes; 0 = never a keyframe. */
  readonly gop: number;
  readonly audio?: boolean;
  /** Reordering of B-frames: presentation runs this many frames behind decoding. */
  readonly reorder?: number;
  /** Stamps are rounded to milliseconds, as RTMP's are. */
  readonly milliseconds?: boolean;
  /** Adds to the decoding time of frame `index`, in seconds. */
  readonly jitter?: (index: number) => number;
  /** Frames that are not there. */
  readonly dropped?: (index: number) => boolean;
  readonly start?: number;
  readonly frameRateKnown?: boolean;
  readonly bytesPerFrame?: number;
};

export const VIDEO_ID = 1;
export const AUDIO_ID = 2;

export function videoTrack(frameRate?: number, record: Uint8Array = RECORD): VideoTrack {
  return {
    id: VIDEO_ID,
    kind: "video",
    timescale: 90_000,
    config: {
      codec: "h264",
      record,
      codecString: "avc1.64001F",
      width: 1280,
      height: 720,
      sar: { width: 1, height: 1 },
      frameRate,
    },
  };
}

export function audioTrack(sampleRate = 48_000): AudioTrack {
  return {
    id: AUDIO_ID,
    kind: "audio",
    timescale: sampleRate,
    config: {
      codec: "aac",
      record: Uint8Array.of(0x11, 0x90),
      codecString: "mp4a.40.2",
      sampleRate,
      channels: 2,
      samplesPerPacket: 1024,
    },
  };
}

/** The events of a stream in the order of arrival, `tracks` first. Each packet's data begins with its index, 32 bits. */
export function synthesize(stream: SyntheticStream): TimedEvent[] {
  const tracks: Track[] = [];
  const packets: { at: number; packet: Packet }[] = [];
  const start = stream.start ?? 10;
  if (stream.fps > 0) {
    tracks.push(videoTrack(stream.frameRateKnown === false ? undefined : stream.fps));
    packets.push(...videoPackets(stream, start));
  }
  if (stream.audio) {
    const track = audioTrack();
    tracks.push(track);
    packets.push(...audioPackets(stream, start, track));
  }
  packets.sort((a, b) => a.at - b.at);
  const events: TimedEvent[] = [{ at: 0, event: { type: "tracks", tracks } }];
  for (const { at, packet } of packets) events.push({ at: at * 1000, event: packet });
  return events;
}

export function packetsOf(events: readonly TimedEvent[], track: number): Packet[] {
  const out: Packet[] = [];
  for (const { event } of events) if (event.type === "packet" && event.track === track) out.push(event);
  return out;
}

export const END: MediaEvent = { type: "end" };

function videoPackets(stream: SyntheticStream, start: number) {
  const { fps, gop, reorder = 0 } = stream;
  const packets: { at: number; packet: Packet }[] = [];
  const stamp = (seconds: number) =>
    stream.milliseconds ? Math.round(seconds * 1000) * 90 : Math.round(seconds * 90_000);
  for (let index = 0; index / fps < stream.seconds; index++) {
    if (stream.dropped?.(index)) continue;
    const at = index / fps + (stream.jitter?.(index) ?? 0);
    const dts = stamp(start + at);
    // One P-frame, then B-frames that are shown before it.
    const ahead = reorder === 0 ? 0 : index % (reorder + 1) === 0 ? reorder : 0;
    const pts = dts + (reorder > 0 ? stamp((1 + ahead) / fps) : 0);
    const key = gop > 0 && index % gop === 0;
    packets.push({ at, packet: toPacket(VIDEO_ID, dts, pts, key, index, stream.bytesPerFrame ?? 100) });
  }
  return packets;
}

function audioPackets(stream: SyntheticStream, start: number, track: AudioTrack) {
  const packets: { at: number; packet: Packet }[] = [];
  const { timescale } = track;
  for (let index = 0; (index * 1024) / timescale < stream.seconds; index++) {
    const at = (index * 1024) / timescale;
    const seconds = stream.milliseconds ? Math.round((start + at) * 1000) / 1000 : start + at;
    const dts = Math.round(seconds * timescale);
    packets.push({ at: at + 0.0001, packet: toPacket(AUDIO_ID, dts, dts, true, index, 20) });
  }
  return packets;
}

function toPacket(track: number, dts: number, pts: number, key: boolean, index: number, size: number): Packet {
  const data = new Uint8Array(size);
  new DataView(data.buffer).setUint32(0, index);
  return { type: "packet", track, dts, pts, duration: 0, key, data };
}

const RECORD = Uint8Array.of(1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x1f, 1, 0, 4, 0x68, 0xeb, 0xe3, 0xcb);
