import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { startGroup } from "./process-group.ts";

/** Starts another program, tells its number, and goes on for so many seconds. */
const parent = (seconds: number) => ["sh", "-c", `sleep 60 & echo $! >&2; sleep ${seconds}`];

test.each([
  ["ends", 0.05, new AbortController()],
  ["is ended", 60, new AbortController()],
])("a program that %s leaves none of those it started", async (_, seconds, abort) => {
  const { stderr, exited } = startGroup(parent(seconds), { cwd: ".", signal: abort.signal });
  const reader = stderr.getReader();
  const { value } = await reader.read();
  const child = Number(new TextDecoder().decode(value));
  expect(isRunning(child)).toBe(true);
  if (seconds > 1) abort.abort();
  await exited;
  await Bun.sleep(100);
  expect(isRunning(child)).toBe(false);
});

/** A zombie, which nobody has waited for yet, does not run. */
function isRunning(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) [ZX] /.test(readFileSync(stat, "utf8"));
}
