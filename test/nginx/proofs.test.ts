import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { DIRECTIVES } from "../../src/config/nginx/directives.ts";
import { projectPath } from "../support/project.ts";
import { PROOFS } from "./proofs.ts";

const rtmpNames = new Set(DIRECTIVES.filter(({ contexts }) => !contexts.some(isHttp)).map(({ name }) => name));

function isHttp(context: string): boolean {
  return context.startsWith("http") || context === "location";
}

test("every directive that is mapped names the test of its behaviour", () => {
  const mapped = DIRECTIVES.filter(({ outcome }) => outcome.status === "mapped").map(({ name, contexts }) =>
    contexts.some(isHttp) && rtmpNames.has(name) ? `http ${name}` : name,
  );
  expect(Object.keys(PROOFS).toSorted()).toEqual(mapped.toSorted());
});

test("the tests that are named are there", () => {
  const missing = Object.entries(PROOFS).filter(([, [file, words]]) => {
    const path = projectPath(file);
    return !existsSync(path) || !readFileSync(path, "utf8").includes(words);
  });
  expect(missing).toEqual([]);
});
