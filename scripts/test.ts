/**
 * Runs the project's tests. usage: npm test [-- SUITE...]
 * Installs the real encoders and players first, when it may. The last line is `N passed, N failed, N skipped`.
 */
import { join } from "node:path";
import { installDebianPackages } from "./debian-packages.ts";
import { findSuites } from "./suites.ts";

const project = join(import.meta.dir, "..");
const all = findSuites(project);
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`no suite ${unknown.join(", ")}; there are: ${all.map((suite) => suite.name).join(", ")}`);
  process.exit(2);
}
const suites = wanted.length === 0 ? all : all.filter((suite) => wanted.includes(suite.name));

const needClients = suites.some((suite) => !["types", "lint"].includes(suite.name));
const notInstalled = needClients ? installDebianPackages() : undefined;
if (notInstalled) console.log(`some tests will be skipped: ${notInstalled}`);

let passed = 0;
let failed = 0;
const skipped: string[] = [];
for (const suite of suites) {
  console.log(`\n== ${suite.name}`);
  const started = performance.now();
  const signal = AbortSignal.timeout(suite.limitSeconds * 1000);
  const result = await suite.run(project, signal);
  if (signal.aborted) console.error(`suite ${suite.name} was ended after ${suite.limitSeconds} s`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${suite.name}: ${result.passed} passed, ${result.failed} failed, ${result.skipped.length} skipped in ${seconds} s`,
  );
  passed += result.passed;
  failed += result.failed;
  for (const name of result.skipped) skipped.push(`${suite.name} > ${name}`);
}

console.log("");
for (const name of skipped) console.log(`skipped: ${name}`);
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exit(failed === 0 ? 0 : 1);
