import { expect, test } from "bun:test";
import { covers, formatAttempts, nextAttempt, parseAttempts } from "./renewal.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NONE = { failures: 0, at: 0 };
const facts = { names: ["A.example", "b.example"], validFrom: 100 * DAY, validTo: 190 * DAY };

test("a certificate is renewed when a third of its time is left, and at once when it is for other names", () => {
  expect(nextAttempt(undefined, ["a.example"], NONE)).toBe(0);
  expect(nextAttempt(facts, ["a.example"], NONE)).toBe(160 * DAY);
  expect(nextAttempt({ ...facts, validTo: 106 * DAY }, ["a.example"], NONE)).toBe(104 * DAY);
  expect(nextAttempt(facts, ["a.example", "c.example"], NONE)).toBe(0);
  expect(covers(facts, ["B.EXAMPLE", "a.example"])).toBe(true);
});

test("failures are further and further apart, and never five in an hour", () => {
  const attempts = [0];
  for (let failures = 1; failures < 12; failures++) {
    attempts.push(nextAttempt(undefined, ["a.example"], { failures, at: attempts.at(-1) ?? 0 }));
  }
  attempts.forEach((at, n) => {
    expect((attempts[n + 4] ?? Number.POSITIVE_INFINITY) - at).toBeGreaterThan(60 * MINUTE);
  });
  expect((attempts[11] ?? 0) - (attempts[10] ?? 0)).toBe(12 * 60 * MINUTE);
});

test("a failed renewal waits, but not less than until it is due", () => {
  expect(nextAttempt(facts, ["a.example"], { failures: 1, at: 170 * DAY })).toBe(170 * DAY + MINUTE);
  expect(nextAttempt(facts, ["a.example"], { failures: 1, at: 10 * DAY })).toBe(160 * DAY);
});

test("what was attempted is kept as text; what is malformed counts as nothing", () => {
  expect(parseAttempts(formatAttempts({ failures: 3, at: 5 }))).toEqual({ failures: 3, at: 5 });
  for (const text of [undefined, "", "[]", '{"failures":-1,"at":0}', "{"]) expect(parseAttempts(text)).toEqual(NONE);
});
