import { describe, expect, test } from "bun:test";
import { ConfigError } from "../mistake.ts";
import { type IncludeReader, parseWithIncludes } from "./include.ts";
import type { Directive } from "./parser.ts";

function disk(files: Readonly<Record<string, string>>): IncludeReader {
  return {
    read: (path) => {
      const text = files[path];
      if (text !== undefined) return text;
      const source = { from: "file" as const, file: path };
      throw new ConfigError([{ code: "file-not-found", source, path: "", message: "no such file" }]);
    },
    glob: (pattern) =>
      Object.keys(files)
        .filter((path) => new Bun.Glob(pattern).match(path))
        .toSorted(),
  };
}

const names = (directives: readonly Directive[]): string =>
  directives
    .map(({ name, args, block }) => `${[name, ...args].join(" ")}${block ? ` {${names(block)}}` : ""}`)
    .join("; ");

describe("include", () => {
  test("stands for the file's content, in any block, relative to the main file", () => {
    const expanded = parseWithIncludes(
      "conf/nginx.conf",
      "rtmp { include live.conf; }",
      disk({ "conf/live.conf": "server { include sub/app.conf; }", "conf/sub/app.conf": "listen 1;" }),
    );
    expect(expanded.mistakes).toEqual([]);
    expect(names(expanded.directives)).toBe("rtmp {include live.conf; server {include sub/app.conf; listen 1}}");
    expect(expanded.texts.size).toBe(3);
  });

  test("a pattern takes files in the order of their names, and may match none", () => {
    const files = { "/e/b.conf": "b;", "/e/a.conf": "a;", "/e/c.txt": "c;" };
    const expanded = parseWithIncludes("/e/n", "include *.conf; include none/*.conf;", disk(files));
    expect(names(expanded.directives)).toBe("include *.conf; a; b; include none/*.conf");
    expect(expanded.mistakes).toEqual([]);
  });

  test("one that is missing is a mistake at its line", () => {
    const { mistakes } = parseWithIncludes("n", "\n include x.conf;", disk({}));
    expect(mistakes).toMatchObject([
      { code: "nginx-include", source: { line: 2, column: 2 }, message: "x.conf: no such file" },
    ]);
  });

  test("a list that nginx ships may be missing", () => {
    const expanded = parseWithIncludes("n", "include mime.types;", disk({}));
    expect(expanded.mistakes).toEqual([]);
    expect([...expanded.absent].map((directive) => directive.line)).toEqual([1]);
  });

  test("a circle ends", () => {
    const { mistakes } = parseWithIncludes("a", "include b;", disk({ a: "include b;", b: "include a;" }));
    expect(mistakes).toMatchObject([{ code: "nginx-include", message: "a includes itself", source: { file: "b" } }]);
  });

  test("so does a tower, and a tree that doubles", () => {
    const tower = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}`, `include f${i + 1};`]));
    expect(parseWithIncludes("n", "include f0;", disk(tower)).mistakes).toHaveLength(1);
    const tree = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`t${i}`, `include t${i + 1}; `.repeat(2)]));
    const { mistakes } = parseWithIncludes("n", "include t0;", disk({ ...tree, t12: "x;" }));
    expect(mistakes[0]?.message).toContain("too many included files");
  });

  test("a syntax error is placed in the file it is in", () => {
    const { mistakes } = parseWithIncludes("n", "include x;", disk({ x: "a;\nb" }));
    expect(mistakes).toMatchObject([{ code: "syntax", source: { file: "x", line: 2, column: 1 } }]);
  });
});
