import type { TrackChoice } from "../formats/media-file.ts";

const KNOWN_ENDING = /\.(flv|f4v|mp4|m4v|m4a|mov)$/i;

/**
 * Names under which a file is looked for, in order. Names of streams have lost `.flv`, which players leave out or add as they like.
 * @param isMp4 it was asked for as `mp4:...`
 */
export function fileNames(name: string, isMp4: boolean): readonly string[] {
  if (isMp4) return /\.(mp4|m4v|m4a|mov)$/i.test(name) ? [name] : [`${name}.mp4`, name];
  return KNOWN_ENDING.test(name) ? [name, `${name}.flv`] : [`${name}.flv`, `${name}.mp4`];
}

/** `vindex` and `aindex` of the arguments behind a name. */
export function trackChoice(args: string): TrackChoice {
  const values = new URLSearchParams(args);
  const index = (key: string): number => {
    const value = Number(values.get(key) ?? 0);
    return Number.isInteger(value) && value >= 0 ? value : 0;
  };
  return { video: index("vindex"), audio: index("aindex") };
}
