import type { Cell, Row } from "./matrix.ts";

/** A line for each scenario, a column for each player: the longest stall, or what is wrong. */
export function markdownTable(rows: readonly Row[]): string {
  const players = rows[0]?.cells.map((cell) => cell.player) ?? [];
  const lines = rows.map(({ format, scenario, cells, findings }) => [
    `${format} ${scenario}`,
    ...cells.map(entry),
    isClean(findings) ? "clean" : `**${findings.length}**`,
  ]);
  const head = ["", ...players, "validate"];
  return [head, head.map(() => "---"), ...lines].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

/** Notes are no faults. */
export function isClean(findings: Row["findings"]): boolean {
  return findings.every(({ severity }) => severity === "info");
}

function entry(cell: Cell): string {
  if (cell.faults.length === 0) return `${cell.longestStall.toFixed(1)} s`;
  return cell.cannot ? "cannot" : `**${firstLine(cell.faults[0])}**`;
}

/** Everything that was seen, a paragraph for each player. */
export function details({ format, scenario, cells, findings }: Row): string {
  const name = `${format} ${scenario}`;
  const validation = [`${name} / validate:`, ...findings.map(({ finding }) => `    ${firstLine(finding)}`)];
  return [...cells.map((cell) => detail(name, cell)), ...validation].join("\n");
}

function detail(name: string, cell: Cell): string {
  const seconds = (value: number | undefined) => (value === undefined ? "?" : value.toFixed(1));
  const words = [
    `${name} / ${cell.player}:`,
    `stall ${seconds(cell.longestStall)}, freeze ${seconds(cell.longestFreeze)},`,
    `end rate ${Math.round(cell.endRate * 100)} %, latency ${seconds(cell.latency.before)} -> ${seconds(cell.latency.after)}`,
  ];
  return [words.join(" "), ...shortened(cell.faults, "  FAULT "), ...shortened(cell.complaints, "    ")].join("\n");
}

const SHOWN_LINES = 12;

function shortened(lines: readonly string[], indent: string): string[] {
  const shown = lines.slice(0, SHOWN_LINES).map((line) => `${indent}${firstLine(line)}`);
  return lines.length > SHOWN_LINES ? [...shown, `${indent}... ${lines.length - SHOWN_LINES} more`] : shown;
}

function firstLine(text = ""): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 240);
}
