import type { AudioConfig, VideoConfig } from "../media/track.ts";

/** What nginx-rtmp's statistics say of a codec; what is not known is left out. */
export type CodecFacts = {
  readonly codec: string;
  readonly profile?: string;
  /** H.264: constraint flags and level. */
  readonly compat?: number;
  readonly level?: string;
};

const VIDEO_NAMES: Readonly<Record<VideoConfig["codec"], string>> = {
  h264: "H264",
  hevc: "HEVC",
  av1: "AV1",
  vp9: "VP9",
};
const AUDIO_NAMES: Readonly<Record<AudioConfig["codec"], string>> = {
  aac: "AAC",
  mp3: "MP3",
  opus: "Opus",
  flac: "FLAC",
  ac3: "AC-3",
  eac3: "E-AC-3",
};
/** profile_idc (ITU-T H.264 Annex A). */
const AVC_PROFILES: Readonly<Record<number, string>> = {
  66: "Baseline",
  77: "Main",
  88: "Extended",
  100: "High",
  110: "High 10",
  122: "High 4:2:2",
  244: "High 4:4:4",
};
/** Audio object types (ISO/IEC 14496-3 1.5.1.1). */
const AAC_PROFILES: Readonly<Record<string, string>> = {
  "mp4a.40.1": "Main",
  "mp4a.40.2": "LC",
  "mp4a.40.3": "SSR",
  "mp4a.40.4": "LTP",
  "mp4a.40.5": "HE",
  "mp4a.40.29": "HEv2",
};

export function videoFacts({ codec, record }: VideoConfig): CodecFacts {
  const name = VIDEO_NAMES[codec];
  const [, profile, compat, level] = record;
  if (codec !== "h264" || profile === undefined || level === undefined) return { codec: name };
  return { codec: name, profile: AVC_PROFILES[profile] ?? "", compat: compat ?? 0, level: (level / 10).toFixed(1) };
}

export function audioFacts({ codec, codecString }: AudioConfig): CodecFacts {
  const profile = codec === "aac" ? AAC_PROFILES[codecString] : undefined;
  return { codec: AUDIO_NAMES[codec], ...(profile !== undefined && { profile }) };
}
