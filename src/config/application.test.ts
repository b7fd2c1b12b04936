import { expect, test } from "bun:test";
import { findApplication } from "./application.ts";
import { configSchema } from "./schema.ts";

const { applications } = configSchema.parse({ applications: { live: {}, "*": { live: false } } });

test.each([
  ["live", true],
  ["other", false],
  ["constructor", false],
  ["__proto__", false],
  ["toString", false],
  ["api", undefined],
  ["_naru", undefined],
])("a stream of %s", (name, live) => {
  expect(findApplication(applications, name)?.live).toBe(live);
});

test("without * an application must be listed", () => {
  const only = configSchema.parse({ applications: { live: {} } }).applications;
  expect(findApplication(only, "constructor")).toBeUndefined();
  expect(findApplication(only, "live")).toBeDefined();
});
