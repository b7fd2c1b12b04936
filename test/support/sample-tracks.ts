import type { AudioTrack, VideoTrack } from "../../src/media/track.ts";

/** 720p H.264 High 3.1, track 1. */
export const sampleVideo = {
  id: 1,
  kind: "video",
  timescale: 90_000,
  config: {
    codec: "h264",
    record: Uint8Array.of(1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x1f, 1, 0, 3, 0x68, 0xee, 0x3c),
    codecString: "avc1.64001F",
    width: 1280,
    height: 720,
    sar: { width: 1, height: 1 },
  },
} as const satisfies VideoTrack;

/** 48 kHz stereo AAC-LC, track 2. */
export const sampleAudio = {
  id: 2,
  kind: "audio",
  timescale: 48_000,
  config: {
    codec: "aac",
    record: Uint8Array.of(0x11, 0x90),
    codecString: "mp4a.40.2",
    sampleRate: 48_000,
    channels: 2,
    samplesPerPacket: 1024,
  },
} as const satisfies AudioTrack;
