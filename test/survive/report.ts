import type { Cell } from "./matrix.ts";

/** A line for each scenario, a column for each player: the longest stall, or what is wrong. */
export function markdownTable(cells: readonly Cell[]): string {
  const players = [...new Set(cells.map((cell) => cell.player))];
  const rows = Map.groupBy(cells, (cell) => `${cell.format} ${cell.scenario}`);
  const lines = [...rows].map(([name, row]) => [
    name,
    ...players.map((player) => entry(row.find((cell) => cell.player === player))),
  ]);
  const all = [["", ...players], ["---", ...players.map(() => "---")], ...lines];
  return all.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

function entry(cell: Cell | undefined): string {
  if (!cell) return "";
  if (cell.faults.length === 0) return `${cell.longestStall.toFixed(1)} s`;
  return cell.cannot ? "cannot" : `**${firstLine(cell.faults[0])}**`;
}

/** Everything that was seen, a paragraph for each player. */
export function details(cells: readonly Cell[]): string {
  return cells.map(detail).join("\n");
}

function detail(cell: Cell): string {
  const seconds = (value: number | undefined) => (value === undefined ? "?" : value.toFixed(1));
  const words = [
    `${cell.format} ${cell.scenario} / ${cell.player}:`,
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
