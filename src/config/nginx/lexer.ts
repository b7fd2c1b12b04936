import { MalformedError } from "../../bytes/errors.ts";

/** nginx reads a file through a buffer of this size and refuses longer words. */
const MAX_WORD_LENGTH = 4096;

export type Token = {
  readonly kind: "word" | "semicolon" | "open" | "close" | "end";
  /** The word with quotes and escapes resolved; variables stay as text. */
  readonly text: string;
  readonly quoted: boolean;
  /** In UTF-16 units from the start of the text. */
  readonly offset: number;
};

const SPACE = /[ \t\r\n]/;

/** Divides the text of an nginx configuration into words and marks, by the rules of `ngx_conf_read_token`. */
export class Lexer {
  #offset = 0;

  constructor(readonly text: string) {}

  /** The next token. @throws MalformedError */
  next(): Token {
    this.#skipBlank();
    const offset = this.#offset;
    const char = this.text[offset];
    if (char === undefined) return { kind: "end", text: "", quoted: false, offset };
    const mark = MARKS[char];
    if (mark) {
      this.#offset++;
      return { kind: mark, text: char, quoted: false, offset };
    }
    return char === '"' || char === "'" ? this.#quoted(char, offset) : this.#word(offset);
  }

  /** Skips a block of another language, Lua, whose `{` has just been read, up to its `}`. @throws MalformedError */
  skipForeignBlock(): void {
    const start = this.#offset;
    let depth = 1;
    FOREIGN.lastIndex = start;
    for (let match = FOREIGN.exec(this.text); match; match = FOREIGN.exec(this.text)) {
      if (match[0] === "{") depth++;
      else if (match[0] === "}") depth--;
      if (depth === 0) {
        this.#offset = FOREIGN.lastIndex;
        return;
      }
    }
    throw new MalformedError("unexpected end of file in a Lua block: expected }", start);
  }

  #skipBlank(): void {
    for (;;) {
      const char = this.text[this.#offset];
      if (char === undefined) return;
      if (char === "#") {
        const end = this.text.indexOf("\n", this.#offset);
        this.#offset = end < 0 ? this.text.length : end + 1;
      } else if (SPACE.test(char)) {
        this.#offset++;
      } else {
        return;
      }
    }
  }

  #quoted(quote: string, start: number): Token {
    let text = "";
    let offset = start + 1;
    for (; ; offset++) {
      const char = this.text[offset];
      if (char === undefined) throw new MalformedError(`unexpected end of file: expected ${quote}`, start);
      if (char === quote) break;
      if (char === "\\") {
        text += unescaped(this.text[offset + 1]);
        offset++;
      } else {
        text += char;
      }
      if (text.length > MAX_WORD_LENGTH) throw new MalformedError(`word too long: is its ${quote} missing?`, start);
    }
    const after = this.text[offset + 1];
    if (after !== undefined && !SPACE.test(after) && !/[;{)]/.test(after)) {
      throw new MalformedError(`unexpected "${after}" behind a quoted word`, offset + 1);
    }
    this.#offset = offset + 1;
    return { kind: "word", text, quoted: true, offset: start };
  }

  #word(start: number): Token {
    let text = "";
    let offset = start;
    let variable = false;
    for (; offset < this.text.length; offset++) {
      const char = this.text[offset] as string;
      if (char === "{" && variable) {
        text += char;
        variable = false;
        continue;
      }
      variable = char === "$";
      if (char === "\\") {
        text += unescaped(this.text[offset + 1]);
        offset++;
      } else if (SPACE.test(char) || char === ";" || char === "{") {
        break;
      } else {
        text += char;
      }
      if (text.length > MAX_WORD_LENGTH) throw new MalformedError("word too long", start);
    }
    this.#offset = Math.min(offset, this.text.length);
    return { kind: "word", text, quoted: false, offset: start };
  }
}

const MARKS: Readonly<Record<string, "semicolon" | "open" | "close">> = { ";": "semicolon", "{": "open", "}": "close" };

/** Lua's long and short comments and strings, and the braces that count. */
const FOREIGN = /--\[\[[\s\S]*?\]\]|--[^\n]*|\[\[[\s\S]*?\]\]|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[{}]/g;

/** nginx resolves these; before any other character the backslash stays, which regular expressions rely on. */
function unescaped(char: string | undefined): string {
  switch (char) {
    case undefined:
      return "\\";
    case '"':
    case "'":
    case "\\":
      return char;
    case "t":
      return "\t";
    case "r":
      return "\r";
    case "n":
      return "\n";
    default:
      return `\\${char}`;
  }
}
