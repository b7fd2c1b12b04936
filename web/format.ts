import type { StreamSummary } from "../src/gateways/http/stream-list.ts";
import { strings } from "./strings.ts";

const CODEC_NAMES: Readonly<Record<string, string>> = {
  h264: "H.264",
  hevc: "HEVC",
  av1: "AV1",
  vp9: "VP9",
  aac: "AAC",
  mp3: "MP3",
  opus: "Opus",
  flac: "FLAC",
  ac3: "AC-3",
  eac3: "E-AC-3",
};

/** `H.264 + AAC` */
export function formatCodecs({ video, audio }: Pick<StreamSummary, "video" | "audio">): string {
  return [video?.codec, audio?.codec]
    .flatMap((codec) => (codec ? [CODEC_NAMES[codec] ?? codec] : []))
    .join("\u00a0+\u00a0");
}

/** What is known of the media, in the order a reader looks for it. */
export function formatMedia(stream: Pick<StreamSummary, "video" | "audio" | "bitrate">): string[] {
  const { video, audio } = stream;
  return [
    video && video.width > 0 ? `${video.width}\u00d7${video.height}` : "",
    video && video.frameRate > 0 ? `${formatFrameRate(video.frameRate)}\u00a0fps` : "",
    formatCodecs(stream),
    audio ? strings.channels(audio.channels) : "",
    stream.bitrate > 0 ? formatBitrate(stream.bitrate) : "",
  ].filter((fact) => fact !== "");
}

/** Whether a backup encoder is there, or viewers see it; an empty string when there is none. */
export function formatBackup({ onAir, encoders }: Pick<StreamSummary, "onAir" | "encoders">): string {
  if (onAir === "backup") return strings.backupOnAir;
  return encoders.some(({ role, state }) => role === "backup" && state === "standby") ? strings.backupReady : "";
}

/** Bits per second as `840 kbit/s`, `2.5 Mbit/s`. */
export function formatBitrate(bitrate: number): string {
  return bitrate < 999_500 ? `${Math.round(bitrate / 1000)}\u00a0kbit/s` : `${(bitrate / 1e6).toFixed(1)}\u00a0Mbit/s`;
}

/** Measured rates wobble, so one near a common rate is taken for that one: `30`, `60`, `12.5`. */
export function formatFrameRate(rate: number): string {
  const nearest = COMMON_RATES.reduce((best, common) =>
    Math.abs(common - rate) < Math.abs(best - rate) ? common : best,
  );
  return String(Math.abs(nearest - rate) < 0.015 * nearest ? nearest : Number(rate.toFixed(1)));
}

const COMMON_RATES = [24, 25, 30, 48, 50, 60] as const;

/** What encoders call themselves, as people call them: `OBS 29.0.2`, `FFmpeg`. */
export function formatAgent(agent: string): string {
  const obs = /libobs version ([\d.]+)/.exec(agent);
  if (obs) return `OBS ${obs[1]}`;
  if (/\bLavf\d/.test(agent)) return "FFmpeg";
  return agent.length > 40 ? `${agent.slice(0, 39)}\u2026` : agent;
}

/** Milliseconds as `12 s`, `5 min`, `2 h 05 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
