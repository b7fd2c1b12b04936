import type { AudioConfig } from "../media/track.ts";
import { decodeAudioSpecificConfig } from "./aac/config.ts";

/**
 * Ticks per second of an audio track with this config: its core sample rate, which for HE-AAC is the one before spectral
 * band replication, so that `samplesPerPacket` counts whole ticks.
 */
export function audioTimescale(config: AudioConfig): number {
  return config.codec === "aac" ? decodeAudioSpecificConfig(config.record).sampleRate : config.sampleRate;
}
