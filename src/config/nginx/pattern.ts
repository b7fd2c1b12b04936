export type Translated = { readonly pattern: string; readonly ignoreCase: boolean };

/** What PCRE and JavaScript write the same, but mean differently, or what JavaScript has not. */
const FOREIGN_ESCAPE = /[AZzQEKRGXCNHhVvpPgea]/;
const GROUP = /^\(\?(?:[:=!]|<[=!]|<[A-Za-z_]\w*>)/;
const NAMED = /^\(\?P<([A-Za-z_]\w*)>/;
const AGAIN = /^\(\?P=([A-Za-z_]\w*)\)/;
const QUANTIFIER = /^(?:[*+?]|\{\d+(?:,\d*)?\})/;

/** The same regular expression in JavaScript, for one of nginx's (PCRE); a string says what it has that JavaScript has not. */
export function toJavaScriptPattern(text: string): Translated | string {
  const ignoreCase = text.startsWith("(?i)");
  let rest = ignoreCase ? text.slice(4) : text;
  let pattern = "";
  const take = (length: number, written = rest.slice(0, length)): void => {
    pattern += written;
    rest = rest.slice(length);
  };
  while (rest !== "") {
    const quantifier = QUANTIFIER.exec(rest)?.[0];
    const named = NAMED.exec(rest);
    const again = AGAIN.exec(rest);
    if (rest.startsWith("\\")) {
      if (FOREIGN_ESCAPE.test(rest[1] ?? "")) return rest.slice(0, 2);
      take(2);
    } else if (rest.startsWith("[")) {
      const taken = readClass(rest);
      if ("problem" in taken) return taken.problem;
      take(taken.length, taken.written);
    } else if (named) take(named[0].length, `(?<${named[1]}>`);
    else if (again) take(again[0].length, `\\k<${again[1]}>`);
    else if (/^\([?*]/.test(rest)) {
      const group = GROUP.exec(rest)?.[0];
      if (!group) return rest.slice(0, 3);
      take(group.length);
    } else if (quantifier) {
      take(quantifier.length);
      if (rest.startsWith("+")) return `${quantifier}+`;
      if (rest.startsWith("?")) take(1);
    } else take(1);
  }
  try {
    new RegExp(pattern);
  } catch {
    return text;
  }
  return { pattern, ignoreCase };
}

/** A class in brackets; a bracket that stands first in it is one of its characters. */
function readClass(text: string): { readonly length: number; readonly written: string } | { readonly problem: string } {
  let index = text.startsWith("[^") ? 2 : 1;
  let written = text.slice(0, index);
  if (text[index] === "]") {
    written += "\\]";
    index++;
  }
  for (; index < text.length && text[index] !== "]"; index++) {
    const posix = /^\[[:.=][^\]]*\]/.exec(text.slice(index));
    if (posix) return { problem: posix[0] };
    if (text[index] === "\\") {
      if (FOREIGN_ESCAPE.test(text[index + 1] ?? "")) return { problem: text.slice(index, index + 2) };
      written += text[index++];
    }
    written += text[index] ?? "";
  }
  return { length: index + 1, written: `${written}]` };
}
