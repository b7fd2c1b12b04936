import { expect, test } from "bun:test";
import { changesBetween } from "./changes.ts";
import { formatPath } from "./mistake.ts";
import { type ConfigInput, configSchema } from "./schema.ts";

test.each<[string, ConfigInput, ConfigInput, readonly string[]]>([
  ["nothing", { log: "info" }, {}, []],
  ["one value", {}, { log: "debug" }, ["log"]],
  ["a list, whole", { http: { listen: [1, 2] } }, { http: { listen: [1, 3] } }, ["http.listen"]],
  ["the same list", { http: { listen: [1, 2] } }, { http: { listen: [1, 2] } }, []],
  ["an application more", { applications: { a: {} } }, { applications: { a: {}, b: {} } }, ["applications.b"]],
  ["an application less", { applications: { a: {}, b: {} } }, { applications: { b: {} } }, ["applications.a"]],
  [
    "settings of an application",
    { applications: { a: { hls: { part: 0.2 } }, b: {} } },
    { applications: { a: { hls: { part: 0.4 }, live: false }, b: {} } },
    ["applications.a.live", "applications.a.hls.part"],
  ],
  [
    "an optional value",
    { applications: { a: { backup: { suffix: "_b" } } } },
    { applications: { a: {} } },
    ["applications.a.backup.suffix"],
  ],
])("finds %s", (_, before, after, paths) => {
  const found = changesBetween(configSchema.parse(before), configSchema.parse(after));
  expect(found.map(({ path }) => formatPath(path)).sort()).toEqual([...paths].sort());
});
