import type { Finding, Report, Rule, RuleId, Severity } from "./finding.ts";

/** Where and when a rule was broken. */
export type Example = {
  readonly where: string;
  readonly line?: number;
  readonly message: string;
  /** Seconds since the beginning. */
  readonly at: number;
};

/** All breaches of a rule. */
export type CountedFinding = {
  readonly rule: Rule;
  readonly count: number;
  /** The first ones. */
  readonly examples: readonly Example[];
  /** When it was last seen; seconds since the beginning. */
  readonly lastAt: number;
};

/** Examples are kept so many, and messages so long. */
const MAX_EXAMPLES = 5;
const MAX_MESSAGE = 500;
const ORDER: readonly Severity[] = ["error", "warning", "info"];

/** Counts findings by rule, so that the same one is not told again and again. */
export class Findings {
  readonly #rules: ReadonlyMap<RuleId, Rule>;
  readonly #left: ReadonlySet<RuleId>;
  readonly #now: () => number;
  readonly #found = new Map<RuleId, { rule: Rule; count: number; examples: Example[]; lastAt: number }>();

  /** @param without rules that are left out @param now seconds since the beginning */
  constructor(rules: readonly Rule[], without: Iterable<RuleId>, now: () => number) {
    this.#rules = new Map(rules.map((rule) => [rule.id, rule]));
    this.#left = new Set(without);
    this.#now = now;
  }

  readonly report: Report = (finding: Finding) => {
    const rule = this.#rules.get(finding.rule);
    if (!rule) throw new Error(`there is no rule ${finding.rule}`);
    if (this.#left.has(rule.id)) return;
    const at = Math.round(this.#now() * 1000) / 1000;
    let found = this.#found.get(rule.id);
    if (!found) this.#found.set(rule.id, (found = { rule, count: 0, examples: [], lastAt: at }));
    found.count++;
    found.lastAt = at;
    if (found.examples.length === MAX_EXAMPLES) return;
    const { where, line } = finding;
    const message = finding.message.slice(0, MAX_MESSAGE);
    // The next version of a playlist most often has the same to say in another line.
    if (found.examples.some((example) => example.where === where && example.message === message)) return;
    found.examples.push({ where, message, at, ...(line === undefined ? {} : { line }) });
  };

  /** The worst first, those of one severity by how often they were found. */
  list(): CountedFinding[] {
    return [...this.#found.values()].sort(
      (a, b) => ORDER.indexOf(a.rule.severity) - ORDER.indexOf(b.rule.severity) || b.count - a.count,
    );
  }

  /** Rules broken, by severity. */
  counts(): Record<Severity, number> {
    const counts = { error: 0, warning: 0, info: 0 };
    for (const { rule } of this.#found.values()) counts[rule.severity]++;
    return counts;
  }
}

/** Whether one severity is at least as bad as another. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return ORDER.indexOf(severity) <= ORDER.indexOf(least);
}
