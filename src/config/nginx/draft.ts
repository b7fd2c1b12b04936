import type { Layer, Settings } from "../layers.ts";
import { formatPath, type KeyPath, type Source } from "../mistake.ts";
import { shown } from "../units.ts";
import type { Directive } from "./parser.ts";

/** The configuration that a translation builds up, with the directive that each value comes from. */
export class Draft {
  readonly #root: Record<string, unknown> = {};
  readonly #origins = new Map<string, Directive>();
  readonly #lists = new Map<string, readonly unknown[]>();
  readonly #effects = new Map<Directive, string[]>();

  /**
   * Sets a value, replacing an earlier one.
   * @param silent leave it out of the directive's effects, as it says nothing a user would look for
   */
  set(path: KeyPath, value: unknown, by: Directive, silent = false): void {
    let group = this.#root;
    for (const key of path.slice(0, -1)) {
      const existing = group[key] as Record<string, unknown> | undefined;
      const next: Record<string, unknown> = existing ?? {};
      if (!existing) define(group, String(key), next);
      group = next;
    }
    define(group, String(path.at(-1)), value);
    this.mark(path, by);
    if (!silent) this.note(by, typeof value === "object" ? formatPath(path) : `${formatPath(path)} = ${shown(value)}`);
  }

  /** Adds a value to the list at `path`; the first one makes it. */
  append(path: KeyPath, value: unknown, by: Directive): void {
    const known = this.#lists.get(JSON.stringify(path)) ?? [];
    const list = [...known, value];
    this.#lists.set(JSON.stringify(path), list);
    this.set(path, list, by);
    this.mark([...path, known.length], by);
  }

  /** Says that the value at `path`, inside one that is set as a whole, comes from a directive. */
  mark(path: KeyPath, by: Directive): void {
    this.#origins.set(JSON.stringify(path), by);
  }

  /** Records what a directive brought about. */
  note(by: Directive, effect: string): void {
    const effects = this.#effects.get(by) ?? [];
    if (!effects.includes(effect)) effects.push(effect);
    this.#effects.set(by, effects);
  }

  effects(directive: Directive): readonly string[] {
    return this.#effects.get(directive) ?? [];
  }

  has(path: KeyPath): boolean {
    return this.#origins.has(JSON.stringify(path));
  }

  /** @param file what a value without a directive is attributed to */
  toLayer(file: string): Layer {
    return { value: this.#root as Settings, locate: (path) => this.#locate(path, file) };
  }

  #locate(path: KeyPath, file: string): Source {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(JSON.stringify(path.slice(0, length)));
      if (origin) return { from: "file", file: origin.file, line: origin.line, column: origin.column };
    }
    return { from: "file", file };
  }
}

/** An application may be named `__proto__`; assigning would not make that a key. */
function define(group: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(group, key, { value, enumerable: true, configurable: true, writable: true });
}
