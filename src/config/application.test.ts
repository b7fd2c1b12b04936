import { expect, test } from "bun:test";
import { applicationAt, applicationSchema, findApplication } from "./application.ts";
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

test("an application is reached by its name and its addresses", () => {
  const parse = (applications: Record<string, object>) =>
    Object.fromEntries(Object.entries(applications).map(([key, one]) => [key, applicationSchema.parse(one)]));
  const at = (port: number, host = "::") => ({ host, port });
  const two = parse({
    live: { rtmp: { listen: [1935] } },
    "live@2": { rtmp: { name: "live", listen: ["0.0.0.0:2"] } },
  });
  expect(applicationAt(two, "live", at(1935))).toBe("live");
  expect(applicationAt(two, "live", at(2))).toBe("live@2");
  expect(applicationAt(two, "live", at(2, "127.0.0.1"))).toBeUndefined();
  expect(applicationAt(two, "live@2", at(2))).toBeUndefined();
  expect(applicationAt(two, "other", at(2))).toBe("other");
  const any = parse({ "*": { rtmp: { listen: [1] } }, vip: {} });
  expect([applicationAt(any, "a", at(1)), applicationAt(any, "a", at(2))]).toEqual(["a", undefined]);
  expect(applicationAt(any, "vip", at(2))).toBe("vip");
});
