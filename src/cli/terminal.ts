import { styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

/** Marks up text for a terminal, or leaves it as it is. */
export type Style = {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
};

export function createStyle(color: boolean): Style {
  const format = (name: Format) => (text: string) => (color ? styleText(name, text, { validateStream: false }) : text);
  return {
    bold: format("bold"),
    dim: format("dim"),
    red: format("red"),
    green: format("green"),
    yellow: format("yellow"),
    cyan: format("cyan"),
  };
}

/** Colours are for people at a terminal who did not turn them off (https://no-color.org). */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== "0";
  return stream.isTTY === true && env.TERM !== "dumb";
}

/** What a command reads from and writes to, so that it can be tested without a process. */
export type Io = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly style: Style;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
};

/** The process's own. */
export function processIo(): Io {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    style: createStyle(wantsColor(process.stdout, process.env) && wantsColor(process.stderr, process.env)),
    env: process.env,
    cwd: process.cwd(),
  };
}

/** Text from a file or a peer with nothing in it that a terminal would act on. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** Rows of cells as columns, as wide as their widest cell. Cells are plain text; `paint` colours them afterwards. */
export function formatColumns(
  rows: readonly (readonly string[])[],
  paint: (cell: string, column: number, row: readonly string[]) => string = (cell) => cell,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  const format = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const painted = paint(cell, column, row);
        return column === row.length - 1 ? painted : painted + " ".repeat((widths[column] ?? 0) - cell.length);
      })
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${format(row)}\n`).join("");
}
