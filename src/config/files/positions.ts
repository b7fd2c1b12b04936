import type { KeyPath, Source } from "../mistake.ts";

/** Where in a text each setting is written. */
export class Positions {
  readonly #offsets = new Map<string, number>();

  /** @param offset in UTF-16 units from the start of the text */
  add(path: KeyPath, offset: number): void {
    this.#offsets.set(JSON.stringify(path.map(String)), offset);
  }

  /** Finds settings in `file`, or the nearest group around one that has a place of its own. */
  locator(file: string, text: string): (path: KeyPath) => Source {
    return (path) => {
      for (let length = path.length; length > 0; length--) {
        const offset = this.#offsets.get(JSON.stringify(path.slice(0, length).map(String)));
        if (offset !== undefined) return { from: "file", file, ...lineAndColumn(text, offset) };
      }
      return { from: "file", file };
    };
  }
}

/** Line and column of an offset, both from 1. */
export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const end = Math.min(Math.max(offset, 0), text.length);
  let line = 1;
  let start = 0;
  for (let next = text.indexOf("\n"); next >= 0 && next < end; next = text.indexOf("\n", next + 1)) {
    line++;
    start = next + 1;
  }
  return { line, column: end - start + 1 };
}
