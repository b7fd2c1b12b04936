import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CheckRequest, check } from "./check.ts";
import { CONFIG_FLAGS, wrongFlag } from "./flags.ts";
import { createStyle, wantsColor } from "./terminal.ts";

const examples = join(import.meta.dir, "../../examples");
let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "naru-check-"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

async function run(request: Partial<CheckRequest> & { file?: string; directory?: string; color?: boolean }) {
  let out = "";
  let err = "";
  const io = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    style: createStyle(request.color ?? false),
    env: {},
    cwd: request.directory ?? cwd,
  };
  const options = { cwd: io.cwd, env: {}, ...(request.file ? { file: request.file } : {}), ...request.options };
  const code = await check({ ...request, options }, io);
  return { code, out, err };
}

describe("check", () => {
  test("without a file it explains the defaults", async () => {
    const { code, out, err } = await run({});
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("No configuration file");
    expect(out).toMatch(/publish +rtmp:\/\/\S+\/APPLICATION {2}with stream key KEY/);
    expect(out).toMatch(/watch +http:\/\/\S+:8080\/APPLICATION\/KEY\n/);
    expect(out).toContain("low latency with parts of 400ms, segments of 2s");
    expect(out).not.toContain("rtmp.chunkSize");
  });

  test("with --all every setting has its origin", async () => {
    const { out } = await run({ all: true });
    expect(out).toMatch(/rtmp\.chunkSize +60000 +default\n/);
  });

  test("an nginx.conf: addresses of the playlist, and the line of each value", async () => {
    const { code, out } = await run({ file: "nginx.conf", directory: examples });
    expect(code).toBe(0);
    expect(out).toMatch(/files +\/tmp\/hls\/KEY\.m3u8\n +at http:\/\/\S+:8080\/hls\/KEY\.m3u8\n/);
    expect(out).toMatch(/applications\.live\.hls\.segment +"3s" +nginx\.conf:10:13\n/);
    expect(out).not.toContain("rtmp.ackWindow");
  });

  test("mistakes have place, line, caret and hint; the exit code says so", async () => {
    writeFileSync(join(cwd, "bad.yaml"), "rtmp:\n  chunkSiz: 4096\n");
    const { code, out, err } = await run({ file: "bad.yaml" });
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toBe(
      [
        "There is a mistake in the configuration.",
        "",
        'bad.yaml:2:3  rtmp.chunkSiz: unknown setting "chunkSiz" [unknown-key]',
        "  2 |   chunkSiz: 4096",
        "    |   ^",
        '  hint: did you mean "chunkSize"?',
        "",
      ].join("\n"),
    );
  });

  test("nothing that is secret is printed", async () => {
    const secrets = ["a-token-of-the-api", "key-of-a-push", "c2VjcmV0LW9mLWEtd2ViaG9vaw"];
    writeFileSync(
      join(cwd, "secret.json"),
      JSON.stringify({
        api: { token: secrets[0] },
        applications: {
          live: {
            push: [`rtmp://example.com/live/${secrets[1]}`],
            hooks: { onPublish: [{ url: "https://example.com/", secret: `whsec_${secrets[2]}` }] },
          },
        },
      }),
    );
    for (const json of [true, false]) {
      const { code, out } = await run({ json, all: true, file: "secret.json" });
      expect(code).toBe(0);
      expect(out).toContain("rtmp://example.com/live/***");
      expect(secrets.filter((secret) => out.includes(secret))).toEqual([]);
    }
  });

  test("as JSON, right or wrong", async () => {
    const right = JSON.parse((await run({ json: true, file: "nginx.conf", directory: examples })).out);
    expect(right).toMatchObject({ ok: true, format: "nginx", config: { rtmp: { chunkSize: 60_000 } } });
    expect(right.settings).toContainEqual({ path: "log", value: "info", set: false, source: "default" });
    expect(right.nginx[2]).toMatchObject({ line: 3, text: "listen 1935", status: "mapped" });
    const wrong = await run({ json: true, file: "nowhere.yaml" });
    expect(wrong.code).toBe(1);
    expect(JSON.parse(wrong.out)).toMatchObject({
      ok: false,
      mistakes: [{ code: "file-not-found", place: "nowhere.yaml" }],
    });
  });

  test("what a file holds cannot move the cursor", async () => {
    writeFileSync(join(cwd, "escape.yaml"), '"\\e[2J": 1 # \u001b[2J\n');
    const { err } = await run({ file: "escape.yaml" });
    expect(err).toContain("unknown setting");
    expect(err).not.toContain("\u001b");
    expect((await run({ file: "escape.yaml", color: true })).err).toContain("\u001b[");
  });
});

test("colours are for terminals, and can be turned off", () => {
  expect(wantsColor({ isTTY: true }, {})).toBe(true);
  expect(wantsColor({}, {})).toBe(false);
  expect(wantsColor({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
  expect(wantsColor({ isTTY: true }, { TERM: "dumb" })).toBe(false);
  expect(wantsColor({}, { FORCE_COLOR: "1" })).toBe(true);
});

test("flags nobody knows are named", () => {
  expect(wrongFlag({ _: [], config: "x", c: "x", allowUnsupported: true }, CONFIG_FLAGS)).toBeUndefined();
  expect(wrongFlag({ _: [], confg: "x" }, CONFIG_FLAGS)).toBe('unknown option --confg: did you mean "--config"?');
  expect(wrongFlag({ _: [], z: true }, CONFIG_FLAGS)).toBe("unknown option -z");
  expect(wrongFlag({ _: [], config: "", c: "" }, CONFIG_FLAGS)).toBe("--config needs a value: FILE");
});
