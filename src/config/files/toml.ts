import type { Layer } from "../layers.ts";
import { isSettings } from "../layers.ts";
import { ConfigError } from "../mistake.ts";
import { Positions } from "./positions.ts";

/** Above this a syntax error is reported without its line. */
const MAX_LINES_TO_SEARCH = 2000;

/** Reads TOML 1.0. @throws ConfigError */
export function readToml(file: string, text: string): Layer {
  let value: unknown;
  try {
    value = Bun.TOML.parse(text);
  } catch (error) {
    const line = findFaultyLine(text);
    const deep = error instanceof RangeError || String(error).includes("call stack");
    const message = deep
      ? "nested too deep"
      : (error instanceof Error ? error.message : String(error)).replace(/^TOML Parse error: /, "");
    const source = { from: "file" as const, file, ...(line === undefined ? {} : { line }) };
    throw new ConfigError([{ code: "syntax", source, path: "", message }]);
  }
  return { value: isSettings(value) ? value : {}, locate: tomlPositions(text).locator(file, text) };
}

/** The parser does not say where it stopped: it is the first line after the longest beginning that it accepts. */
function findFaultyLine(text: string): number | undefined {
  const lines = text.split("\n");
  if (lines.length > MAX_LINES_TO_SEARCH) return undefined;
  for (let count = lines.length - 1; count >= 0; count--) {
    try {
      Bun.TOML.parse(lines.slice(0, count).join("\n"));
    } catch {
      continue;
    }
    // Blank lines and comments belong to what was accepted.
    while (/^\s*(#.*)?$/.test(lines[count] ?? "x") && count < lines.length - 1) count++;
    return count + 1;
  }
  return undefined;
}

/** Finds tables and keys of a document known to be correct; keys of inline tables have their table's place. */
export function tomlPositions(text: string): Positions {
  const positions = new Positions();
  const arrays = new Map<string, number>();
  let table: (string | number)[] = [];
  let offset = 0;
  while (offset < text.length) {
    const end = lineEnd(text, offset);
    const line = text.slice(offset, end);
    const indent = line.length - line.trimStart().length;
    const header = /^\s*(\[\[?)([^\]]+)\]/.exec(line);
    const key = header ? null : KEY.exec(line);
    if (header) {
      table = resolveHeader(splitKey(header[2] ?? ""), header[1] === "[[", arrays);
      addPrefixes(positions, table, 0, offset + indent);
    } else if (key) {
      const path = [...table, ...splitKey(key[1] ?? "")];
      addPrefixes(positions, path, table.length, offset + indent);
      offset = valueEnd(text, offset + key[0].length);
      continue;
    }
    offset = end + 1;
  }
  return positions;
}

const KEY = /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/;

function splitKey(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|([\w-]+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? "");
}

/** Puts the index of the current element behind each array of tables on the way. */
function resolveHeader(keys: readonly string[], append: boolean, arrays: Map<string, number>): (string | number)[] {
  const path: (string | number)[] = [];
  for (const [index, key] of keys.entries()) {
    path.push(key);
    const name = JSON.stringify(path);
    if (append && index === keys.length - 1) arrays.set(name, (arrays.get(name) ?? -1) + 1);
    const element = arrays.get(name);
    if (element !== undefined) path.push(element);
  }
  return path;
}

function addPrefixes(positions: Positions, path: readonly (string | number)[], from: number, offset: number): void {
  for (let length = from + 1; length <= path.length; length++) positions.add(path.slice(0, length), offset);
}

/** The start of the line after a value, which may be a list or a text of several lines. */
function valueEnd(text: string, start: number): number {
  let depth = 0;
  let offset = start;
  while (offset < text.length) {
    const char = text[offset] as string;
    if (char === '"' || char === "'") {
      const fence = text.startsWith(char.repeat(3), offset) ? char.repeat(3) : char;
      let close = text.indexOf(fence, offset + fence.length);
      while (char === '"' && close > 0 && escaped(text, close)) close = text.indexOf(fence, close + 1);
      if (close < 0) return text.length;
      offset = close + fence.length;
      continue;
    }
    if (char === "#") offset = lineEnd(text, offset);
    else if (char === "[" || char === "{") depth++;
    else if (char === "]" || char === "}") depth--;
    if (text[offset] === "\n" && depth <= 0) return offset + 1;
    offset++;
  }
  return offset;
}

function escaped(text: string, offset: number): boolean {
  let slashes = 0;
  while (text[offset - 1 - slashes] === "\\") slashes++;
  return slashes % 2 === 1;
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end;
}
