import { join } from "node:path";
import { encodeUri, isFileName } from "./hls-names.ts";

/** A quality of a stream that is published under a name of its own (nginx-rtmp's `hls_variant`). */
export type HlsVariant = {
  /** What stands behind the stream's name. */
  readonly suffix: string;
  /** Of EXT-X-STREAM-INF, as NAME=VALUE. */
  readonly attributes: readonly string[];
};

export type VariantNaming = {
  readonly directory: string;
  readonly nested: boolean;
  readonly baseUrl: string;
  readonly variants: readonly HlsVariant[];
};

/** The playlist of a stream's qualities, as nginx-rtmp writes it when one of them begins. */
export type VariantPlaylist = { readonly path: string; readonly unfinished: string; readonly text: string };

/** @param name of the stream that begins @returns undefined when it is none of the variants of another */
export function toVariantPlaylist(
  name: string,
  { directory, nested, baseUrl, variants }: VariantNaming,
): VariantPlaylist | undefined {
  const own = variants.find(({ suffix }) => name.endsWith(suffix) && name.length > suffix.length);
  const group = own && name.slice(0, -own.suffix.length);
  if (group === undefined || !isFileName(group)) return undefined;
  const path = join(directory, `${group}.m3u8`);
  let text = "#EXTM3U\n#EXT-X-VERSION:3\n";
  for (const { suffix, attributes } of variants) {
    text += `#EXT-X-STREAM-INF:${attributes.join(",")}\n`;
    text += `${baseUrl}${encodeUri(group + suffix)}${nested ? "/index" : ""}.m3u8\n`;
  }
  return { path, unfinished: `${path}.bak`, text };
}
