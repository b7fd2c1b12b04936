import type { Cell } from "./matrix.ts";

/** One line for each scenario, one column for each player: the longest stall in seconds, or what is wrong. */
export function markdownTable(cells: readonly Cell[]): string {
  const players = [...new Set(cells.map((cell) => cell.player))];
  const scenarios = [...new Set(cells.map((cell) => cell.scenario))];
  const rows = scenarios.map((scenario) => [
    scenario,
    ...players.map((player) => entry(cells.find((cell) => cell.scenario === scenario && cell.player === player))),
  ]);
  const lines = [["scenario", ...players], ["---", ...players.map(() => "---")], ...rows];
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

function entry(cell: Cell | undefined): string {
  if (!cell) return "";
  if (cell.cannot) return "cannot";
  const stall = `${cell.longestStall.toFixed(1)} s`;
  return cell.faults.length === 0 ? stall : `**${cell.faults[0]}**`;
}

/** Everything that was seen, a paragraph for each player. */
export function details(cells: readonly Cell[]): string {
  return cells.map(detail).join("\n");
}

function detail(cell: Cell): string {
  const seconds = (value: number | undefined) => (value === undefined ? "?" : value.toFixed(1));
  const words = [
    `${cell.scenario} / ${cell.player}:`,
    `stall ${seconds(cell.longestStall)}, freeze ${seconds(cell.longestFreeze)},`,
    `end rate ${Math.round(cell.endRate * 100)} %, latency ${seconds(cell.latency.before)} -> ${seconds(cell.latency.after)}`,
  ];
  const complaints = cell.complaints.slice(0, 12).map((line) => `    ${line.slice(0, 240)}`);
  const more = cell.complaints.length > 12 ? [`    ... ${cell.complaints.length - 12} more`] : [];
  return [words.join(" "), ...cell.faults.map((fault) => `  FAULT ${fault}`), ...complaints, ...more].join("\n");
}
