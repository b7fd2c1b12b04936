import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MalformedError } from "../../src/bytes/errors.ts";
import { readEnvironment } from "../../src/config/env.ts";
import { scriptPositions } from "../../src/config/files/script-positions.ts";
import { readToml } from "../../src/config/files/toml.ts";
import { readYaml } from "../../src/config/files/yaml.ts";
import { toMistakes } from "../../src/config/issues.ts";
import { ConfigError } from "../../src/config/mistake.ts";
import { DIRECTIVES } from "../../src/config/nginx/directives.ts";
import { parseNginx } from "../../src/config/nginx/parser.ts";
import { readNginx } from "../../src/config/nginx/read.ts";
import { configSchema } from "../../src/config/schema.ts";
import { settingTree } from "../../src/config/tree.ts";
import { random } from "../support/mutations.ts";

const examples = join(import.meta.dir, "../../examples");
const example = (name: string): string => readFileSync(join(examples, name), "utf8");
const tree = settingTree(configSchema);

const MARKS = [
  "{",
  "}",
  ";",
  '"',
  "'",
  "\\",
  "#",
  "$",
  "${",
  "(",
  ")",
  "[",
  "]",
  ":",
  ",",
  "=",
  "\n",
  "\t",
  " ",
  "\u0000",
];
const WORDS = [
  "on",
  "off",
  "0",
  "-1",
  "99999999999999999999",
  "1m30s",
  "__proto__",
  "constructor",
  "~",
  "= /x",
  "include x;",
];

/** A text with a few pieces cut out, doubled, moved or put in. */
function mutateText(text: string, next: (below: number) => number, pieces: readonly string[]): string {
  let out = text;
  for (let count = next(4) + 1; count > 0; count--) {
    const at = next(out.length + 1);
    const length = next(30);
    const piece = pieces[next(pieces.length)] ?? "";
    const cut = out.slice(at, at + length);
    const rest = out.slice(0, at) + out.slice(at + length);
    const to = next(rest.length + 1);
    const edits = [
      () => rest,
      () => out.slice(0, at) + piece + out.slice(at),
      () => rest.slice(0, to) + cut + rest.slice(to),
      () => out.slice(0, at) + cut + cut + out.slice(at),
      () => out.slice(0, at),
    ];
    out = edits[next(edits.length)]?.() ?? out;
  }
  return out;
}

/** Runs `read` over mutations: only the given error may come out. Gives how many passed. */
function fuzz(
  samples: readonly string[],
  cases: number,
  pieces: readonly string[],
  read: (text: string) => void,
  expected: typeof MalformedError | typeof ConfigError,
): number {
  let passed = 0;
  for (const [index, sample] of samples.entries()) {
    const rng = random(index + 1);
    const next = (below: number): number => Math.floor(rng() * below);
    for (let i = 0; i < cases; i++) {
      const text = mutateText(sample, next, pieces);
      try {
        read(text);
        passed++;
      } catch (error) {
        if (!(error instanceof expected)) throw new Error(`case ${i}: ${JSON.stringify(text)}`, { cause: error });
      }
    }
  }
  return passed;
}

const NGINX = [
  example("nginx.conf"),
  `http { include x/*.conf; map $a $b { default "}"; } server { listen [::]:80 default_server; listen 443 ssl;
     location ~ \\.ts$ { deny all; } location / { content_by_lua_block { x = "}" -- } \n } } location /s { rtmp_stat all; } } }`,
  `rtmp { ping 5; server { listen *:1 so_keepalive=1m:2:3; deny 1.2.3.4; application "a b" { live on; hls on; hls_path '/t';
     exec ffmpeg -i rtmp://x/$app/\${name} >/dev/null; push rtmp://x; recorder r { record all; } } } }`,
];

describe("nginx.conf", () => {
  test("the parser throws nothing but MalformedError", () => {
    const passed = fuzz(NGINX, 1500, [...MARKS, ...WORDS], (text) => void parseNginx(text, "x"), MalformedError);
    expect(passed).toBeGreaterThan(100);
  });

  test("the translation throws nothing but ConfigError, and what it makes fits the schema or is a mistake", () => {
    const names = DIRECTIVES.map(({ name }) => name);
    const pieces = [...MARKS, ...WORDS, ...names.map((name) => `${name} on; `), ...names.map((name) => `${name} { } `)];
    const includes = { read: () => "hls_path /x; } {", glob: () => [] };
    const read = (text: string): void => {
      const { layer, nginx, mistakes } = readNginx({ file: "x", text, allowUnsupported: true, includes });
      const result = configSchema.safeParse(layer.value, { reportInput: true });
      if (!result.success) toMistakes(result.error.issues, tree, layer.locate);
      for (const row of nginx) if (row.line < 1 || row.note === "") throw new Error(`a row without place or note`);
      for (const mistake of mistakes) if (mistake.message === "") throw new Error("a mistake without words");
    };
    expect(fuzz(NGINX, 700, pieces, read, ConfigError)).toBeGreaterThan(100);
  });
});

describe("other formats", () => {
  test.each([
    ["naru.yaml", (text: string) => readYaml("x", text, "yaml")],
    ["naru.json", (text: string) => readYaml("x", text, "json")],
    ["naru.toml", (text: string) => readToml("x", text)],
  ])("%s throws nothing but ConfigError, and every mistake has a place", (name, read) => {
    const check = (text: string): void => {
      const layer = read(text);
      const result = configSchema.safeParse(layer.value, { reportInput: true });
      const mistakes = result.success ? [] : toMistakes(result.error.issues, tree, layer.locate);
      for (const { source } of mistakes) if (source.from !== "file") throw new Error("a mistake in no file");
    };
    expect(fuzz([example(name)], 400, [...MARKS, ...WORDS], check, ConfigError)).toBeGreaterThan(10);
  });

  test("finding keys in a script ends and throws nothing", () => {
    const sample = example("naru.config.ts");
    const pieces = [...MARKS, "...", "`", "//", "/*", "=>", "/x/"];
    const passed = fuzz([sample], 1000, pieces, (text) => void scriptPositions(text), ConfigError);
    expect(passed).toBe(1000);
  });

  test("variables of any name and value", () => {
    const rng = random(7);
    const pieces = [
      "NARU_",
      "RTMP",
      "APPLICATIONS",
      "HLS",
      "LISTEN",
      "_",
      "__",
      "LIVE",
      "live",
      "ANY",
      "",
      "é",
      "PART",
    ];
    for (let i = 0; i < 1000; i++) {
      const pick = (): string => pieces[Math.floor(rng() * pieces.length)] ?? "";
      const name = `NARU_${Array.from({ length: 6 }, pick).join("")}`;
      const { layer, mistakes } = readEnvironment({ [name]: pick() || "[{" }, tree, ["live"]);
      expect(mistakes.length + Object.keys(layer.value).length).toBe(1);
    }
  });
});
