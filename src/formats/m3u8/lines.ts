import { MalformedError } from "../../bytes/errors.ts";

/** Larger than any live playlist. */
const MAX_TEXT = 16 * 1024 ** 2;

/** The lines behind #EXTM3U that are neither empty nor comments (RFC 8216bis 4.1). @throws MalformedError */
export function* linesOf(text: string): Generator<string> {
  if (text.length > MAX_TEXT) throw new MalformedError("playlist: too large");
  if (!/^#EXTM3U\r?(\n|$)/.test(text)) throw new MalformedError("playlist: does not begin with #EXTM3U");
  const lines = text.split("\n");
  for (let i = 1; i < lines.length; i++) {
    const line = (lines[i] as string).replace(/\r$/, "");
    if (line === "" || (line.startsWith("#") && !line.startsWith("#EXT"))) continue;
    yield line;
  }
}

/** `#EXT-X-TAG:value` as the tag and its value; the value is empty where there is none. */
export function splitTag(line: string): [tag: string, value: string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1)];
}
