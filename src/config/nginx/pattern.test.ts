import { expect, test } from "bun:test";
import { toJavaScriptPattern } from "./pattern.ts";

test.each([
  ["\\.m3u8$", "\\.m3u8$"],
  ["^/(?P<name>[^/]+)/(?P=name)$", "^/(?<name>[^/]+)/\\k<name>$"],
  ["^/(?:a|b){1,2}?(?!c)", "^/(?:a|b){1,2}?(?!c)"],
  ["[]a]", "[\\]a]"],
  ["[^]a\\]]+", "[^\\]a\\]]+"],
])("%s means %s", (text, pattern) => expect(toJavaScriptPattern(text)).toEqual({ pattern, ignoreCase: false }));

test("a mark that case does not matter", () =>
  expect(toJavaScriptPattern("(?i)\\.ts$")).toEqual({ pattern: "\\.ts$", ignoreCase: true }));

test.each([
  ["a++", "++"],
  ["a{2}+", "{2}+"],
  ["(?>a)", "(?>"],
  ["a(?i)b", "(?i"],
  ["(*UTF8)a", "(*U"],
  ["[[:alpha:]]", "[:alpha:]"],
  ["\\Aa", "\\A"],
  ["[\\h]", "\\h"],
  ["a(", "a("],
])("%s has %s, which JavaScript has not", (text, problem) => expect(toJavaScriptPattern(text)).toBe(problem));
