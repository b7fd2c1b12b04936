import type { z } from "zod";
import type { KeyPath, Mistake, MistakeCode, Source } from "./mistake.ts";
import { formatPath } from "./mistake.ts";
import { suggestion } from "./suggest.ts";
import type { SettingNode } from "./tree.ts";
import { shown } from "./units.ts";

type Issue = z.core.$ZodIssue;

/** Turns what the schema found into mistakes a user can act on. */
export function toMistakes(
  issues: readonly Issue[],
  tree: SettingNode,
  locate: (path: KeyPath) => Source,
): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  for (const issue of issues) {
    const path = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) mistakes.push(unknownKey([...path, key], tree, locate));
      continue;
    }
    const { code, message, hint } = explain(issue);
    mistakes.push({ code, source: locate(path), path: formatPath(path), message, ...(hint ? { hint } : {}) });
  }
  return mistakes;
}

/** The mistake of writing a setting that does not exist. */
export function unknownKey(path: KeyPath, tree: SettingNode, locate: (path: KeyPath) => Source): Mistake {
  const name = String(path.at(-1) ?? "");
  const names = fieldNames(nodeAt(tree, path.slice(0, -1)));
  const hint = suggestion(name, names) ?? elsewhere(name, tree) ?? `known here: ${names.join(", ")}`;
  return {
    code: "unknown-key",
    source: locate(path),
    path: formatPath(path),
    message: `unknown setting "${name}"`,
    hint,
  };
}

type Explained = { readonly code: MistakeCode; readonly message: string; readonly hint?: string };

function explain(issue: Exclude<Issue, { code: "unrecognized_keys" }>): Explained {
  const { input } = issue;
  switch (issue.code) {
    case "invalid_type": {
      const expected = TYPE_NAMES[issue.expected] ?? issue.expected;
      return {
        code: input === undefined ? "wrong-value" : "wrong-type",
        message: input === undefined ? `is missing; expected ${expected}` : `expected ${expected}, got ${shown(input)}`,
        ...hintForType(issue.expected, input),
      };
    }
    case "invalid_value": {
      const values = issue.values.map(String);
      const near = typeof input === "string" ? suggestion(input, values) : undefined;
      return {
        code: typeof input === "string" ? "wrong-value" : "wrong-type",
        message: `expected ${oneOf(values)}, got ${shown(input)}`,
        ...(near ? { hint: near } : {}),
      };
    }
    case "too_small":
      return wrongSize(issue, "at least", Number(issue.minimum));
    case "too_big":
      return wrongSize(issue, "at most", Number(issue.maximum));
    case "invalid_format": {
      if (issue.format === "regex") return { code: "wrong-value", message: `${issue.message}, got ${shown(input)}` };
      const start = issue.format === "starts_with" && "prefix" in issue ? ` that begins with "${issue.prefix}"` : "";
      return { code: "wrong-value", message: `expected text${start}, got ${shown(input)}` };
    }
    // These carry a message written beside the setting's schema.
    case "invalid_union":
      return { code: "wrong-type", message: issue.message };
    default:
      return { code: "wrong-value", message: issue.message };
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a group of keys",
  record: "a group of keys",
};

function hintForType(expected: string, input: unknown): { readonly hint?: string } {
  if (input === null) return { hint: "give it a value, or remove the line" };
  if (expected === "boolean" && typeof input === "string") {
    if (/^(on|yes|true)$/i.test(input)) return { hint: "write true, without quotes" };
    if (/^(off|no|false)$/i.test(input)) return { hint: "write false, without quotes" };
  }
  if ((expected === "number" || expected === "int") && typeof input === "string" && /^\s*\d+\s*$/.test(input)) {
    return { hint: `write ${input.trim()}, without quotes` };
  }
  if (expected === "array" && (typeof input === "string" || typeof input === "number")) {
    return { hint: `write a list: [${shown(input)}]` };
  }
  if (expected === "string" && typeof input === "number") return { hint: `write it in quotes: "${input}"` };
  return {};
}

function wrongSize(
  issue: Extract<Issue, { code: "too_small" | "too_big" }>,
  direction: "at least" | "at most",
  limit: number,
): Explained {
  const unit = issue.origin === "array" ? " entries" : issue.origin === "string" ? " characters" : "";
  const got = Array.isArray(issue.input) ? String(issue.input.length) : shown(issue.input);
  return { code: "wrong-value", message: `expected ${direction} ${limit}${unit}, got ${got}` };
}

function oneOf(values: readonly string[]): string {
  const quoted = values.map((value) => JSON.stringify(value));
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`;
}

function nodeAt(tree: SettingNode, path: KeyPath): SettingNode | undefined {
  let node: SettingNode | undefined = tree;
  for (const key of path) {
    if (node?.kind === "group") node = node.fields.get(String(key));
    else if (node?.kind === "map") node = node.value;
    else if (node?.kind === "list") node = node.item;
    else return undefined;
  }
  return node;
}

const fieldNames = (node: SettingNode | undefined): readonly string[] =>
  node?.kind === "group" ? [...node.fields.keys()] : [];

/** Where a setting of this very name does exist: it was probably written one level too high or too low. */
function elsewhere(name: string, tree: SettingNode): string | undefined {
  const found = findField(name, tree, []);
  return found === undefined ? undefined : `it belongs at ${formatPath(found).replace('["NAME"]', ".NAME")}`;
}

function findField(name: string, node: SettingNode, path: readonly string[]): readonly string[] | undefined {
  if (node.kind === "map") return findField(name, node.value, [...path, "NAME"]);
  if (node.kind === "list") return undefined;
  if (node.kind !== "group") return undefined;
  if (node.fields.has(name)) return [...path, name];
  for (const [field, child] of node.fields) {
    const found = findField(name, child, [...path, field]);
    if (found) return found;
  }
  return undefined;
}
