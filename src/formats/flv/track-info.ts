import type { AmfObject } from "../amf/value.ts";
import { isAmfObject } from "../amf/value.ts";

/** What the encoder's metadata says of a track, for people who choose between tracks. */
export type TrackInfo = {
  /** BCP 47, canonical. */
  readonly language?: string;
  readonly label?: string;
};

export type TrackInfoMaps = {
  readonly video: ReadonlyMap<number, TrackInfo>;
  readonly audio: ReadonlyMap<number, TrackInfo>;
};

/** Track ids are a byte. */
const MAX_TRACK_ID = 255;
/** A label is shown in a menu. */
const MAX_LABEL = 80;

/** Enhanced RTMP names neither; these are what encoders write, in the order in which they are looked for. */
const LANGUAGE_KEYS = ["language", "lang"];
const LABEL_KEYS = ["name", "label", "title"];

/**
 * The tracks that onMetaData announces beside the first of each kind, by their ids: `videoTrackIdInfoMap` and
 * `audioTrackIdInfoMap` (enhanced RTMP v2, "Enhancing onMetaData"). What is not to be understood is left out.
 */
export function trackInfoOf(metadata: AmfObject): TrackInfoMaps {
  return { video: mapOf(metadata.videoTrackIdInfoMap), audio: mapOf(metadata.audioTrackIdInfoMap) };
}

function mapOf(value: AmfObject[string]): ReadonlyMap<number, TrackInfo> {
  const map = new Map<number, TrackInfo>();
  if (!isAmfObject(value)) return map;
  for (const [key, info] of Object.entries(value)) {
    if (!/^\d{1,3}$/.test(key) || Number(key) > MAX_TRACK_ID || !isAmfObject(info)) continue;
    map.set(Number(key), {
      language: languageOf(textAt(info, LANGUAGE_KEYS)),
      label: labelOf(textAt(info, LABEL_KEYS)),
    });
  }
  return map;
}

function textAt(info: AmfObject, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = info[key];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

/** Also from the three letters of ISO 639-2, which FFmpeg and OBS use. */
function languageOf(text: string | undefined): string | undefined {
  if (text === undefined || text.toLowerCase() === "und") return undefined;
  try {
    return Intl.getCanonicalLocales(text.replaceAll("_", "-"))[0];
  } catch {
    return undefined;
  }
}

function labelOf(text: string | undefined): string | undefined {
  const label = text
    ?.replace(/[\p{Cc}\p{Cf}"]/gu, " ")
    .trim()
    .slice(0, MAX_LABEL);
  return label || undefined;
}
