import { Positions } from "./positions.ts";

type Token = { readonly text: string; readonly kind: "word" | "string" | "mark"; readonly offset: number };

/** Comments, text, templates, words and single marks: enough of the language to follow an object literal. */
const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`|\.\.\.|[A-Za-z_$][\w$]*|\d[\w.]*|\S/g;

/** Finds the keys of the object literal that a script exports; what it computes has the place of the key around it. */
export function scriptPositions(text: string): Positions {
  const tokens = tokenize(text);
  const positions = new Positions();
  const start = findExported(tokens);
  if (start !== undefined) addObject(tokens, start, [], positions);
  return positions;
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const [found] = match;
    if (found.startsWith("//") || found.startsWith("/*")) continue;
    const kind = /^["'`]/.test(found) ? "string" : /^[\w$]/.test(found) ? "word" : "mark";
    tokens.push({ text: kind === "string" ? found.slice(1, -1) : found, kind, offset: match.index });
  }
  return tokens;
}

/** The index of the `{` that opens the exported object. */
function findExported(tokens: readonly Token[]): number | undefined {
  let at = tokens.findIndex((token, index) => token.text === "export" && tokens[index + 1]?.text === "default") + 2;
  if (at < 2) at = tokens.findIndex((token) => token.text === "defineConfig" && token.kind === "word");
  if (at < 0) return undefined;
  if (tokens[at]?.text === "defineConfig") at += 1;
  while (tokens[at]?.text === "(") at += 1;
  if (tokens[at]?.text === "{") return at;
  const name = tokens[at]?.text;
  const declared = tokens.findIndex(
    (token, index) => /^(const|let|var)$/.test(token.text) && tokens[index + 1]?.text === name,
  );
  if (declared < 0) return undefined;
  const equals = tokens.findIndex((token, index) => index > declared && token.text === "=");
  const open = tokens.findIndex((token, index) => index > equals && equals > 0 && token.text === "{");
  return open < 0 ? undefined : open;
}

type Path = readonly (string | number)[];

/** @param open index of `{`; @returns index behind the matching `}` */
function addObject(tokens: readonly Token[], open: number, path: Path, positions: Positions): number {
  let at = open + 1;
  while (at < tokens.length && tokens[at]?.text !== "}") {
    const key = tokens[at] as Token;
    const next = tokens[at + 1];
    if (key.kind !== "mark" && (next?.text === ":" || next?.text === "," || next?.text === "}")) {
      positions.add([...path, key.text], key.offset);
      at = next.text === ":" ? addValue(tokens, at + 2, [...path, key.text], positions) : at + 1;
    } else {
      at = skipExpression(tokens, at);
    }
    // Anything but a comma here is a bracket that was misread, as in a regular expression.
    if (tokens[at]?.text !== "}") at++;
  }
  return at + 1;
}

function addList(tokens: readonly Token[], open: number, path: Path, positions: Positions): number {
  let at = open + 1;
  for (let index = 0; at < tokens.length && tokens[at]?.text !== "]"; index++) {
    positions.add([...path, index], (tokens[at] as Token).offset);
    at = addValue(tokens, at, [...path, index], positions);
    if (tokens[at]?.text !== "]") at++;
  }
  return at + 1;
}

function addValue(tokens: readonly Token[], start: number, path: Path, positions: Positions): number {
  const token = tokens[start];
  let at = start;
  if (token?.kind === "mark" && token.text === "{") at = addObject(tokens, start, path, positions);
  else if (token?.kind === "mark" && token.text === "[") at = addList(tokens, start, path, positions);
  return skipExpression(tokens, at);
}

/** Goes to the `,` or closing bracket that ends the expression. */
function skipExpression(tokens: readonly Token[], start: number): number {
  let depth = 0;
  let at = start;
  for (; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    if (token.kind !== "mark") continue;
    if (depth === 0 && (token.text === "," || token.text === "}" || token.text === "]" || token.text === ")")) break;
    if (token.text === "{" || token.text === "[" || token.text === "(") depth++;
    else if (token.text === "}" || token.text === "]" || token.text === ")") depth--;
  }
  return at;
}
