import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../config/load.ts";
import { formatConfigModule } from "./config-module.ts";
import { type ImportRequest, importNginx } from "./import.ts";
import { createStyle } from "./terminal.ts";

const example = join(import.meta.dir, "../../examples/nginx.conf");
let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "naru-import-"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

async function run(request: ImportRequest) {
  let out = "";
  let err = "";
  const io = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    style: createStyle(false),
    env: { NARU_LOG: "debug" },
    cwd,
  };
  const code = await importNginx(request, io);
  return { code, out, err };
}

describe("import", () => {
  test.each([
    ["the configuration of every tutorial", readFileSync(example, "utf8")],
    [
      "odd names, several levels, another site",
      `rtmp { hls_fragment 1m30s; ping 20s;
        server { listen 127.0.0.1:1940; max_message 3M;
          application "my app" { live on; hls on; hls_path "/tmp/a b"; hls_nested on; hls_base_url "http://x/\\"y/"; }
          application __proto__ { live on; } application 1 { } } }
       http { server { listen [::1]:8099; root /www; location /a { alias "/tmp/a b/"; expires 5m; } } }`,
    ],
  ])("means the same as the file: %s", async (_, text) => {
    writeFileSync(join(cwd, "nginx.conf"), text);
    const { code, out } = await run({ file: "nginx.conf" });
    expect(code).toBe(0);
    writeFileSync(join(cwd, "translated.ts"), out);
    const direct = await loadConfig({ cwd, file: "nginx.conf" });
    const translated = await loadConfig({ cwd, file: "translated.ts" });
    expect(translated.config).toEqual(direct.config);
    expect(Object.keys(translated.config.applications)).toEqual(Object.keys(direct.config.applications));
  });

  test("the configuration goes to standard output, the table to standard error", async () => {
    const { out, err } = await run({ file: example });
    expect(out).toStartWith('import { defineConfig } from "naru";\n');
    expect(out).toContain('        segment: "3s",\n');
    expect(out).not.toContain("mapped");
    expect(err).toMatch(/\n10 {2}mapped {3}hls_fragment 3s +applications\.live\.hls\.segment = "3s"\n/);
    expect(err).toContain("18 mapped, 1 ignored, 0 not supported.");
  });

  test("a file that exists is not overwritten unless forced", async () => {
    expect((await run({ file: example, output: "out.config.ts" })).code).toBe(0);
    const written = readFileSync(join(cwd, "out.config.ts"), "utf8");
    writeFileSync(join(cwd, "out.config.ts"), "mine");
    expect(await run({ file: example, output: "out.config.ts" })).toMatchObject({ code: 1 });
    expect(readFileSync(join(cwd, "out.config.ts"), "utf8")).toBe("mine");
    expect((await run({ file: example, output: "out.config.ts", force: true })).code).toBe(0);
    expect(readFileSync(join(cwd, "out.config.ts"), "utf8")).toBe(written);
    expect(await run({ file: example, output: "no/such/directory.ts" })).toMatchObject({ code: 1 });
  });

  test("restrictions of access are not lost in silence", async () => {
    writeFileSync(
      join(cwd, "guarded.conf"),
      "rtmp { server { listen 1; application a { live on; } } } http { server { listen 2; root /a; secure_link x; } }",
    );
    const refused = await run({ file: "guarded.conf", output: "guarded.ts" });
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("nginx-guard-unsupported");
    expect(existsSync(join(cwd, "guarded.ts"))).toBe(false);
    const allowed = await run({ file: "guarded.conf", allowUnsupported: true });
    expect(allowed.out).toContain("// NOT PROTECTED ANY MORE: secure_link x (guarded.conf:1)\n");
  });

  test("another format is sent away", async () => {
    writeFileSync(join(cwd, "naru.yaml"), "log: info\n");
    expect(await run({ file: "naru.yaml" })).toMatchObject({ code: 1, out: "" });
  });
});

test("values that would end a string or a comment do not", () => {
  const text = formatConfigModule({ a: { "x-y": ["`", '"', "\n", 1, true] } }, ["one\ntwo */"]);
  expect(text).toContain("// one two */\n");
  expect(text).toContain('    "x-y": ["`", "\\"", "\\n", 1, true],\n');
});
