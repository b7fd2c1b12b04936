import { describe, expect, test } from "bun:test";
import { Findings, isAtLeast } from "./findings.ts";
import { RULE_GROUPS, RULES } from "./rules/all.ts";

describe("findings", () => {
  const rules = (["info", "error", "warning"] as const).map((severity) => ({
    id: `a-${severity}`,
    severity,
    clause: "1",
    text: "So it is.",
  }));

  test("are counted by rule, the worst first, with a few different examples and when", () => {
    let now = 0;
    const findings = new Findings(rules, ["a-warning"], () => now);
    for (let index = 0; index < 20; index++) {
      now = index / 10;
      findings.report({ rule: "a-info", where: "u", line: index, message: `${index % 7}` });
    }
    findings.report({ rule: "a-warning", where: "u", message: "left out" });
    findings.report({ rule: "a-error", where: "u", message: "x".repeat(2000) });
    const [first, second, ...rest] = findings.list();
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ rule: { id: "a-error" }, count: 1, lastAt: 1.9 });
    expect(first?.examples[0]?.message).toHaveLength(500);
    expect(second).toMatchObject({ rule: { id: "a-info" }, count: 20, lastAt: 1.9 });
    expect(second?.examples.map(({ message, line, at }) => [message, line, at])).toEqual(
      [0, 1, 2, 3, 4].map((index) => [String(index), index, index / 10]),
    );
    expect(findings.counts()).toEqual({ error: 1, warning: 0, info: 1 });
  });

  test("of a rule that is not known are a mistake of ours", () => {
    expect(() => new Findings(rules, [], () => 0).report({ rule: "b", where: "", message: "" })).toThrow("no rule b");
  });

  test("severities have an order", () => {
    expect(isAtLeast("error", "warning")).toBe(true);
    expect(isAtLeast("warning", "warning")).toBe(true);
    expect(isAtLeast("info", "warning")).toBe(false);
  });
});

describe("all rules", () => {
  test("have names of their own, a clause, and a sentence", () => {
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
    for (const { id, clause, text } of RULES) {
      expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(clause).not.toBe("");
      expect(text).toMatch(/^[\s\S]{10,}\.$/);
    }
    expect(RULE_GROUPS.flatMap(([, rules]) => rules)).toEqual([...RULES]);
  });
});
