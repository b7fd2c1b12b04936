import type { Report, Rule } from "../finding.ts";

/** A breach of the rule that looked for it. */
export type Breach = {
  readonly message: string;
  readonly line?: number;
  /** Where it is not in what was checked. */
  readonly where?: string;
};

/** A rule with the check of one thing at one moment. What needs a memory stands elsewhere, with its rules beside it. */
export type CheckedRule<Subject> = Rule & { readonly check: (subject: Subject) => Iterable<Breach> };

/** Applies rules to a subject that is at `where`. */
export function applyRules<Subject>(
  rules: readonly CheckedRule<Subject>[],
  subject: Subject,
  where: string,
  report: Report,
): void {
  for (const rule of rules) {
    for (const breach of rule.check(subject)) report({ rule: rule.id, where, ...breach });
  }
}

/** Shortens what a peer wrote, for a message. */
export function quote(text: string, length = 60): string {
  return `"${text.length > length ? `${text.slice(0, length - 3)}...` : text}"`;
}

/** Seconds without noise of binary fractions. */
export function seconds(value: number): string {
  return `${Math.round(value * 1e6) / 1e6} s`;
}
