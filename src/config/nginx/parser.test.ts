import { describe, expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { type Directive, parseNginx } from "./parser.ts";

type Short = readonly [string, ...(string | readonly Short[])[]];

/** `[name, ...args, block?]`, without places. */
const short = ({ name, args, block }: Directive): Short => [name, ...args, ...(block ? [block.map(short)] : [])];
const parse = (text: string) => parseNginx(text, "nginx.conf").map(short);

describe("words", () => {
  test.each<[string, Short]>([
    ["a;", ["a"]],
    ["a b  c\n\td ;", ["a", "b", "c", "d"]],
    ['a "b c" \'d "e"\';', ["a", "b c", 'd "e"']],
    ['a "b;{}#c";', ["a", "b;{}#c"]],
    ["a b#c;", ["a", "b#c"]],
    ["a # b;\n c;", ["a", "c"]],
    ['a b"c;', ["a", 'b"c']],
    ['a "x\\"y" \\" \\\\ \\d \\t;', ["a", 'x"y', '"', "\\", "\\d", "\t"]],
    ["a b\\;c \\{ d\\ e;", ["a", "b\\;c", "\\{", "d\\ e"]],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the variable of an nginx.conf
    ["exec ffmpeg $name ${app}x ${name};", ["exec", "ffmpeg", "$name", "${app}x", "${name}"]],
    ['if ($a = "b") { }', ["if", "($a", "=", "b", ")", []]],
    ["location ~ \\.(ts|m3u8)$ { }", ["location", "~", "\\.(ts|m3u8)$", []]],
    ['"quoted" x;', ["quoted", "x"]],
    ["a 한국어 é;", ["a", "한국어", "é"]],
    ["\ufeffa;", ["a"]],
    ["a;\r\n", ["a"]],
  ])("%j", (text, expected) => {
    expect(parse(text)).toEqual([expected]);
  });

  test("a brace inside a word", () => expect(parse("a b};")).toEqual([["a", "b}"]]));
});

describe("blocks", () => {
  test("nested, with and without arguments", () => {
    expect(parse("rtmp { server { listen 1; application x { live on; } } } b;")).toEqual([
      [
        "rtmp",
        [
          [
            "server",
            [
              ["listen", "1"],
              ["application", "x", [["live", "on"]]],
            ],
          ],
        ],
      ],
      ["b"],
    ]);
  });

  test("Lua is skipped whatever it holds", () => {
    const lua = `content_by_lua_block { -- }\n local t = { a = "}" , b = '{' } --[[ } ]] s = [[ } ]] }`;
    expect(parse(`location / { ${lua} root /x; }`)).toEqual([
      [
        "location",
        "/",
        [
          ["content_by_lua_block", []],
          ["root", "/x"],
        ],
      ],
    ]);
  });

  test("places count lines and columns from 1", () => {
    const [rtmp] = parseNginx("# x\n\nrtmp {\n  server {\r\n\tlisten 1; so_keepalive on;\n}\n}", "x.conf");
    const server = rtmp?.block?.[0];
    expect(rtmp).toMatchObject({ file: "x.conf", line: 3, column: 1 });
    expect(server).toMatchObject({ line: 4, column: 3 });
    expect(server?.block?.[0]).toMatchObject({ line: 5, column: 2 });
    expect(server?.block?.[1]).toMatchObject({ line: 5, column: 12 });
  });
});

test.each<[string, string, number]>([
  ["a", 'unexpected end of file: "a" lacks its ;', 0],
  ["a b", 'unexpected end of file: "a" lacks its ;', 0],
  ["a {", "unexpected end of file: this { is never closed", 2],
  ["a { b; } }", 'unexpected "}"', 9],
  ["a { b }", 'unexpected "}": is the ; of "b" missing?', 6],
  [";", 'unexpected ";"', 0],
  ["a; { }", 'unexpected "{"', 3],
  ['a "b', 'unexpected end of file: expected "', 2],
  ['a "b"c;', 'unexpected "c" behind a quoted word', 5],
  ["x_by_lua_block { {", "unexpected end of file in a Lua block: expected }", 16],
  [`a ${"b".repeat(5000)};`, "word too long", 2],
  [`a "${"b".repeat(5000)}";`, 'word too long: is its " missing?', 2],
  ["a{".repeat(100), "blocks nested too deep", 129],
  [`a ${"b ".repeat(3000)};`, 'too many arguments of "a"', 0],
  ["a;".repeat(60_000), "too many directives", 100_000],
])("%#: refused with its place", (text, what, offset) => {
  const caught = (() => {
    try {
      return parseNginx(text, "x");
    } catch (error) {
      return error;
    }
  })();
  expect(caught).toBeInstanceOf(MalformedError);
  expect(caught).toMatchObject({ what, offset });
});
