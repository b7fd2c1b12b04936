import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseJunit, type SuiteResult } from "./junit.ts";

/** A named group of tests that `npm test -- NAME` runs alone. */
export type Suite = {
  readonly name: string;
  /** A suite that is not done by then is ended and has failed. */
  readonly limitSeconds: number;
  readonly run: (project: string, signal: AbortSignal) => Promise<SuiteResult>;
};

/** Folders with tests beside the code; those under `test/` are suites of their own. */
const UNIT_FOLDERS = ["src", "web", "scripts", "bench", "examples", "test/support"];
/** The slower a suite, the later. A folder under `test/` that is not named here runs before the interoperability tests. */
const LAST = ["conformance", "interop", "browser", "distribution"];
/** Not suites: soak tests take hours and are started by hand. */
const NOT_SUITES = ["soak", "support", "fixtures"];

/** All suites of the project, in the order they run. */
export function findSuites(project: string): Suite[] {
  const folders = readdirSync(join(project, "test"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NOT_SUITES.includes(entry.name))
    .map((entry) => entry.name)
    .filter((name) => testFiles(project, `test/${name}`).length > 0)
    .sort((a, b) => LAST.indexOf(a) - LAST.indexOf(b) || (a < b ? -1 : 1));
  return [
    { name: "types", limitSeconds: 120, run: checkTypes },
    { name: "lint", limitSeconds: 60, run: (project, signal) => check(project, ["biome", "check", "."], signal) },
    tests("unit", 180, UNIT_FOLDERS),
    ...folders.map((name) => tests(name, 420, [`test/${name}`])),
  ];
}

function tests(name: string, limitSeconds: number, folders: readonly string[]): Suite {
  return { name, limitSeconds, run: (project, signal) => runTests(project, name, folders, signal) };
}

async function checkTypes(project: string, signal: AbortSignal): Promise<SuiteResult> {
  const projects = ["tsconfig.json", ...new Bun.Glob("{web,test/browser}/tsconfig.json").scanSync(project)];
  const results = [];
  for (const config of projects) results.push(await check(project, ["tsc", "-p", config], signal));
  return {
    passed: results.reduce((sum, result) => sum + result.passed, 0),
    failed: results.reduce((sum, result) => sum + result.failed, 0),
    skipped: [],
  };
}

/** Runs a checker of node_modules/.bin; its exit code is one test. */
async function check(
  project: string,
  [name, ...rest]: [string, ...string[]],
  signal: AbortSignal,
): Promise<SuiteResult> {
  const command = [join(project, "node_modules/.bin", name), ...rest];
  const checker = Bun.spawn(command, { cwd: project, stdin: "ignore", stdout: "inherit", stderr: "inherit", signal });
  const passed = (await checker.exited) === 0;
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: [] };
}

async function runTests(project: string, name: string, folders: readonly string[], signal: AbortSignal) {
  const files = folders.flatMap((folder) => testFiles(project, folder));
  if (files.length === 0) return { passed: 0, failed: 0, skipped: [] };
  const report = join(project, ".cache", "test-reports", `${name}.xml`);
  mkdirSync(join(report, ".."), { recursive: true });
  rmSync(report, { force: true });

  const command = [process.execPath, "test", "--only-failures", "--reporter=junit", `--reporter-outfile=${report}`];
  const runner = Bun.spawn([...command, ...files.map((file) => `./${file}`)], {
    cwd: project,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "pipe",
    signal,
  });
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of runner.stderr) {
    process.stderr.write(chunk);
    output += decoder.decode(chunk, { stream: true });
  }
  const exitCode = await runner.exited;

  const result = parseJunit(readIfThere(report));
  // The report knows nothing of a file that could not be loaded, and nothing at all when the run died.
  const failed = result.failed + (output.match(/^# Unhandled error between tests/gm)?.length ?? 0);
  const ran = result.passed + failed + result.skipped.length;
  if (failed === 0 && (exitCode !== 0 || ran === 0)) {
    console.error(`suite ${name} ended with exit code ${exitCode} after ${ran} tests`);
    return { ...result, failed: 1 };
  }
  return { ...result, failed };
}

function testFiles(project: string, folder: string): string[] {
  try {
    return [...new Bun.Glob(`${folder}/**/*.test.{ts,tsx}`).scanSync(project)].sort();
  } catch {
    return [];
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
