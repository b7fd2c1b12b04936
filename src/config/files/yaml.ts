import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Layer } from "../layers.ts";
import { isSettings } from "../layers.ts";
import { ConfigError, type KeyPath } from "../mistake.ts";
import { shown } from "../units.ts";
import { lineAndColumn, Positions } from "./positions.ts";

/** An alias that grows a document more than this is an attack, not a convenience. */
const MAX_ALIASES = 100;

/** Reads YAML 1.2, and so JSON. @throws ConfigError */
export function readYaml(file: string, text: string, kind: "yaml" | "json"): Layer {
  if (kind === "json") refuseComments(file, text);
  const { document, value } = parse(file, text, kind);
  if (value === null) return { value: {}, locate: () => ({ from: "file", file }) };
  if (!isSettings(value)) {
    throw syntaxError(file, `expected a group of settings, got ${shown(value)}`, { line: 1, column: 1 });
  }
  // Editors look for it; it is no setting.
  const { $schema: _, ...settings } = value;
  const positions = new Positions();
  addPositions(document.contents, [], positions, new Set());
  return { value: settings, locate: positions.locator(file, text) };
}

function parse(file: string, text: string, kind: "yaml" | "json") {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, logLevel: "error" });
    const faults = [...document.errors, ...document.warnings];
    if (faults.length > 0) {
      const hint = kind === "yaml" ? yamlHint(text) : undefined;
      const deep = faults.find((fault) => fault.message.includes("call stack"));
      if (deep) throw new RangeError(deep.message);
      throw new ConfigError(
        faults.slice(0, 5).map((fault) => {
          const { line, col } = lines.linePos(fault.pos[0]);
          const source = { from: "file" as const, file, line, column: col };
          return {
            code: "syntax" as const,
            source,
            path: "",
            message: plain(fault.message),
            ...(hint ? { hint } : {}),
          };
        }),
      );
    }
    return { document, value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw syntaxError(file, error instanceof RangeError ? "nested too deep" : plain(String(error)));
  }
}

function addPositions(node: unknown, path: KeyPath, positions: Positions, seen: Set<unknown>): void {
  if (seen.has(node)) return;
  seen.add(node);
  if (isMap<Node, Node>(node)) {
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : String(key);
      if (key.range) positions.add([...path, name], key.range[0]);
      addPositions(value, [...path, name], positions, seen);
    }
  } else if (isSeq<Node>(node)) {
    for (const [index, item] of node.items.entries()) {
      if (item.range) positions.add([...path, index], item.range[0]);
      if (!isAlias(item)) addPositions(item, [...path, index], positions, seen);
    }
  }
}

/** Read as YAML, a comment of JavaScript would become part of a key or value. */
function refuseComments(file: string, text: string): void {
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|\/\/|\/\*/g)) {
    if (match[0].startsWith('"')) continue;
    const source = { from: "file" as const, file, ...lineAndColumn(text, match.index) };
    const hint = "YAML, TOML and naru.config.ts have comments";
    throw new ConfigError([{ code: "syntax", source, path: "", message: "JSON has no comments", hint }]);
  }
}

function yamlHint(text: string): string | undefined {
  return /^ *\t/m.test(text) ? "YAML is indented by spaces, not tabs" : undefined;
}

/** The parser's messages speak of its own functions. */
function plain(message: string): string {
  return message
    .replace(/^\w*Error: /, "")
    .replace("; please use YAML.parseAllDocuments()", "; a configuration is one")
    .replace(/\s+/g, " ");
}

function syntaxError(file: string, message: string, at: { line?: number; column?: number } = {}): ConfigError {
  return new ConfigError([{ code: "syntax", source: { from: "file", file, ...at }, path: "", message }]);
}
