import { MalformedError } from "../../bytes/errors.ts";
import { lineAndColumn } from "../files/positions.ts";
import { Lexer } from "./lexer.ts";

/** One directive as it is written, with its block if it has one. */
export type Directive = {
  readonly name: string;
  readonly args: readonly string[];
  /** Undefined when it ends with `;`. */
  readonly block: readonly Directive[] | undefined;
  readonly file: string;
  readonly line: number;
  readonly column: number;
};

/** Deeper nesting is no configuration; it would only exhaust the stack. */
const MAX_DEPTH = 64;
const MAX_DIRECTIVES = 50_000;
const MAX_ARGUMENTS = 2048;

/** Parses an nginx configuration; `include` stays a directive. @throws MalformedError */
export function parseNginx(text: string, file: string): readonly Directive[] {
  return new Parser(text, file).parse();
}

class Parser {
  readonly #lexer: Lexer;
  readonly #file: string;
  readonly #lines: LineFinder;
  #count = 0;

  constructor(text: string, file: string) {
    this.#lexer = new Lexer(text.charCodeAt(0) === 0xfeff ? ` ${text.slice(1)}` : text);
    this.#lines = new LineFinder(text);
    this.#file = file;
  }

  parse(): readonly Directive[] {
    return this.#block(0, undefined);
  }

  /** @param opened offset of the `{` that began the block; undefined for the file itself */
  #block(depth: number, opened: number | undefined): readonly Directive[] {
    const directives: Directive[] = [];
    for (;;) {
      const token = this.#lexer.next();
      switch (token.kind) {
        case "end":
          if (opened !== undefined) throw new MalformedError("unexpected end of file: this { is never closed", opened);
          return directives;
        case "close":
          if (opened === undefined) throw new MalformedError('unexpected "}"', token.offset);
          return directives;
        case "word":
          if (++this.#count > MAX_DIRECTIVES) throw new MalformedError("too many directives", token.offset);
          directives.push(this.#directive(token.text, token.offset, depth));
          break;
        default:
          throw new MalformedError(`unexpected "${token.text}"`, token.offset);
      }
    }
  }

  #directive(name: string, offset: number, depth: number): Directive {
    const args: string[] = [];
    const position = this.#lines.at(offset);
    for (;;) {
      const token = this.#lexer.next();
      switch (token.kind) {
        case "word":
          if (args.length >= MAX_ARGUMENTS) throw new MalformedError(`too many arguments of "${name}"`, offset);
          args.push(token.text);
          break;
        case "semicolon":
          return { name, args, block: undefined, file: this.#file, ...position };
        case "open": {
          if (depth >= MAX_DEPTH) throw new MalformedError("blocks nested too deep", token.offset);
          const foreign = name.endsWith("_by_lua_block");
          if (foreign) this.#lexer.skipForeignBlock();
          const block = foreign ? [] : this.#block(depth + 1, token.offset);
          return { name, args, block, file: this.#file, ...position };
        }
        case "close":
          throw new MalformedError(`unexpected "}": is the ; of "${name}" missing?`, token.offset);
        case "end":
          throw new MalformedError(`unexpected end of file: "${name}" lacks its ;`, offset);
      }
    }
  }
}

/** Lines of rising offsets, without starting from the top each time. */
class LineFinder {
  #line = 1;
  #start = 0;

  constructor(readonly text: string) {}

  at(offset: number): { readonly line: number; readonly column: number } {
    if (offset < this.#start) return lineAndColumn(this.text, offset);
    for (let next = this.text.indexOf("\n", this.#start); next >= 0 && next < offset; ) {
      this.#line++;
      this.#start = next + 1;
      next = this.text.indexOf("\n", this.#start);
    }
    return { line: this.#line, column: offset - this.#start + 1 };
  }
}
