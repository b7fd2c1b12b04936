import type { AudioTrack, VideoTrack } from "../../media/track.ts";
import { AmfEcmaArray, type AmfValue, type MutableAmfObject } from "../amf/value.ts";

type Of<T> = { readonly track: T; readonly codec: string } | undefined;

/** Codecs with a number of the classic headers (FLV 10.1 E.4.2.1, E.4.3.1). */
const CODEC_IDS: Readonly<Record<string, number>> = { avc1: 7, mp4a: 10, ".mp3": 2 };
/** What of the encoder's metadata no bitstream tells. */
const TAKEN_OVER = ["videodatarate", "audiodatarate", "framerate", "encoder"] as const;

/**
 * The value of an onMetaData message (FLV 10.1 E.5; enhanced RTMP v2): an ECMA array, as players expect it.
 * @param copy everything the encoder said is kept
 */
export function encodeMetadata(
  video: Of<VideoTrack>,
  audio: Of<AudioTrack>,
  described: Readonly<Record<string, unknown>>,
  copy: boolean,
): AmfEcmaArray {
  const values: MutableAmfObject = {};
  for (const key of copy ? Object.keys(described) : TAKEN_OVER) {
    const value = described[key];
    if (isPlain(value)) values[key] = value;
  }
  if (!copy || Object.keys(values).length === 0) {
    if (video) {
      const { width, height, frameRate } = video.track.config;
      if (width > 0) Object.assign(values, { width, height });
      if (frameRate !== undefined) values.framerate = frameRate;
      values.videocodecid = CODEC_IDS[video.codec] ?? fourCcNumber(video.codec);
    }
    if (audio) {
      const { sampleRate, channels } = audio.track.config;
      values.audiocodecid = CODEC_IDS[audio.codec] ?? fourCcNumber(audio.codec);
      Object.assign(values, { audiosamplerate: sampleRate, audiochannels: channels, stereo: channels > 1 });
    }
  }
  return new AmfEcmaArray(values);
}

function isPlain(value: unknown): value is AmfValue & (string | number | boolean) {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function fourCcNumber(fourCc: string): number {
  return [...fourCc].reduce((number, char) => number * 256 + char.charCodeAt(0), 0);
}
