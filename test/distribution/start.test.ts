import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, readdirSync } from "node:fs";
import { TemporaryDirectory } from "../support/directory.ts";
import { freePort } from "../support/ports.ts";
import { type RunningProcess, sleep, start } from "../support/process.ts";
import { projectPath } from "../support/project.ts";

/** A machine's second start has to be up within this time. */
const READY_WITHIN_MS = 500;
const SOURCES = ["src", "web", "scripts", "package.json", "package-lock.json", ".npmrc", "tsconfig.json"];

describe("npm start in a fresh copy", () => {
  const copy = new TemporaryDirectory();
  beforeAll(() => {
    for (const name of SOURCES) cpSync(projectPath(name), copy.join(name), { recursive: true });
  });
  afterAll(() => copy[Symbol.dispose]());

  test("without a network says so in one line", async () => {
    const env = { npm_config_registry: "http://127.0.0.1:9", npm_config_cache: copy.join(".empty-cache") };
    const failed = start("npm", ["start"], { cwd: copy.path, env });
    expect(await failed.end(60_000)).not.toBe(0);
    expect(failed.output).toContain("naru: cannot reach the package registry http://127.0.0.1:9");
    expect(failed.output).not.toContain("npm error");
  }, 70_000);

  test("installs what is missing and starts; SIGTERM to npm ends the server", async () => {
    const first = await npmStart(copy.path, 120_000);
    expect(first.npm.output).toContain("installing packages");
    expect((await fetch(`${first.url}/live/test`)).status).toBe(200);
    expect(readdirSync(copy.join("node_modules"))).not.toContain("typescript");
    await first.npm.stop("SIGTERM");
    expect(fetch(first.url)).rejects.toThrow();
  }, 130_000);

  test(`a second start is up within ${READY_WITHIN_MS} ms`, async () => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const { npm, readyMs } = await npmStart(copy.path, 10_000);
      times.push(readyMs);
      await npm.stop();
    }
    console.log(`npm start: ${times.map(Math.round).join(", ")} ms`);
    expect(Math.min(...times)).toBeLessThan(READY_WITHIN_MS);
  }, 60_000);
});

/** Starts on free ports and waits until it answers. */
async function npmStart(
  cwd: string,
  timeoutMs: number,
): Promise<{ npm: RunningProcess; url: string; readyMs: number }> {
  const [rtmp, http] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${http}`;
  const started = performance.now();
  const addresses = ["--rtmp", `127.0.0.1:${rtmp}`, "--http", `127.0.0.1:${http}`, "--https", "off"];
  const npm = start("npm", ["start", "--", ...addresses], { cwd });
  for (;;) {
    const response = await fetch(`${url}/health`).catch(() => undefined);
    if (response?.ok) return { npm, url, readyMs: performance.now() - started };
    if (npm.exitCode !== undefined) throw npm.failure("ended");
    if (performance.now() - started > timeoutMs) {
      await npm.stop();
      throw npm.failure(`does not answer at ${url} after ${timeoutMs} ms`);
    }
    await sleep(5);
  }
}
