import type { LadderSource } from "./ladder-source.ts";
import type { Rung, RungAudio, VideoRung } from "./rung.ts";

/** Containers cost about so many bits per second, with parts and all. */
const CONTAINER = 12_000;
/** Of sound that passes as it is, until it is measured. */
const USUAL_AUDIO = 160_000;
/** AAC-LC (ISO/IEC 14496-3). */
const AAC = "mp4a.40.2";

/** RFC 6381 strings of what a rung is going to hold. */
export function predictCodecs(rung: Rung, source: LadderSource): readonly string[] {
  const { audio } = rung;
  const sound = audio && (audio.codec === "copy" ? (source.audio?.codecString ?? AAC) : AAC);
  return [...(rung.kind === "video" ? [videoCodec(rung)] : []), ...(sound === undefined ? [] : [sound])];
}

/** Bits per second that a rung is going to have. */
export function predictBandwidth(rung: Rung): { readonly peak: number; readonly average: number } {
  const rest = audioRate(rung.audio) + CONTAINER;
  if (rung.kind === "audio") return { peak: rest, average: rest };
  return { peak: rung.maxBitrate + rest, average: rung.bitrate + rest };
}

function audioRate(audio: RungAudio | undefined): number {
  if (!audio) return 0;
  return audio.codec === "copy" ? USUAL_AUDIO : audio.bitrate;
}

function videoCodec({ codec, level = "4.0", profile, preset, encoder, options = "" }: VideoRung): string {
  const digits = Number(level.replace(".", ""));
  switch (codec) {
    case "h264": {
      const isPlain = encoder === "libx264" && preset === "ultrafast";
      const used = isPlain || /(?:^|:)(?:cabac=0|no-cabac)/.test(options) ? "baseline" : (profile ?? "high");
      return `avc1.${AVC_PROFILES[used] ?? AVC_PROFILES.high}${digits.toString(16).toUpperCase().padStart(2, "0")}`;
    }
    // Progressive frames only, in the main tier; levels count in thirtieths (ISO/IEC 14496-15 E.3).
    case "hevc":
      return `hvc1.1.6.L${digits * 3}.90`;
    // Main profile and tier, 8 bits (AV1 in ISOBMFF, 5).
    case "av1": {
      const [major = 4, minor = 0] = level.split(".").map(Number);
      return `av01.0.${String((major - 2) * 4 + minor).padStart(2, "0")}M.08`;
    }
  }
}

/** Profile and constraints as encoders write them. */
const AVC_PROFILES: Readonly<Record<string, string>> = { baseline: "42C0", main: "4D40", high: "6400" };
