import { MalformedError } from "../bytes/errors.ts";
import { parseAttributes, parseInteger, required } from "../formats/m3u8/attributes.ts";
import { linesOf, splitTag } from "../formats/m3u8/lines.ts";
import { resolveUrl } from "./url.ts";

/** A way to play a stream: its media playlist, and that of its audio where that is a rendition of its own. */
export type Choice = {
  readonly url: string;
  /** Bits per second; 0 where the URL was a media playlist. */
  readonly bandwidth: number;
  readonly audio?: string;
};

/** The variants in their order (RFC 8216bis 4.4.6.2), with absolute URLs. @throws MalformedError when there is none */
export function parseChoices(text: string, url: string): Choice[] {
  const choices: { url: string; bandwidth: number; group: string | undefined }[] = [];
  const audio = new Map<string, string>();
  let pending: { bandwidth: number; group: string | undefined } | undefined;
  for (const line of linesOf(text)) {
    const [tag, value] = splitTag(line);
    if (!line.startsWith("#")) {
      if (!pending) throw new MalformedError(`playlist: ${line.slice(0, 40)} without EXT-X-STREAM-INF`);
      choices.push({ url: resolveUrl(line, url), ...pending });
      pending = undefined;
    } else if (tag === "#EXT-X-STREAM-INF") {
      const attributes = parseAttributes(value);
      const bandwidth = parseInteger(required(attributes, "BANDWIDTH"), "BANDWIDTH");
      pending = { bandwidth, group: attributes.get("AUDIO") };
    } else if (tag === "#EXT-X-MEDIA") {
      const attributes = parseAttributes(value);
      const uri = attributes.get("URI");
      const group = attributes.get("GROUP-ID");
      if (attributes.get("TYPE") !== "AUDIO" || uri === undefined || group === undefined) continue;
      // The default one; else the first of its group.
      if (!audio.has(group) || attributes.get("DEFAULT") === "YES") audio.set(group, resolveUrl(uri, url));
    }
  }
  if (choices.length === 0) throw new MalformedError("multivariant playlist: there is no variant in it");
  return choices.map(({ url: variant, bandwidth, group }) => {
    const rendition = group === undefined ? undefined : audio.get(group);
    return { url: variant, bandwidth, ...(rendition === undefined ? {} : { audio: rendition }) };
  });
}
