import type { Track } from "../media/track.ts";
import { type Bandwidth, toUsualRate, withHeadroom } from "./multivariant.ts";
import { LEAD } from "./names.ts";
import type { Rung } from "./rung.ts";
import type { RenditionWindow } from "./window.ts";

/** A rendition as other manifests than playlists see it. */
export type RenditionView = {
  /** In URLs: `NAME/MSN.m4s`. */
  readonly name: string;
  readonly kind: "video" | "audio";
  /** To be looked at only. */
  readonly window: RenditionWindow;
  /** RFC 6381 strings of all that is in it. */
  readonly codecs: readonly string[];
  readonly bandwidth: Bandwidth;
  readonly resolution?: { readonly width: number; readonly height: number };
  /** Sample aspect ratio. */
  readonly sar?: { readonly width: number; readonly height: number };
  readonly frameRate?: number;
  readonly channels?: number;
  readonly sampleRate?: number;
  /** BCP 47. */
  readonly language?: string;
  /** For people. */
  readonly label?: string;
};

export function viewOfLead(
  muxed: readonly Track[],
  window: RenditionWindow,
  frameRate: number | undefined,
): RenditionView {
  const bandwidth = withHeadroom(window.bandwidth);
  const codecs = muxed.flatMap((track) => (track.kind === "data" ? [] : [track.config.codecString]));
  const base = { name: LEAD, window, codecs, bandwidth };
  for (const track of muxed) {
    if (track.kind !== "video") continue;
    const { width, height, sar } = track.config;
    const resolution = width > 0 && height > 0 ? { width, height } : undefined;
    const rate = frameRate ?? track.config.frameRate;
    return { ...base, kind: "video", resolution, sar, frameRate: rate && toUsualRate(rate) };
  }
  const sound = muxed.find((track) => track.kind === "audio");
  const { channels, sampleRate } = sound?.config ?? {};
  return { ...base, kind: "audio", channels, sampleRate, language: sound?.language, label: sound?.label };
}

/** Undefined for one without media, and for sound alone beside pictures that have sound. */
export function viewOfRung(
  { description, measured, window }: Rung,
  leadRate: number | undefined,
): RenditionView | undefined {
  const { name, kind, codecs, resolution, frameRate, frameDivisor, alternative } = description;
  if (!window || (kind === "audio" && !alternative)) return undefined;
  const bandwidth = measured ? withHeadroom(measured) : description.bandwidth;
  const base = { name, kind, window, codecs, bandwidth };
  if (alternative) {
    const { name: label, language, channels } = alternative;
    return { ...base, channels, language, label };
  }
  const rate = leadRate !== undefined && frameDivisor !== undefined ? leadRate / frameDivisor : frameRate;
  return { ...base, resolution, frameRate: rate && toUsualRate(rate) };
}
