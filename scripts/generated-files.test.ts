import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigInput } from "../src/config/schema.ts";
import type { UserConfig } from "../src/config/user-config.ts";
import { generatedFiles } from "./generated-files.ts";

test.each([...generatedFiles()])("%s is what scripts/generate.ts writes", (path, content) => {
  expect(readFileSync(join(import.meta.dir, "..", path), "utf8")).toBe(content);
});

/** Compiles only when each may stand for the other. */
const asInput = (config: UserConfig): NonNullable<ConfigInput> => config;
const asUser = ({ applications, ...rest }: NonNullable<ConfigInput>): UserConfig => ({
  ...rest,
  ...(applications ? { applications: applications as Record<string, Application> } : {}),
});
type Application = NonNullable<NonNullable<NonNullable<ConfigInput>["applications"]>[string]>;

test("the documented type and the schema's are one", () => {
  expect(asUser(asInput({ log: "info" }))).toEqual({ log: "info" });
});
