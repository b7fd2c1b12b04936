import type { ClientRequest } from "./client-request.ts";

/** Kinds of encoders, by whose hardware they need. */
export const ENCODER_KINDS = ["x264", "nvenc", "qsv", "amf", "videotoolbox"] as const;
export type EncoderKind = (typeof ENCODER_KINDS)[number];

/** An H.264 encoder by OBS's name. */
export type VideoEncoder = { readonly kind: EncoderKind; readonly id: string };

/** OBS's names, the present one first. `jim_nvenc` is NVENC before version 31. */
const IDS: Readonly<Record<EncoderKind, readonly [string, ...string[]]>> = {
  x264: ["obs_x264"],
  nvenc: ["obs_nvenc_h264_tex", "jim_nvenc"],
  qsv: ["obs_qsv11_v2"],
  amf: ["h264_texture_amf"],
  videotoolbox: ["com.apple.videotoolbox.videoencoder.ave.avc"],
};

/** What spares the CPU most comes first: four encoders at once are much for it. */
const PREFERRED: readonly EncoderKind[] = ["nvenc", "videotoolbox", "amf", "qsv"];

const PCI_VENDORS: ReadonlyMap<number, EncoderKind> = new Map([
  [0x10de, "nvenc"],
  [0x1002, "amf"],
  [0x8086, "qsv"],
]);

/** The encoder of a kind, as the latest OBS names it. */
export function encoderOf(kind: EncoderKind): VideoEncoder {
  return { kind, id: IDS[kind][0] };
}

/** The best encoder that a client has. OBS refuses a configuration with one that it does not know, so that in doubt it is x264. */
export function chooseEncoder({ version, encoders, system, gpuVendors }: ClientRequest["client"]): VideoEncoder {
  if (encoders) {
    for (const kind of PREFERRED) {
      const id = IDS[kind].find((name) => encoders.includes(name));
      if (id !== undefined) return { kind, id };
    }
    return encoderOf("x264");
  }
  const isWindows = /^windows/i.test(system);
  for (const vendor of gpuVendors) {
    const kind = PCI_VENDORS.get(vendor);
    if (kind === "nvenc" && (isWindows || isSince31(version)))
      return { kind, id: IDS.nvenc[isSince31(version) ? 0 : 1] ?? IDS.nvenc[0] };
    if (kind && kind !== "nvenc" && isWindows) return encoderOf(kind);
  }
  return encoderOf("x264");
}

function isSince31(version: string): boolean {
  return Number.parseInt(version, 10) >= 31;
}

/** Seconds between keyframes: at the same places in all tracks, since OBS begins them with the same frame. */
const KEYFRAME_SECONDS = 2;

/**
 * An encoder's settings by OBS's names: constant rate, and no B-frames, whose reordering would hold each picture back.
 * @param bitrate bits per second
 */
export function encoderSettings(
  kind: EncoderKind,
  bitrate: number,
): Readonly<Record<string, string | number | boolean>> {
  const settings = {
    rate_control: "CBR",
    bitrate: Math.round(bitrate / 1000),
    keyint_sec: KEYFRAME_SECONDS,
    profile: "high",
    bf: 0,
  };
  switch (kind) {
    case "x264":
      return { ...settings, preset: "veryfast" };
    case "nvenc":
      // `preset2` is how `jim_nvenc` calls it.
      return { ...settings, preset: "p4", preset2: "p4", tune: "hq", multipass: "disabled", lookahead: false };
    case "qsv":
      return { ...settings, target_usage: "TU4" };
    case "amf":
      return { ...settings, preset: "balanced" };
    case "videotoolbox":
      return { ...settings, bframes: false };
  }
}
