import { type AttributeList, readAttributeList } from "../playlist/attribute-list.ts";
import { type PlaylistDocument, type PlaylistLine, tagsNamed } from "../playlist/document.ts";
import { type AttributeType, LEGACY_TAGS, TAGS, type TagDefinition } from "../playlist/tags.ts";
import { referencesIn, type Variables } from "../playlist/variables.ts";
import { type Breach, type CheckedRule, quote } from "./checked-rule.ts";

/** The text of a playlist of either kind. */
export type TextSubject = {
  readonly document: PlaylistDocument;
  readonly url: string;
  readonly variables: Variables;
  /** Of the tags in it; neither where there are none of either. */
  readonly kind: "media" | "multivariant" | undefined;
};

/** What the tags of a document make it: tags of a multivariant playlist before others, as players decide (RFC 8216bis 4.1). */
export function kindOf(document: PlaylistDocument): TextSubject["kind"] {
  let media = false;
  for (const { tag } of document.lines) {
    const where = TAGS[tag]?.in;
    if (where === "multivariant") return "multivariant";
    media ||= where === "media";
  }
  return media ? "media" : undefined;
}

/** C0 and C1 without LF and CR, which ends lines only. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

export const TEXT_RULES: readonly CheckedRule<TextSubject>[] = [
  {
    id: "no-header",
    severity: "error",
    clause: "RFC 8216bis 4.4.1.1",
    text: "The first line is #EXTM3U.",
    *check({ document: { lines } }) {
      const [first] = lines;
      if (first?.text !== "#EXTM3U") yield { line: 1, message: `the first line is ${quote(first?.text ?? "")}` };
    },
  },
  {
    id: "byte-order-mark",
    severity: "error",
    clause: "RFC 8216bis 4.1",
    text: "There is no byte order mark; Chromium does not play a playlist that has one.",
    *check({ document }) {
      if (document.byteOrderMark) yield { line: 1, message: "the text begins with a byte order mark" };
    },
  },
  {
    id: "not-utf8",
    severity: "error",
    clause: "RFC 8216bis 4.1",
    text: "The text is UTF-8.",
    *check({ document }) {
      if (!document.validUtf8) yield { message: "there are bytes that are not UTF-8" };
    },
  },
  {
    id: "control-character",
    severity: "error",
    clause: "RFC 8216bis 4.1",
    text: "There are no control characters besides line breaks.",
    *check({ document }) {
      for (const { text, tag, number } of document.lines) {
        // RECENTLY-REMOVED-DATERANGES is a list with tabs (4.4.5.2).
        const found = CONTROL.exec(tag === "EXT-X-SKIP" ? text.replaceAll("\t", "") : text);
        if (found) {
          const code = found[0].charCodeAt(0).toString(16).padStart(4, "0");
          yield { line: number, message: `the line holds U+${code.toUpperCase()}` };
        }
      }
    },
  },
  {
    id: "not-normalized",
    severity: "error",
    clause: "RFC 8216bis 4.1",
    text: "Text is in Unicode normalization form C.",
    *check({ document }) {
      for (const { text, number } of document.lines) {
        if (text !== text.normalize("NFC")) yield { line: number, message: "the line is not in form NFC" };
      }
    },
  },
  {
    id: "whitespace",
    severity: "error",
    clause: "RFC 8216bis 4.1",
    text: "There is no whitespace but where it is allowed: in titles, quoted strings and comments.",
    *check({ document }) {
      for (const { kind, text, tag, number } of document.lines) {
        if (kind === "blank" || kind === "comment") continue;
        // The title of EXTINF is free text.
        const bare = tag === "EXTINF" ? (text.split(",", 1)[0] ?? "") : text.replace(/"[^"]*"/g, "");
        if (/[ \t]/.test(bare) && (TAGS[tag] || kind === "uri")) {
          yield { line: number, message: `whitespace in ${quote(text)}` };
        }
      }
    },
  },
  {
    id: "tag-unknown",
    severity: "info",
    clause: "RFC 8216bis 6.3.1",
    text: "Clients ignore tags that the standard does not have.",
    *check({ document }) {
      for (const { kind, tag, number } of document.lines) {
        if (kind !== "tag" || TAGS[tag]) continue;
        const known = LEGACY_TAGS.includes(tag);
        yield {
          line: number,
          message: `#${quote(tag).slice(1, -1)} is ${known ? "not in the standard any more" : "unknown"}`,
        };
      }
    },
  },
  {
    id: "tag-value",
    severity: "error",
    clause: "RFC 8216bis 4.4",
    text: "The value of a tag has the form that its definition gives.",
    *check({ document }) {
      for (const [line, definition] of knownTags(document)) {
        const { value, attributes, clause } = definition;
        const wrong = value
          ? !value.test(line.value ?? "")
          : attributes
            ? !line.value
            : line.value !== undefined && line.value !== "";
        if (wrong) yield { line: line.number, message: `${quote(line.text)} does not have the form of ${clause}` };
      }
    },
  },
  {
    id: "tag-repeated",
    severity: "error",
    clause: "RFC 8216bis 4.4.2, 4.4.3, 4.4.5",
    text: "Tags that are about the whole playlist come once.",
    *check({ document }) {
      const seen = new Set<string>();
      for (const [{ tag, number }, { once }] of knownTags(document)) {
        if (once && seen.has(tag)) yield { line: number, message: `${tag} comes again` };
        seen.add(tag);
      }
    },
  },
  {
    id: "tag-misplaced",
    severity: "error",
    clause: "RFC 8216bis 4.4.3, 4.4.4, 4.4.6",
    text: "Tags of media playlists and of multivariant playlists are not in one playlist.",
    *check({ document, kind }) {
      if (kind !== "multivariant") return;
      for (const [{ tag, number }, definition] of knownTags(document)) {
        if (definition.in === "media") yield { line: number, message: `${tag} in a multivariant playlist` };
      }
    },
  },
  {
    id: "no-playlist-tags",
    severity: "warning",
    clause: "RFC 8216bis 4.1",
    text: "A playlist has tags that make it a media playlist or a multivariant playlist.",
    *check({ kind }) {
      if (kind === undefined)
        yield { message: "there is no tag of either kind; clients take it for an empty playlist" };
    },
  },
  {
    id: "attribute-syntax",
    severity: "error",
    clause: "RFC 8216bis 4.2",
    text: "Attribute lists are NAME=value with commas between them.",
    *check({ document }) {
      for (const { line, list } of attributeLists(document)) {
        for (const piece of list.malformed) yield at(line, `${quote(piece)} is no attribute`);
      }
    },
  },
  {
    id: "attribute-repeated",
    severity: "error",
    clause: "RFC 8216bis 4.2",
    text: "No attribute comes twice in a list.",
    *check({ document }) {
      for (const { line, list } of attributeLists(document)) {
        for (const name of list.repeated) yield at(line, `${name} comes twice`);
      }
    },
  },
  {
    id: "attribute-missing",
    severity: "error",
    clause: "RFC 8216bis 4.4",
    text: "Attributes that a tag requires are there.",
    *check({ document }) {
      for (const { line, list, definition } of attributeLists(document)) {
        for (const name of definition.required ?? []) {
          if (!list.byName.has(name)) yield at(line, `${name} is missing (${definition.clause})`);
        }
      }
    },
  },
  {
    id: "attribute-value",
    severity: "error",
    clause: "RFC 8216bis 4.2",
    text: "The value of an attribute is of its type.",
    *check({ document }) {
      for (const { line, list, definition } of attributeLists(document)) {
        for (const attribute of list.byName.values()) {
          const type =
            definition.attributes?.[attribute.name] ?? (isExtension(definition, attribute.name) && "extension");
          // What a variable stands for is checked where it is used.
          if (!type || referencesIn(attribute.value).length > 0) continue;
          const wrong = wrongValue(type, attribute.value, attribute.quoted);
          if (wrong) yield at(line, `${attribute.name} is ${quote(attribute.value)}: ${wrong}`);
        }
      }
    },
  },
  {
    id: "attribute-unknown",
    severity: "info",
    clause: "RFC 8216bis 6.3.1",
    text: "Clients ignore attributes that the standard does not have.",
    *check({ document }) {
      for (const { line, list, definition } of attributeLists(document)) {
        for (const name of list.byName.keys()) {
          if (!definition.attributes?.[name] && !isExtension(definition, name)) yield at(line, `${name} is unknown`);
        }
      }
    },
  },
  {
    id: "uri-invalid",
    severity: "error",
    clause: "RFC 8216bis 4.1",
    text: "What names a resource is a URI.",
    *check({ document, url }) {
      for (const { kind, text, number } of document.lines) {
        if (kind === "uri" && !text.includes("{$") && !URL.canParse(text.trim(), url)) {
          yield { line: number, message: `${quote(text)} is no URI` };
        }
      }
    },
  },
  {
    id: "define-form",
    severity: "error",
    clause: "RFC 8216bis 4.4.2.3",
    text: "EXT-X-DEFINE has one of NAME (with VALUE), IMPORT and QUERYPARAM; IMPORT only in media playlists.",
    *check({ document, kind }) {
      for (const line of tagsNamed(document, "EXT-X-DEFINE")) {
        const { byName } = readAttributeList(line.value ?? "");
        const given = ["NAME", "IMPORT", "QUERYPARAM"].filter((name) => byName.has(name));
        if (given.length !== 1) yield at(line, given.length === 0 ? "none of the three" : `${given.join(" and ")}`);
        if (byName.has("NAME") && !byName.has("VALUE")) yield at(line, "NAME without VALUE");
        if (byName.has("IMPORT") && kind === "multivariant") yield at(line, "IMPORT in a multivariant playlist");
        for (const name of given) {
          const value = byName.get(name)?.value ?? "";
          if (!/^[A-Za-z0-9_-]+$/.test(value)) yield at(line, `${quote(value)} is no name of a variable`);
        }
      }
    },
  },
  {
    id: "define-repeated",
    severity: "error",
    clause: "RFC 8216bis 4.4.2.3",
    text: "A variable is defined once.",
    *check({ document }) {
      const seen = new Set<string>();
      for (const line of tagsNamed(document, "EXT-X-DEFINE")) {
        const { byName } = readAttributeList(line.value ?? "");
        const name = (byName.get("NAME") ?? byName.get("IMPORT") ?? byName.get("QUERYPARAM"))?.value;
        if (name === undefined) continue;
        if (seen.has(name)) yield at(line, `${quote(name)} is defined again`);
        seen.add(name);
      }
    },
  },
  {
    id: "define-unresolved",
    severity: "error",
    clause: "RFC 8216bis 4.4.2.3",
    text: "What EXT-X-DEFINE imports, or takes from the query, is there.",
    *check({ variables }) {
      for (const { line, name, from } of variables.unresolved) {
        yield { line, message: `${from}=${quote(name)} has no value` };
      }
    },
  },
  {
    id: "variable-undefined",
    severity: "error",
    clause: "RFC 8216bis 6.3.1",
    text: "Variables that are referred to are defined.",
    *check({ document, variables }) {
      for (const line of document.lines) {
        if (line.kind !== "uri" && !TAGS[line.tag]?.attributes) continue;
        for (const name of referencesIn(line.text)) {
          if (!variables.values.has(name)) yield at(line, `{$${name}} is not defined`);
        }
      }
    },
  },
];

function* knownTags(document: PlaylistDocument): Generator<[PlaylistLine, TagDefinition]> {
  for (const line of document.lines) {
    const definition = line.kind === "tag" ? TAGS[line.tag] : undefined;
    if (definition) yield [line, definition];
  }
}

type WrittenList = { readonly line: PlaylistLine; readonly list: AttributeList; readonly definition: TagDefinition };

function* attributeLists(document: PlaylistDocument): Generator<WrittenList> {
  for (const [line, definition] of knownTags(document)) {
    if (definition.attributes && line.value) yield { line, definition, list: readAttributeList(line.value) };
  }
}

const at = (line: PlaylistLine, message: string): Breach => ({
  line: line.number,
  message: line.tag === "" ? message : `${line.tag}: ${message}`,
});

/** Of a family of names that others define. */
function isExtension({ open }: TagDefinition, name: string): boolean {
  return open !== undefined && name.startsWith(open);
}

