import { MalformedError } from "../../bytes/errors.ts";
import type { AudioConfig } from "../../media/track.ts";

/** The config of a stream of MP3 frames, from the header of one (ISO/IEC 11172-3 2.4.1.3; 13818-3; and "MPEG 2.5"). */
export function decodeMp3Config(frame: Uint8Array): AudioConfig {
  if (frame.length < 4) throw new MalformedError(`MP3 frame of ${frame.length} bytes`);
  const [first, second, third, fourth] = frame as unknown as [number, number, number, number];
  if (first !== 0xff || second < 0xe0) throw new MalformedError("no MP3 syncword");
  const version = (second >> 3) & 3;
  const layer = (second >> 1) & 3;
  if (version === VERSION_RESERVED || layer !== LAYER_III) throw new MalformedError("MPEG audio, but not layer III", 1);
  const rate = RATES[(third >> 2) & 3];
  if (rate === undefined) throw new MalformedError("reserved MP3 sampling frequency", 2);
  const isMono = fourth >> 6 === 3;
  return {
    codec: "mp3",
    record: new Uint8Array(0),
    // What playlists say of MP3 in any container. Browsers' MSE plays it from TS or raw; Chromium refuses it in MP4.
    codecString: "mp4a.40.34",
    sampleRate: rate / (version === VERSION_1 ? 1 : version === VERSION_2 ? 2 : 4),
    channels: isMono ? 1 : 2,
    samplesPerPacket: version === VERSION_1 ? 1152 : 576,
  };
}

const VERSION_RESERVED = 1;
const VERSION_2 = 2;
const VERSION_1 = 3;
const LAYER_III = 1;

/** By sampling_frequency, for MPEG-1. */
const RATES: readonly number[] = [44_100, 48_000, 32_000];
