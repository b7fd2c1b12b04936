import type { WrittenAttribute } from "./attribute-list.ts";
import type { PlaylistDocument } from "./document.ts";
import { readSubstituted, substitute, type Variables } from "./variables.ts";

/** A tag of a multivariant playlist. */
export type MultivariantEntry = {
  readonly line: number;
  readonly attributes: ReadonlyMap<string, WrittenAttribute>;
  /** As written; undefined where there is none. */
  readonly uri: string | undefined;
  /** Absolute; undefined where there is none, or it is no URL. */
  readonly url: string | undefined;
};

/** A multivariant playlist as it was found (RFC 8216bis 4.4.6). */
export type FoundMultivariantPlaylist = {
  readonly url: string;
  readonly variants: readonly MultivariantEntry[];
  readonly iFrameVariants: readonly MultivariantEntry[];
  readonly media: readonly MultivariantEntry[];
  readonly sessionData: readonly MultivariantEntry[];
  readonly sessionKeys: readonly MultivariantEntry[];
  readonly steering: MultivariantEntry | undefined;
  readonly independentSegments: boolean;
  /** Lines of URIs without EXT-X-STREAM-INF before them. */
  readonly strayUris: readonly number[];
};

export function readMultivariantPlaylist(
  document: PlaylistDocument,
  url: string,
  { values }: Variables,
): FoundMultivariantPlaylist {
  const lists: Record<string, MultivariantEntry[]> = {
    "EXT-X-STREAM-INF": [],
    "EXT-X-I-FRAME-STREAM-INF": [],
    "EXT-X-MEDIA": [],
    "EXT-X-SESSION-DATA": [],
    "EXT-X-SESSION-KEY": [],
    "EXT-X-CONTENT-STEERING": [],
  };
  const strayUris: number[] = [];
  let independentSegments = false;
  let variant: MultivariantEntry | undefined;
  const absolute = (uri: string | undefined) => (uri === undefined ? undefined : URL.parse(uri, url)?.href);
  for (const line of document.lines) {
    if (line.kind === "uri") {
      const uri = substitute(line.text.trim(), values);
      if (variant) lists["EXT-X-STREAM-INF"]?.push({ ...variant, uri, url: absolute(uri) });
      else strayUris.push(line.number);
      variant = undefined;
      continue;
    }
    if (line.kind !== "tag") continue;
    if (line.tag === "EXT-X-INDEPENDENT-SEGMENTS") independentSegments = true;
    const list = lists[line.tag];
    if (!list) continue;
    const attributes = readSubstituted(line.value, values).byName;
    const uri = attributes.get("URI")?.value;
    const entry = { line: line.number, attributes, uri, url: absolute(uri) };
    if (line.tag !== "EXT-X-STREAM-INF") list.push(entry);
    else {
      if (variant) list.push(variant);
      variant = { ...entry, uri: undefined, url: undefined };
    }
  }
  if (variant) lists["EXT-X-STREAM-INF"]?.push(variant);
  return {
    url,
    variants: lists["EXT-X-STREAM-INF"] ?? [],
    iFrameVariants: lists["EXT-X-I-FRAME-STREAM-INF"] ?? [],
    media: lists["EXT-X-MEDIA"] ?? [],
    sessionData: lists["EXT-X-SESSION-DATA"] ?? [],
    sessionKeys: lists["EXT-X-SESSION-KEY"] ?? [],
    steering: lists["EXT-X-CONTENT-STEERING"]?.[0],
    independentSegments,
    strayUris,
  };
}

/** Value of an attribute. */
export function attributeOf(entry: MultivariantEntry, name: string): string | undefined {
  return entry.attributes.get(name)?.value;
}

/** An attribute that is a number; undefined where it is none. */
export function numberOf(entry: MultivariantEntry, name: string): number | undefined {
  const text = attributeOf(entry, name);
  return text !== undefined && /^\d+(?:\.\d*)?$/.test(text) ? Number(text) : undefined;
}

/** CODECS as a list. */
export function codecsOf(entry: MultivariantEntry): readonly string[] | undefined {
  return attributeOf(entry, "CODECS")
    ?.split(",")
    .map((codec) => codec.trim());
}

/** RESOLUTION as numbers. */
export function resolutionOf(entry: MultivariantEntry): { width: number; height: number } | undefined {
  const match = /^(\d{1,6})x(\d{1,6})$/.exec(attributeOf(entry, "RESOLUTION") ?? "");
  return match ? { width: Number(match[1]), height: Number(match[2]) } : undefined;
}
