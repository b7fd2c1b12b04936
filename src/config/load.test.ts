import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LoadOptions, loadConfig } from "./load.ts";
import { ConfigError, formatSource, type Mistake } from "./mistake.ts";

const examples = join(import.meta.dir, "../../examples");
let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "naru-config-"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(cwd, name), content);
  return name;
}

const load = (options: Partial<LoadOptions> = {}) => loadConfig({ cwd, env: {}, ...options });

async function mistakesOf(options: Partial<LoadOptions>): Promise<readonly Mistake[]> {
  try {
    await load(options);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  throw new Error("expected mistakes, found none");
}

const brief = ({ source, path, code }: Mistake) => `${formatSource(source)} ${path} ${code}`;

describe("layers", () => {
  test("without anything: the defaults, frozen", async () => {
    const loaded = await load();
    expect(loaded.file).toBeUndefined();
    expect(loaded.config.rtmp.listen).toEqual([{ host: "::", port: 1935 }]);
    expect(loaded.config.applications["*"]?.hls.part).toBe(400);
    expect(loaded.source(["rtmp", "listen"])).toEqual({ from: "default" });
    expect(Object.isFrozen(loaded.config.rtmp.listen)).toBe(true);
    expect(() => Object.assign(loaded.config.http, { cors: "x" })).toThrow(TypeError);
  });

  test("file over defaults, environment over file, flags over all; each value knows where it comes from", async () => {
    file("layers.yaml", "log: warn\nrtmp:\n  listen: 1936\n  chunkSize: 4096\n  maxStreams: 8\n");
    const { config, source } = await load({
      file: "layers.yaml",
      env: { NARU_RTMP_CHUNK_SIZE: "8192", NARU_LOG: "error" },
      flags: { log: "debug" },
    });
    expect(config.rtmp).toMatchObject({ listen: [{ host: "::", port: 1936 }], chunkSize: 8192, maxStreams: 8 });
    expect(config.log).toBe("debug");
    const origin = (...path: string[]) => formatSource(source(path));
    expect(origin("log")).toBe("--log");
    expect(origin("rtmp", "chunkSize")).toBe("environment NARU_RTMP_CHUNK_SIZE");
    expect(origin("rtmp", "maxStreams")).toBe("layers.yaml:5:3");
    expect(origin("rtmp", "ackWindow")).toBe("default");
  });

  test("a file is found by its name, or named by NARU_CONFIG", async () => {
    const directory = join(cwd, "found");
    mkdirSync(directory);
    writeFileSync(join(directory, "naru.config.toml"), 'log = "error"');
    writeFileSync(join(directory, "other.json"), '{"log":"warn"}');
    expect((await load({ cwd: directory })).config.log).toBe("error");
    expect((await load({ cwd: directory, env: { NARU_CONFIG: "other.json" } })).config.log).toBe("warn");
    writeFileSync(join(directory, "naru.config.ts"), 'export default { log: "debug" }');
    expect((await load({ cwd: directory })).file).toBe("naru.config.ts");
  });
});

describe("examples", () => {
  test("the four formats say the same", async () => {
    const [first, ...others] = await Promise.all(
      ["naru.config.ts", "naru.yaml", "naru.toml", "naru.json"].map((name) => load({ cwd: examples, file: name })),
    );
    expect(first?.config.applications.live).toMatchObject({ secondPublisher: "replace", hls: { part: 333 } });
    for (const other of others) expect(other.config).toEqual(first?.config as typeof other.config);
  });

  test("nginx.conf", async () => {
    const { config, notices } = await load({ cwd: examples, file: "nginx.conf" });
    expect(Object.keys(config.applications)).toEqual(["live"]);
    expect(notices.map((notice) => notice.message).join()).not.toContain("not supported");
  });
});

describe("mistakes point at their place in every format", () => {
  const expected = (name: string, places: readonly string[]) => [
    `${name}${places[0]} rtmp.chunkSiz unknown-key`,
    `${name}${places[1]} rtmp.maxStreams wrong-value`,
    `${name}${places[2]} applications.live.hls.format wrong-value`,
  ];
  test.each<[string, string, string[]]>([
    [
      "w.yaml",
      "# x\nrtmp:\n  chunkSiz: 1\n  maxStreams: 0\napplications:\n  live:\n    hls: { format: ts }\n",
      [":3:3", ":4:3", ":7:12"],
    ],
    [
      "w.json",
      '{\n\t"rtmp": { "chunkSiz": 1,\n "maxStreams": 0 },\n "applications": {"live": {"hls": {\n"format": "ts"}}}}',
      [":2:12", ":3:2", ":5:1"],
    ],
    [
      "w.toml",
      '[rtmp]\nchunkSiz = 1\nmaxStreams = 0 # x\n\n[applications.live]\nhls.format = "ts"\n',
      [":2:1", ":3:1", ":6:1"],
    ],
    [
      "w.ts",
      'import { defineConfig } from "naru";\nconst n: number = 0;\nexport default defineConfig({\n  // rtmp: {\n  rtmp: { chunkSiz: 1,\n    maxStreams: n },\n  applications: { "live": { hls: {\n    format: `ts` } } },\n} as never);\n',
      [":5:11", ":6:5", ":8:5"],
    ],
  ])("%s", async (name, content, places) => {
    const mistakes = await mistakesOf({ file: file(name, content) });
    expect(mistakes.map(brief)).toEqual(expected(name, places));
    expect(mistakes[0]?.hint).toBe('did you mean "chunkSize"?');
  });

  test("in lists, by index", async () => {
    const toml = '[[http.locations]]\npath = "/a"\nroot = "/"\n[[http.locations]]\npath = "b"\nroot = "/"\n';
    expect((await mistakesOf({ file: file("list.toml", toml) })).map(brief)).toEqual([
      "list.toml:5:1 http.locations[1].path wrong-value",
    ]);
    const module = "export default { rtmp: { listen: [\n1935,\n'x'] } }";
    expect((await mistakesOf({ file: file("list.mjs", module) })).map(brief)).toEqual([
      "list.mjs:3:1 rtmp.listen[1] wrong-value",
    ]);
  });

  test("a setting written at the wrong level is sent to the right one", async () => {
    const [mistake] = await mistakesOf({ file: file("level.yaml", "chunkSize: 4096\n") });
    expect(mistake?.hint).toBe("it belongs at rtmp.chunkSize");
  });

  test.each([
    ["rtmp:\n", "rtmp wrong-type", "give it a value, or remove the line"],
    ["http: { pages: 'on' }", "http.pages wrong-type", "write true, without quotes"],
    ["rtmp: { chunkSize: '4096' }", "rtmp.chunkSize wrong-type", "write 4096, without quotes"],
    ["log: inof", "log wrong-value", 'did you mean "info"?'],
    ["http: { locations: [{ path: /x }] }", "http.locations[0] wrong-value", undefined],
    ["applications: { 'a/b': {} }", 'applications["a/b"] wrong-value', "choose another name"],
    ["applications: { _naru: {} }", "applications._naru wrong-value", "choose another name"],
    ["rtmp: { listen: 8080 }", "http.listen[0] conflict", "every address and port can be listened on once"],
    ["rtmp: { listen: [5, '127.0.0.1:5'] }", "rtmp.listen[1] conflict", undefined],
    ["applications: { a: { hls: { part: 3s } } }", "applications.a.hls.part conflict", undefined],
    [
      "applications: { a: { hls: { keys: {} } } }",
      "applications.a.hls.keys conflict",
      'add path, and format: "mpegts"',
    ],
    ["applications: { a: { run: [{ command: [x] }] } }", "applications.a.run[0].when wrong-type", undefined],
    ["background: [{ command: [] }]", "background[0].command wrong-value", undefined],
    ["background: [{ command: [x], env: ['A B'] }]", "background[0].env[0] wrong-value", undefined],
    ["background: [{ command: [x], killSignal: TERM }]", "background[0].killSignal wrong-value", undefined],
    [
      "applications: { a: { accessLog: [{ file: l, format: $x }] } }",
      "applications.a.accessLog[0].format wrong-value",
      undefined,
    ],
    ["applications: { a: { hls: { path: /x } } }", "applications.a.hls.path conflict", 'add format: "mpegts"'],
    [
      "applications: { a: { hls: { format: mpegts, lowLatency: true } } }",
      "applications.a.hls.lowLatency conflict",
      undefined,
    ],
  ])("%s", async (text, what, hint) => {
    const [mistake, ...others] = await mistakesOf({ file: file("one.yaml", text) });
    expect(others).toEqual([]);
    expect(`${mistake?.path} ${mistake?.code}`).toBe(what);
    if (hint !== undefined) expect(mistake?.hint).toBe(hint);
  });
});

describe("files that are none", () => {
  const wide = "x".repeat(5 * 1024 * 1024);
  test.each<[string, string | Uint8Array, string, string]>([
    ["empty.yaml", "", "file-empty", "empty.yaml"],
    ["blank.ts", " \n\t", "file-empty", "blank.ts"],
    ["comment.yaml", "# nothing\n", "file-empty", "comment.yaml"],
    ["comment.toml", "# nothing\n", "file-empty", "comment.toml"],
    ["bin.yaml", new Uint8Array([0, 1, 2]), "file-not-text", "bin.yaml"],
    ["latin.yaml", new Uint8Array([0x61, 0x3a, 0xe9]), "file-not-text", "latin.yaml"],
    ["utf16.yaml", new Uint8Array([0xff, 0xfe, 0x61, 0]), "file-not-text", "utf16.yaml"],
    ["big.yaml", wide, "file-too-large", "big.yaml"],
    ["prose", "hello there\n", "file-format-unknown", "prose"],
    ["script", "import x from 'y';\nexport default {};\n", "file-format-unknown", "script"],
    ["cut.yaml", "a: {", "syntax", "cut.yaml:1:5"],
    ["two.yaml", "log: info\nlog: warn\n", "syntax", "two.yaml:2:1"],
    ["text.yaml", "just words\n", "syntax", "text.yaml:1:1"],
    ["deep.yaml", "[".repeat(50_000), "syntax", "deep.yaml"],
    ["comment.json", '{ "log": "info", // loud\n"rtmp": {} }', "syntax", "comment.json:1:18"],
    ["cut.toml", '[rtmp]\n# x\n\nlisten = [1,\nchunkSize = "', "syntax", "cut.toml:4"],
    ["deep.toml", `a = ${"[".repeat(50_000)}`, "syntax", "deep.toml:1"],
    ["cut.ts", "export default {\n  log: ,\n}", "syntax", "cut.ts:2:8"],
    ["throws.ts", "const f = () => {\n  throw new Error('boom');\n};\nf();\n", "module-throws", "throws.ts:2:13"],
    ["text.mjs", "throw 'text'", "module-throws", "text.mjs"],
    ["import.ts", 'import x from "./nowhere.ts";\nexport default x;\n', "module-throws", "import.ts"],
    ["none.ts", "export const config = {};\n", "module-no-default-export", "none.ts"],
    ["function.ts", "export default () => ({});\n", "wrong-type", "function.ts"],
    ["promise.ts", "export default Promise.resolve({});\n", "wrong-type", "promise.ts"],
    ["nginx.conf", "rtmp {\n  server {\n    listen 1935\n  }\n}\n", "syntax", "nginx.conf:4:3"],
    ["http.conf", "http { }\n", "file-empty", "http.conf"],
  ])("%s", async (name, content, code, place) => {
    const mistakes = await mistakesOf({ file: file(name, content) });
    expect(mistakes[0]?.code).toBe(code as Mistake["code"]);
    expect(formatSource((mistakes[0] as Mistake).source)).toBe(place);
    expect(mistakes[0]?.message).not.toMatch(/ {2}at |\bundefined\b|\[object/);
  });

  test("missing, a directory, without permission", async () => {
    mkdirSync(join(cwd, "directory.yaml"));
    expect((await mistakesOf({ file: "nowhere.yaml" })).map(brief)).toEqual(["nowhere.yaml  file-not-found"]);
    expect((await mistakesOf({ file: "directory.yaml" })).map(brief)).toEqual(["directory.yaml  file-is-directory"]);
    expect((await mistakesOf({ file: "/dev/zero" })).map(brief)).toEqual(["/dev/zero  file-unreadable"]);
    chmodSync(join(cwd, file("secret.yaml", "log: info")), 0);
    // The superuser may read it all the same.
    if (process.getuid?.() !== 0) {
      expect((await mistakesOf({ file: "secret.yaml" })).map(brief)).toEqual(["secret.yaml  file-unreadable"]);
    }
  });

  test("a name that is no key of its own stays harmless", async () => {
    for (const name of ["p.yaml", "p.json"]) {
      const mistakes = await mistakesOf({ file: file(name, '{"__proto__": {"log": "warn"}}') });
      expect(mistakes.map(({ path, code }) => `${path} ${code}`)).toEqual(["__proto__ unknown-key"]);
    }
    expect(Object.hasOwn(Object.prototype, "log")).toBe(false);
  });
});

describe("modules", () => {
  test("defineConfig is there without node_modules, and a changed file is read again", async () => {
    const name = file(
      "again.ts",
      'import { defineConfig } from "naru";\nexport default defineConfig({ log: "warn" });\n',
    );
    expect((await load({ file: name })).config.log).toBe("warn");
    file("again.ts", 'import { defineConfig } from "naru";\nexport default defineConfig({ log: "error" });\n');
    expect((await load({ file: name })).config.log).toBe("error");
  });

  test("a directory with characters that mean something in an address", async () => {
    const odd = join(cwd, "a b#c%20d");
    mkdirSync(odd);
    writeFileSync(join(odd, "naru.config.ts"), 'export default { log: "warn" }');
    expect((await load({ cwd: odd })).config.log).toBe("warn");
  });
});

test("mistakes of all layers come together", async () => {
  const mistakes = await mistakesOf({
    file: file("many.yaml", "log: loud\nrtmp: { chunkSize: 1 }\n"),
    env: { NARU_HTTP_PAGES: "maybe", NARU_NONSENSE: "1" },
    flags: { rtmp: "nowhere" },
  });
  expect(mistakes.map(brief).toSorted()).toEqual([
    "--rtmp rtmp.listen[0] wrong-value",
    "environment NARU_HTTP_PAGES http.pages wrong-type",
    "environment NARU_NONSENSE  env-unknown",
    "many.yaml:1:1 log wrong-value",
    "many.yaml:2:9 rtmp.chunkSize wrong-value",
  ]);
});

test.each([
  { http: { cors: "한" } },
  { http: { locations: [{ path: "/a", root: "/b", headers: [["X Y", "1"]] }] } },
  { http: { locations: [{ path: "/a", root: "/b", headers: [["X", "1\r\nY: 2"]] }] } },
])("headers that no response can carry are mistakes: %j", async (settings) => {
  const mistakes = await mistakesOf({ file: file("headers.json", JSON.stringify(settings)) });
  expect(mistakes.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^expected (the name of a header|a header's value)/),
  ]);
});
