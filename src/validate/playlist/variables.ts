import { type AttributeList, readAttributeList } from "./attribute-list.ts";
import { type PlaylistDocument, tagsNamed } from "./document.ts";

/** Variables of a playlist (RFC 8216bis 4.3), and what could not be resolved. */
export type Variables = {
  readonly values: ReadonlyMap<string, string>;
  /** EXT-X-DEFINE tags whose value is nowhere. */
  readonly unresolved: readonly { readonly line: number; readonly name: string; readonly from: string }[];
};

/** What variables may come from besides the playlist itself. */
export type VariableSources = {
  /** URL that the playlist was loaded from. */
  readonly url: string;
  /** Of the multivariant playlist, where it was reached from one. */
  readonly imports?: ReadonlyMap<string, string>;
};

/** Reads the EXT-X-DEFINE tags (4.4.2.3). */
export function readVariables(document: PlaylistDocument, sources: VariableSources): Variables {
  const values = new Map<string, string>();
  const unresolved: { line: number; name: string; from: string }[] = [];
  let query: URLSearchParams | undefined;
  for (const { value, number: line } of tagsNamed(document, "EXT-X-DEFINE")) {
    const { byName } = readAttributeList(value ?? "");
    const name = byName.get("NAME")?.value;
    const imported = byName.get("IMPORT")?.value;
    const parameter = byName.get("QUERYPARAM")?.value;
    if (name !== undefined) values.set(name, byName.get("VALUE")?.value ?? "");
    if (imported !== undefined) {
      const found = sources.imports?.get(imported);
      if (found === undefined) unresolved.push({ line, name: imported, from: "IMPORT" });
      else values.set(imported, found);
    }
    if (parameter !== undefined) {
      query ??= new URL(sources.url).searchParams;
      const found = query.get(parameter);
      if (!found) unresolved.push({ line, name: parameter, from: "QUERYPARAM" });
      else values.set(parameter, found);
    }
  }
  return { values, unresolved };
}

const REFERENCE = /\{\$([A-Za-z0-9_-]+)\}/g;

/** Puts values in place of `{$name}`. Those that are not defined stay. */
export function substitute(text: string, values: ReadonlyMap<string, string>): string {
  return text.includes("{$") ? text.replace(REFERENCE, (all, name: string) => values.get(name) ?? all) : text;
}

/** Names that a text refers to. */
export function referencesIn(text: string): string[] {
  return [...text.matchAll(REFERENCE)].map((match) => match[1] as string);
}

/** An attribute list with its quoted strings substituted. */
export function readSubstituted(value: string | undefined, values: ReadonlyMap<string, string>): AttributeList {
  const list = readAttributeList(value ?? "");
  if (values.size === 0) return list;
  const byName = new Map(
    [...list.byName].map(([name, attribute]) => [name, { ...attribute, value: substitute(attribute.value, values) }]),
  );
  return { ...list, byName };
}