const NUMBER = /^\d+(?:\.\d*)?$/;
const RANGE = /^\d{1,20}(?:@\d{1,20})?$/;
const DATE = /^\d{4}-?\d\d-?\d\dT\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?$/i;

/** What is wrong with a value, or undefined. */
function wrongValue(type: AttributeType | "extension", value: string, quoted: boolean): string | undefined {
  if (typeof type !== "string") {
    return !quoted && type.includes(value) ? undefined : `it is ${type.join(", ")}, without quotes`;
  }
  switch (type) {
    case "integer":
      return !quoted && /^\d{1,20}$/.test(value) ? undefined : "it is a decimal integer";
    case "decimal":
      return !quoted && NUMBER.test(value) ? undefined : "it is a decimal number, not negative";
    case "signed":
      return !quoted && /^-?\d+(?:\.\d*)?$/.test(value) ? undefined : "it is a decimal number";
    case "hex":
      return !quoted && /^0[xX][0-9A-F]+$/.test(value) ? undefined : "it is 0x and digits 0-9 A-F";
    case "quoted":
    case "words":
      return quoted && value !== "" ? undefined : "it is a quoted string that is not empty";
    case "maybe-empty":
      return quoted ? undefined : "it is a quoted string";
    case "date":
      return quoted && DATE.test(value) ? undefined : "it is a quoted ISO 8601 date and time";
    case "resolution":
      return !quoted && /^\d+x\d+$/.test(value) ? undefined : "it is WIDTHxHEIGHT";
    case "quoted-or-none":
      return quoted || value === "NONE" ? undefined : "it is a quoted string or NONE";
    case "range":
      return quoted && RANGE.test(value) ? undefined : 'it is "LENGTH" or "LENGTH@OFFSET"';
    case "offset-range":
      return quoted && /^\d{1,20}@\d{1,20}$/.test(value) ? undefined : 'it is "LENGTH@OFFSET"';
    case "extension":
      return quoted || /^0[xX][0-9A-F]+$/.test(value) || /^-?\d+(?:\.\d*)?$/.test(value)
        ? undefined
        : "it is a quoted string, a hexadecimal sequence or a number";
  }
}
