import type { Severity } from "../validate/finding.ts";
import type { CountedFinding } from "../validate/findings.ts";
import { RULE_GROUPS } from "../validate/rules/all.ts";
import type { RenditionSummary, Verdict } from "../validate/validate.ts";
import { formatColumns, printable, type Style } from "./terminal.ts";

const NAMES: Readonly<Record<Severity, readonly [string, string]>> = {
  error: ["error", "errors"],
  warning: ["warning", "warnings"],
  info: ["note", "notes"],
};

/** The result for a person. */
export function formatVerdict(verdict: Verdict, style: Style): string {
  const { url, unreadable, renditions, findings } = verdict;
  const head = `${style.bold(printable(url))}\n`;
  if (unreadable !== undefined) return `${head}${style.red(`could not be read: ${printable(unreadable)}`)}\n`;
  return [
    head,
    ...renditions.map((rendition) => `  ${formatRendition(rendition, url)}\n`),
    `  ${formatAmounts(verdict)}\n`,
    ...findings.map((finding) => `\n${formatFinding(finding, url, style)}`),
    `\n${formatSummary(verdict, style)}\n`,
  ].join("");
}

/** Every rule, in its groups. */
export function formatRules(style: Style): string {
  return RULE_GROUPS.map(([title, rules]) => {
    const rows = rules.map(
      ({ id, severity, clause, text }) => `  ${paint(severity, style)(id)}  ${severity}, ${clause}\n      ${text}\n`,
    );
    return `${style.bold(title)}\n${rows.join("")}`;
  }).join("\n");
}

/** The result for programs. */
export function verdictAsData(verdict: Verdict): object {
  return {
    ...verdict,
    findings: verdict.findings.map(({ rule: { id, severity, clause, text }, count, examples, lastAt }) => ({
      rule: id,
      severity,
      clause,
      text,
      count,
      lastAt,
      examples,
    })),
  };
}

function formatRendition(
  { url, live, targetDuration, partTarget, segmentsRead, media }: RenditionSummary,
  base: string,
) {
  const kind = live ? "live" : "ended";
  const parts = partTarget === undefined ? "" : `, parts of ${partTarget} s`;
  const read = `${segmentsRead} segments read`;
  const about = media === undefined ? "" : `\n    ${printable(media)}`;
  return `${shortened(url, base)}: ${kind}, target duration ${targetDuration} s${parts}, ${read}${about}`;
}

function formatAmounts({ seconds, requests, bytes }: Verdict): string {
  return `${seconds.toFixed(0)} s, ${requests} requests, ${(bytes / 1e6).toFixed(1)} MB`;
}

function formatFinding({ rule, count, examples, lastAt }: CountedFinding, base: string, style: Style): string {
  const often = count === 1 ? "" : `  ${count} times, last at ${lastAt.toFixed(1)} s`;
  const title = `${paint(rule.severity, style)(NAMES[rule.severity][0])}  ${style.bold(rule.id)}${style.dim(often)}\n`;
  const rows = examples.map(({ where, line, message, at }) => [
    `    ${at.toFixed(1)} s`,
    `${shortened(where, base)}${line === undefined ? "" : `:${line}`}`,
    printable(message),
  ]);
  return `${title}  ${rule.text} ${style.dim(`(${rule.clause})`)}\n${formatColumns(rows)}`;
}

function formatSummary({ counts }: Verdict, style: Style): string {
  const parts = (["error", "warning", "info"] as const).flatMap((severity) => {
    const count = counts[severity];
    return count === 0 ? [] : [`${count} ${NAMES[severity][count === 1 ? 0 : 1]}`];
  });
  if (parts.length === 0) return style.green("nothing found");
  const color = counts.error > 0 ? style.red : counts.warning > 0 ? style.yellow : style.green;
  return color(parts.join(", "));
}

function paint(severity: Severity, style: Style): (text: string) => string {
  return severity === "error" ? style.red : severity === "warning" ? style.yellow : style.cyan;
}

/** Relative to what was asked for, where it lies below it. */
function shortened(url: string, base: string): string {
  const folder = base.replace(/[?#].*$/s, "").replace(/[^/]*$/, "");
  return printable(url.startsWith(folder) && url !== base ? url.slice(folder.length) : url);
}
