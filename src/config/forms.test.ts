import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { TemporaryDirectory } from "../../test/support/directory.ts";
import { type LoadOptions, loadConfig } from "./load.ts";
import { ConfigError } from "./mistake.ts";
import { configSchema } from "./schema.ts";

const parse = (abr: unknown) => configSchema.parse({ applications: { live: { abr } } }).applications.live?.abr;

test.each<[unknown, boolean]>([
  [undefined, false],
  [false, false],
  [true, true],
  [{}, true],
  [{ linger: "5s" }, true],
  [{ enabled: false, linger: "5s" }, false],
])("a group that is a switch: %p is %p", (written, enabled) => {
  expect(parse(written)?.enabled).toBe(enabled);
});

test("a list may be a function", () => {
  const rungs = () => true;
  expect(parse({ rungs })?.rungs).toBe(rungs);
  expect(parse({ rungs: [{ height: 480, bitrate: "1.2M" }] })?.rungs).toMatchObject([
    { height: 480, bitrate: 1_200_000 },
  ]);
});

async function load(text: string, env: LoadOptions["env"] = {}) {
  using directory = new TemporaryDirectory();
  writeFileSync(directory.join("naru.config.yaml"), text);
  return await loadConfig({ cwd: directory.path, env });
}

test("true in a file and settings in the environment are joined", async () => {
  const { config, source } = await load("applications:\n  live:\n    abr: true\n", {
    NARU_APPLICATIONS__LIVE__ABR__LINGER: "7s",
  });
  expect(config.applications.live?.abr).toMatchObject({ enabled: true, linger: 7000 });
  expect(source(["applications", "live", "abr", "enabled"])).toMatchObject({ from: "file", line: 3 });
});

test("further qualities without HLS are worth a word", async () => {
  const { notices } = await load("applications:\n  live:\n    abr: true\n    hls: { enabled: false }\n");
  expect(notices).toMatchObject([{ path: "applications.live.abr", source: { line: 3 } }]);
});

test("off in a file stays off whatever the environment adds", async () => {
  const { config } = await load("applications:\n  live:\n    abr: false\n", {
    NARU_APPLICATIONS__LIVE__ABR__LINGER: "7s",
  });
  expect(config.applications.live?.abr.enabled).toBe(false);
});

test.each([
  ["abr: 5", "applications.live.abr", "expected a group of keys, got 5"],
  ["abr: { rungs: 3 }", "applications.live.abr.rungs", "expected a list, or a function in naru.config.ts, got 3"],
  ["abr: { rungs: [{ height: tall }] }", "applications.live.abr.rungs[0].height", 'expected a number, got "tall"'],
  [
    "abr: { rungs: [{ bitrate: fast }] }",
    "applications.live.abr.rungs[0].bitrate",
    'expected bits per second such as 800000, "800k" or "2.5M", got "fast"',
  ],
  ["abr: { rungs: [{ hight: 480 }] }", "applications.live.abr.rungs[0].hight", 'unknown setting "hight"'],
  [
    "abr: { rungs: [{ name: main }] }",
    "applications.live.abr.rungs[0].name",
    'expected letters, digits, "-" and "_", not "main" or "index", got "main"',
  ],
])("mistakes point at their place: %s", async (text, path, message) => {
  const error = await load(`applications:\n  live:\n    ${text}\n`).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).mistakes).toMatchObject([{ path, message, source: { from: "file", line: 3 } }]);
});
