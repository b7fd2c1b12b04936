import { type ConfigError, formatSource, type Mistake, type Notice } from "../config/mistake.ts";
import { printable, processIo, type Style } from "./terminal.ts";

/** Longer source lines are cut: a minified file has one. */
const MAX_SHOWN = 140;

/** Every mistake with its line, a caret under the place, and what to do. Ends with a line break. */
export function formatMistakes(error: ConfigError, style: Style = processIo().style): string {
  const { mistakes } = error;
  const title = mistakes.length === 1 ? "There is a mistake" : `There are ${mistakes.length} mistakes`;
  const blocks = mistakes.map((mistake) => formatMistake(mistake, error.texts, style));
  return `${style.red(style.bold(`${title} in the configuration.`))}\n\n${blocks.join("\n")}`;
}

/** A line for the operator: where, what, and what to do. Without line break. */
export function formatNotice({ source, path, message, hint }: Notice): string {
  const about = path === "" ? "" : `${path}: `;
  return printable(`${formatSource(source)}: ${about}${message}${hint === undefined ? "" : ` (${hint})`}`);
}

function formatMistake(mistake: Mistake, texts: ReadonlyMap<string, string>, style: Style): string {
  const { source, path, message, hint, code } = mistake;
  const about = path === "" ? "" : `${style.bold(printable(path))}: `;
  const lines = [
    `${style.cyan(printable(formatSource(source)))}  ${about}${printable(message)} ${style.dim(`[${code}]`)}`,
  ];
  if (source.from === "file" && source.line !== undefined) {
    lines.push(...excerpt(texts.get(source.file), source.line, source.column, style));
  }
  if (hint !== undefined) lines.push(`  ${style.green("hint:")} ${printable(hint)}`);
  return `${lines.join("\n")}\n`;
}

function excerpt(text: string | undefined, line: number, column: number | undefined, style: Style): readonly string[] {
  const written = text?.split("\n", line)[line - 1]?.replace(/\r$/, "");
  if (written === undefined || written.trim() === "") return [];
  const start = column !== undefined && column > MAX_SHOWN ? column - MAX_SHOWN / 2 : 0;
  const shown = printable(written.slice(start, start + MAX_SHOWN)).replaceAll("\t", " ");
  const number = `  ${line} | `;
  const lines = [style.dim(number) + shown];
  if (column !== undefined && column - 1 - start <= shown.length) {
    lines.push(style.dim(`${" ".repeat(number.length - 2)}| `) + " ".repeat(column - 1 - start) + style.red("^"));
  }
  return lines;
}
