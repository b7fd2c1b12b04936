import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { parseJunit, type SuiteResult } from "./junit.ts";
import { startGroup } from "./process-group.ts";

/** A named group of tests that `npm test -- NAME` runs alone. */
export type Suite = {
  readonly name: string;
  /** A suite that is not done by then is ended and has failed. */
  readonly limitSeconds: number;
  readonly run: (project: string, signal: AbortSignal) => Promise<SuiteResult>;
};

/** The slower a suite, the later; one that is not named here runs before them. */
const LAST = ["survive", "interop", "nginx", "crowd", "browser", "distribution"];
/** Suites whose tests do not depend on real time. */
const VIRTUAL_TIME = ["unit", "fuzz", "hls"];
/** So many files of these run at the same time: they wait more than they compute. */
const SIDE_BY_SIDE: ReadonlyMap<string, number> = new Map([
  ["interop", 4],
  ["nginx", 3],
  ["browser", 2],
]);
/** Soak tests take hours and are started by hand. */
const BY_HAND = ["soak"];

/** All suites of the project, in the order they run. No test file is in none of them. */
export function findSuites(project: string): Suite[] {
  const files = new Map<string, string[]>([["unit", []]]);
  for (const file of [...new Bun.Glob("{src,web,scripts,bench,examples,test}/**/*.test.ts").scanSync(project)].sort()) {
    const name = suiteOf(file);
    files.set(name, [...(files.get(name) ?? []), file]);
  }
  for (const name of BY_HAND) files.delete(name);
  const names = [...files.keys()].sort((a, b) => LAST.indexOf(a) - LAST.indexOf(b));
  return [
    { name: "types", limitSeconds: 120, run: checkTypes },
    { name: "lint", limitSeconds: 60, run: (project, signal) => check(project, ["biome", "check", "."], signal) },
    ...names.map((name) => ({
      name,
      limitSeconds: VIRTUAL_TIME.includes(name) ? 540 : 1200,
      run: (project: string, signal: AbortSignal) => runTests(project, name, files.get(name) ?? [], signal),
    })),
  ];
}

/** A folder under `test/` is a suite; tests beside the code, and of the test support, are unit tests. */
function suiteOf(file: string): string {
  const folder = /^test\/([^/]+)\//.exec(file)?.[1];
  return folder === undefined || folder === "support" ? "unit" : folder;
}

async function checkTypes(project: string, signal: AbortSignal): Promise<SuiteResult> {
  const projects = ["tsconfig.json", ...new Bun.Glob("{web,test/browser}/tsconfig.json").scanSync(project)];
  const results = [];
  for (const config of projects) results.push(await check(project, ["tsc", "-p", config], signal));
  return sum(results);
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

/**
 * What else the machine does can make a test fail that plays in real time with real programs: a file of these that fails is run
 * once more, alone, and the run says so.
 */
async function runTests(project: string, name: string, files: readonly string[], signal: AbortSignal) {
  if (VIRTUAL_TIME.includes(name)) return runFiles(project, name, files, signal);
  const waiting = [...files];
  const failed: string[] = [];
  const results: SuiteResult[] = [];
  const run = (file: string) => runFiles(project, `${name}-${basename(file, ".test.ts")}`, [file], signal);
  const runLane = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await run(file);
      if (result.failed > 0) failed.push(file);
      else results.push(result);
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE.get(name) ?? 1 }, runLane));
  for (const file of failed) {
    console.log(`${file} failed and is run once more, alone`);
    results.push(await run(file));
  }
  return sum(results);
}

async function runFiles(
  project: string,
  name: string,
  files: readonly string[],
  signal: AbortSignal,
): Promise<SuiteResult> {
  const report = join(project, ".cache", "test-reports", `${name}.xml`);
  mkdirSync(join(report, ".."), { recursive: true });
  rmSync(report, { force: true });

  const command = [process.execPath, "test", "--only-failures", "--reporter=junit", `--reporter-outfile=${report}`];
  const runner = startGroup([...command, ...files.map((file) => `./${file}`)], { cwd: project, signal });
  const output = await showOutput(runner.stderr, join(report, "..", `${name}.log`));
  const exitCode = await runner.exited;

  const result = parseJunit(readIfThere(report));
  // The report knows nothing of a file that could not be loaded, and nothing at all when the run died.
  const failed = result.failed + (output.match(/^# Unhandled error between tests/gm)?.length ?? 0);
  const ran = result.passed + failed + result.skipped.length;
  if (failed === 0 && (exitCode !== 0 || ran === 0)) {
    console.error(`${name} ended with exit code ${exitCode} after ${ran} tests`);
    return { ...result, failed: 1 };
  }
  return { ...result, failed };
}

function sum(results: readonly SuiteResult[]): SuiteResult {
  return {
    passed: results.reduce((count, { passed }) => count + passed, 0),
    failed: results.reduce((count, { failed }) => count + failed, 0),
    skipped: results.flatMap(({ skipped }) => skipped),
  };
}

/** One failed comparison of large values can be hundreds of thousands of lines long. */
const SHOWN_CHARACTERS = 60_000;

/** Shows the beginning of what a run prints and keeps all of it in a file. */
async function showOutput(stream: ReadableStream<Uint8Array>, file: string): Promise<string> {
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true });
    process.stderr.write(text.slice(0, Math.max(0, SHOWN_CHARACTERS - output.length)));
    output += text;
  }
  writeFileSync(file, output);
  if (output.length > SHOWN_CHARACTERS) {
    const failed = output.slice(SHOWN_CHARACTERS).match(/^\(fail\) .*$/gm) ?? [];
    console.error(`\n... the rest is in ${relative(process.cwd(), file)}; it fails too:\n${failed.join("\n")}`);
  }
  return output;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
