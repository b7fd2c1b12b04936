import type { AbrConfig } from "./config.ts";
import { type Encoders, SOFTWARE } from "./ladder.ts";
import type { RungCodec } from "./rung.ts";

/** What the machine can encode with, each tried with a picture. */
export type FoundEncoders =
  | {
      readonly ok: true;
      /** Name and version of the media library. */
      readonly library: string;
      /** FFmpeg's names of those that work, by codec. */
      readonly encoders: Readonly<Record<RungCodec, readonly string[]>>;
      /** Hardware that is there and does not work: its encoder's name, and why not. */
      readonly refused?: Readonly<Record<string, string>>;
    }
  | { readonly ok: false; readonly reason: string };

export type ChosenEncoders = {
  readonly encoders: Encoders;
  /** Why software encodes, where hardware was wished for or could be. */
  readonly fallback?: string;
};

type Hardware = AbrConfig["hardware"];

/** In this order where any will do. */
const KINDS = ["videotoolbox", "nvenc", "qsv", "vaapi"] as const satisfies readonly Hardware[];
const CODECS: readonly RungCodec[] = ["h264", "hevc", "av1"];

/** Hardware where it is found and wished for, software else. */
export function chooseEncoders(found: FoundEncoders & { readonly ok: true }, hardware: Hardware): ChosenEncoders {
  if (hardware === "off") return { encoders: SOFTWARE };
  const kinds = hardware === "auto" ? KINDS : [hardware];
  const chosen = new Map<RungCodec, string>();
  for (const codec of CODECS) {
    const name = kinds.map((kind) => `${codec}_${kind}`).find((wanted) => found.encoders[codec].includes(wanted));
    if (name !== undefined) chosen.set(codec, name);
  }
  const encoders = { ...SOFTWARE, ...Object.fromEntries(chosen) };
  if (chosen.size > 0) return { encoders };
  if (hardware === "auto") return { encoders, fallback: "no hardware encoder works here" };
  const why = found.refused?.[`h264_${hardware}`];
  return { encoders, fallback: `${hardware} does not work here${why === undefined ? "" : ` (${why})`}` };
}
