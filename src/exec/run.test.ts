import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunExit, type RunOptions, run } from "./run.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "naru-run-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const ran = (options: RunOptions) => new Promise<RunExit>((resolve) => void run(options, resolve));
const read = (name: string) => readFileSync(join(directory, name), "utf8");

test("a program gets its arguments as they are, without a shell", async () => {
  const command = ["printf", "[%s]", "a b", "$name", "*", ";", `>${directory}/out`];
  expect(await ran({ command, variables: { name: "`x` $HOME" } })).toMatchObject({ code: 0, signal: undefined });
  expect(read("out")).toBe("[a b][`x` $HOME][*][;]");
});

test("what it writes goes where its redirections say, in their order", async () => {
  const command = ["sh", "-c", "echo out; echo err >&2; cat", `>${directory}/all`, "2>&1", `<${import.meta.path}`];
  await ran({ command });
  expect(read("all")).toStartWith("out\nerr\nimport {");
  await ran({ command: ["echo", "more", `>>${directory}/all`] });
  expect(read("all")).toEndWith("more\n");
});

test("the last line that it writes to stderr says why it ended", async () => {
  const script = "echo first >&2; printf 'frame=1\\rframe=2\\rno such stream\\n' >&2; exit 3";
  expect(await ran({ command: ["sh", "-c", script] })).toEqual({
    code: 3,
    signal: undefined,
    lastLine: "no such stream",
    reason: "ended with exit code 3",
  });
});

test("its environment is what is asked for", async () => {
  const command = ["/usr/bin/env", `>${directory}/env`];
  await ran({ command, env: ["A=1", "NARU_TEST_NOT_THERE"] });
  expect(read("env")).toBe("A=1\n");
  await ran({ command });
  expect(read("env")).toContain("PATH=");
});

test("it reads what it is given, and else nothing", async () => {
  await ran({ command: ["cat", `>${directory}/in`], input: '{"a":1}' });
  expect(read("in")).toBe('{"a":1}');
  await ran({ command: ["cat", `>${directory}/in`] });
  expect(read("in")).toBe("");
});

test.each([
  [["naru-test-not-there"], "could not be started: naru-test-not-there was not found"],
  [["true", ">/dev/null/x"], "could not be started: ENOTDIR"],
  [["true", "</naru-test-not-there"], "could not be started: ENOENT"],
])("%j is said why", async (command, reason) => {
  const exit = await ran({ command });
  expect(exit.code).toBeUndefined();
  expect(exit.reason).toStartWith(reason);
});

test("a script that leaves its work to one in the background is not over before that is", async () => {
  const command = ["sh", "-c", `{ sleep 0.3; echo late >${directory}/out; } & exit 0`];
  await ran({ command, withDescendants: true });
  expect(read("out")).toBe("late\n");
});

test("what it has started ends with it", async () => {
  const file = join(directory, "pid");
  let running: ReturnType<typeof run> | undefined;
  const exit = new Promise<RunExit>((resolve) => {
    running = run({ command: ["sh", "-c", `sleep 60 & echo $! >${file}; wait`] }, resolve);
  });
  while (!existsSync(file) || readFileSync(file, "utf8") === "") await Bun.sleep(5);
  running?.kill("SIGTERM");
  expect(await exit).toMatchObject({ code: undefined, signal: "SIGTERM" });
  const status = `/proc/${read("pid").trim()}/status`;
  const isGone = () => !existsSync(status) || readFileSync(status, "utf8").includes("State:\tZ");
  for (let waited = 0; !isGone() && waited < 2000; waited += 10) await Bun.sleep(10);
  expect(isGone()).toBe(true);
  running?.kill("SIGTERM");
});
