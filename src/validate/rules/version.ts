import { readAttributeList } from "../playlist/attribute-list.ts";
import type { PlaylistDocument, PlaylistLine } from "../playlist/document.ts";
import { referencesIn } from "../playlist/variables.ts";
import type { CheckedRule } from "./checked-rule.ts";
import type { TextSubject } from "./text.ts";

type Need = { readonly version: number; readonly line: number; readonly because: string };

/** EXT-X-VERSION against what is used (RFC 8216bis 8). */
export const VERSION_RULES: readonly CheckedRule<TextSubject>[] = [
  {
    id: "version-too-low",
    severity: "error",
    clause: "RFC 8216bis 8, 4.4.1.2",
    text: "EXT-X-VERSION is at least what the tags and attributes in the playlist need; without the tag it is 1.",
    *check({ document }) {
      const { version, line } = declared(document);
      const need = needed(document);
      if (Number.isNaN(version) || !need || need.version <= version) return;
      const says = line === undefined ? "there is no EXT-X-VERSION" : `EXT-X-VERSION is ${version}`;
      yield { line: need.line, message: `${says}, ${need.because} needs ${need.version}` };
    },
  },
  {
    id: "version-too-high",
    severity: "info",
    clause: "RFC 8216bis 6.2.1",
    text: "EXT-X-VERSION is no higher than needed. Harmless with players of today, so this is only for information.",
    *check({ document, kind }) {
      // That of a multivariant playlist may be that of its media playlists.
      if (kind === "multivariant") return;
      const { version, line } = declared(document);
      const highest = needed(document)?.version ?? 1;
      // A playlist that offers delta updates may say what those need.
      const allowed = document.lines.some(({ text }) => text.includes("CAN-SKIP-UNTIL"))
        ? Math.max(highest, 10)
        : highest;
      if (line !== undefined && version > allowed) yield { line, message: `${version} is said, ${highest} is enough` };
    },
  },
];

function declared(document: PlaylistDocument): { version: number; line: number | undefined } {
  const line = document.lines.find(({ tag }) => tag === "EXT-X-VERSION");
  if (!line) return { version: 1, line: undefined };
  return { version: /^\d+$/.test(line.value ?? "") ? Number(line.value) : Number.NaN, line: line.number };
}

/** What asks for the highest version. */
function needed(document: PlaylistDocument): Need | undefined {
  const iFramesOnly = document.lines.some(({ tag }) => tag === "EXT-X-I-FRAMES-ONLY");
  let highest: Need | undefined;
  for (const line of document.lines) {
    for (const [version, because] of needs(line, iFramesOnly)) {
      if (version > (highest?.version ?? 1)) highest = { version, line: line.number, because };
    }
  }
  return highest;
}

function* needs(line: PlaylistLine, iFramesOnly: boolean): Generator<[number, string]> {
  if (referencesIn(line.text).length > 0) yield [8, "a variable"];
  if (line.kind !== "tag") return;
  const { tag, value = "" } = line;
  if (tag === "EXTINF" && value.split(",", 1)[0]?.includes(".")) yield [3, "EXTINF with a fraction"];
  if (tag === "EXT-X-BYTERANGE" || tag === "EXT-X-I-FRAMES-ONLY") yield [4, tag];
  if (tag === "EXT-X-MAP") yield iFramesOnly ? [5, tag] : [6, tag];
  if (!value.includes("=")) return;
  const { byName } = readAttributeList(value);
  if (tag === "EXT-X-KEY" || tag === "EXT-X-SESSION-KEY") {
    if (byName.has("IV")) yield [2, "IV"];
    if (byName.has("KEYFORMAT") || byName.has("KEYFORMATVERSIONS")) yield [5, "KEYFORMAT"];
    if (byName.get("METHOD")?.value.startsWith("SAMPLE-AES")) yield [5, "METHOD=SAMPLE-AES"];
  }
  if (tag === "EXT-X-DEFINE") yield byName.has("QUERYPARAM") ? [11, "QUERYPARAM"] : [8, tag];
  if (tag === "EXT-X-SKIP")
    yield byName.has("RECENTLY-REMOVED-DATERANGES") ? [10, "RECENTLY-REMOVED-DATERANGES"] : [9, tag];
  if (tag === "EXT-X-MEDIA" && byName.has("INSTREAM-ID")) {
    const captions = byName.get("TYPE")?.value === "CLOSED-CAPTIONS";
    if (!captions) yield [13, "INSTREAM-ID of another type than CLOSED-CAPTIONS"];
    else if (byName.get("INSTREAM-ID")?.value.startsWith("SERVICE")) yield [7, "INSTREAM-ID with SERVICE"];
  }
  for (const name of byName.keys()) if (name.startsWith("REQ-")) yield [12, name];
}
