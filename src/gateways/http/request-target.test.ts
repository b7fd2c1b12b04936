import { describe, expect, test } from "bun:test";
import { parseRequestTarget } from "./request-target.ts";

describe("request target", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["http://host:8080/live/test/main.m3u8?_HLS_msn=3&_HLS_part=1", "/live/test/main.m3u8", "_HLS_msn=3&_HLS_part=1"],
    ["/live/test", "/live/test", ""],
    ["http://host/", "/", ""],
    ["http://host/a?b?c/..", "/a", "b?c/.."],
    ["http://h/live/%ED%95%9C%EA%B5%AD%EC%96%B4%20%EB%B0%A9%EC%86%A1", "/live/한국어 방송", ""],
    ["http://h//live///test//", "/live/test/", ""],
    ["http://h/a/./b", "/a/b", ""],
    ["http://h/a/%2e/b/", "/a/b/", ""],
    ["http://h/a%2Fb", "/a/b", ""],
    ["http://h/a/b/..%2fc", "/a/c", ""],
    ["http://h/a/..", "/", ""],
    ["http://h/.hidden", "/.hidden", ""],
    ["http://h/50%25", "/50%", ""],
  ];
  test.each(cases)("%s", (url, path, query) => {
    expect(parseRequestTarget(url)).toEqual({ path, query });
  });

  test.each([
    "http://h/%",
    "http://h/%zz",
    "http://h/%ff",
    "http://h/%ED%95",
    "http://h/a%00b",
    "http://h/..%2f..%2fetc/passwd",
    "http://h/a/..%2f..%2fetc",
    "http://h/%2e%2e%2f",
    "http://h",
    "",
  ])("%p is refused", (url) => {
    expect(parseRequestTarget(url)).toBeUndefined();
  });

  test("is decoded once only", () => {
    expect(parseRequestTarget("http://h/%252e%252e%252fetc")?.path).toBe("/%2e%2e%2fetc");
  });
});
