import { basename, dirname, isAbsolute, join } from "node:path";
import { MalformedError } from "../../bytes/errors.ts";
import { lineAndColumn } from "../files/positions.ts";
import { ConfigError, type Mistake } from "../mistake.ts";
import { type Directive, parseNginx } from "./parser.ts";

/** How included files are found and read; handed in so that tests need no disk. */
export interface IncludeReader {
  /** Text of a file. @throws ConfigError when it cannot be read */
  read(path: string): string;
  /** Files that match a pattern with `*`, `?` or `[...]`, sorted. */
  glob(pattern: string): readonly string[];
}

const MAX_INCLUDE_DEPTH = 16;
const MAX_FILES = 500;
/** Lists of media types that nginx ships; the built-in table does the same. */
const OWN_FILES = ["mime.types", "fastcgi_params", "fastcgi.conf", "uwsgi_params", "scgi_params", "proxy_params"];

export type Expanded = {
  /** `include` stays where it was, followed by what it included. */
  readonly directives: readonly Directive[];
  readonly mistakes: readonly Mistake[];
  /** Texts of all files read, by name. */
  readonly texts: ReadonlyMap<string, string>;
  /** Directives that include a file nginx ships and this machine does not have. */
  readonly absent: ReadonlySet<Directive>;
};

/** Parses a file and everything it includes. Syntax errors become mistakes; a file that has one counts as empty. */
export function parseWithIncludes(file: string, text: string, reader: IncludeReader): Expanded {
  const expander = new Expander(file, reader);
  const directives = expander.parse(file, text, []);
  return { directives, mistakes: expander.mistakes, texts: expander.texts, absent: expander.absent };
}

class Expander {
  readonly mistakes: Mistake[] = [];
  readonly texts = new Map<string, string>();
  readonly absent = new Set<Directive>();
  readonly #directory: string;
  readonly #reader: IncludeReader;
  #files = 0;

  constructor(file: string, reader: IncludeReader) {
    // nginx resolves every include against the directory of the main file.
    this.#directory = dirname(file);
    this.#reader = reader;
  }

  parse(file: string, text: string, chain: readonly string[]): readonly Directive[] {
    this.texts.set(file, text);
    try {
      return this.#expand(parseNginx(text, file), [...chain, file]);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      const source = { from: "file" as const, file, ...lineAndColumn(text, error.offset) };
      this.mistakes.push({ code: "syntax", source, path: "", message: error.what });
      return [];
    }
  }

  #expand(directives: readonly Directive[], chain: readonly string[]): readonly Directive[] {
    const out: Directive[] = [];
    for (const directive of directives) {
      out.push(directive.block ? { ...directive, block: this.#expand(directive.block, chain) } : directive);
      if (directive.name !== "include" || directive.block || directive.args.length !== 1) continue;
      // One by one: a file may hold more directives than a call takes arguments.
      for (const included of this.#include(directive, directive.args[0] ?? "", chain)) out.push(included);
    }
    return out;
  }

  #include(directive: Directive, pattern: string, chain: readonly string[]): readonly Directive[] {
    const path = isAbsolute(pattern) ? pattern : join(this.#directory, pattern);
    const files = /[*?[]/.test(path) ? this.#reader.glob(path) : [path];
    const out: Directive[] = [];
    for (const file of files) {
      if (chain.includes(file)) {
        this.#fail(directive, `${file} includes itself`, [...chain, file].join(" -> "));
      } else if (chain.length > MAX_INCLUDE_DEPTH || ++this.#files > MAX_FILES) {
        this.#fail(directive, `too many included files at ${file}`, `at most ${MAX_FILES}, ${MAX_INCLUDE_DEPTH} deep`);
      } else {
        const text = this.#read(directive, file);
        if (text !== undefined) for (const included of this.parse(file, text, chain)) out.push(included);
      }
    }
    return out;
  }

  #read(directive: Directive, file: string): string | undefined {
    try {
      return this.#reader.read(file);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const [mistake] = error.mistakes;
      if (mistake?.code === "file-not-found" && OWN_FILES.includes(basename(file))) {
        this.absent.add(directive);
        return undefined;
      }
      this.#fail(directive, `${file}: ${mistake?.message ?? "cannot be read"}`, mistake?.hint);
      return undefined;
    }
  }

  #fail({ file, line, column }: Directive, message: string, hint?: string): void {
    const source = { from: "file" as const, file, line, column };
    this.mistakes.push({ code: "nginx-include", source, path: "", message, ...(hint ? { hint } : {}) });
  }
}
